import { execFileSync } from "node:child_process";
import { availableParallelism, cpus, loadavg } from "node:os";

/** One line of the table at the end. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** Our own number; null where we only want to know. */
  readonly goal: string | null;
  readonly met: boolean | null;
}

export interface Extent {
  readonly rounds: number;
  readonly seconds: number;
  /** By what counts are divided. */
  readonly less: number;
}

export const FULL: Extent = { rounds: 9, seconds: 2, less: 1 };
export const QUICK: Extent = { rounds: 3, seconds: 0.5, less: 10 };

export function atLeast(what: string, value: number, goal: number, unit = ""): Row {
  return { what, measured: shown(value) + unit, goal: `≥ ${goal}${unit}`, met: value >= goal };
}

export function atMost(what: string, value: number, goal: number, unit = ""): Row {
  return { what, measured: shown(value) + unit, goal: `≤ ${goal}${unit}`, met: value <= goal };
}

export function told(what: string, value: number, unit = ""): Row {
  return { what, measured: shown(value) + unit, goal: null, met: null };
}

function shown(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString("en").replaceAll(",", " ") : String(Number(value.toPrecision(3)));
}

/** Where and with what this was measured: without it a figure means nothing. */
export function machine(): string {
  const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
  const commit = git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain") === "" ? "" : " with changes");
  const load = loadavg()[0] ?? 0;
  const noisy = load > availableParallelism() / 2 ? ": a noisy moment, trust the ratios alone" : "";
  return `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${availableParallelism()} cores; Node ${process.version}; commit ${commit}; load ${load.toFixed(1)} at start${noisy}`;
}

/** As Markdown, so that it can stand in the docs as it is. */
export function table(rows: readonly Row[]): string {
  const verdict = ({ met }: Row): string => (met === null ? "" : met ? "met" : "**not met**");
  const lines = rows.map((row) => `| ${row.what} | ${row.measured} | ${row.goal ?? ""} | ${verdict(row)} |`);
  return ["| what | measured | goal | |", "| --- | --- | --- | --- |", ...lines].join("\n");
}
