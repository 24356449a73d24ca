import { styleText } from "node:util";
import { printable } from "../server/printable.ts";
import type { Instant } from "../core/time.ts";
import { Failure } from "./failure.ts";

/** What a command prints: as JSON, and for people. */
export interface Report {
  /** Whatever JSON.stringify takes; times in ISO 8601. */
  readonly json: unknown;
  /** Without a line break at its end. */
  readonly text: string;
  /** What is not as it should be, on one line. Default: nothing. */
  readonly failure?: string | null;
}

/** Prints a report on stdout. Whoever reads it may stop reading: `| head` is no failure. @throws Failure with the report's own, if it has one */
export function conclude({ json, text, failure = null }: Report, asJson: boolean): void {
  if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", passOverClosedPipe);
  process.stdout.write(`${asJson ? JSON.stringify(json, null, 2) : text}\n`);
  if (failure !== null) throw new Failure(failure);
}

function passOverClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Rows under headings, aligned; never wrapped or cut, since what reads it may be a program. */
export function table<Row>(rows: readonly Row[], columns: Readonly<Record<string, (row: Row) => string>>): string {
  const cells = rows.map((row) => Object.values(columns).map((cell) => cell(row)));
  const [head = "", ...lines] = aligned([Object.keys(columns), ...cells]);
  return [strong(head), ...lines].join("\n");
}

/** The same without headings. */
export function list(rows: readonly (readonly string[])[]): string {
  return aligned(rows).join("\n");
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map((cell) => printable(cell) || "-"));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => width(row[column] as string))));
  const pad = (text: string, column: number): string => text + " ".repeat((widths[column] as number) - width(text));
  return cells.map((row) => row.map(pad).join("  ").trimEnd());
}

/** `2026-11-24 21:30`, in the time zone of whoever reads it. */
export function when(at: Instant): string {
  // Sweden writes the date as ISO 8601 does, and the time too.
  return new Date(at).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "short" });
}

/** Bold on a terminal, and plain wherever colours are not wanted (https://no-color.org). */
export function strong(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}

/** Letters that take two columns, as far as names and addresses have them (Unicode Standard Annex #11). */
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** How many columns of a terminal a text takes. */
function width(text: string): number {
  return [...text.replaceAll(/\p{M}/gu, "")].reduce((sum, letter) => sum + (WIDE.test(letter) ? 2 : 1), 0);
}
