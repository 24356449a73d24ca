import { styleText } from "node:util";
import { printable } from "../server/printable.ts";
import type { Instant } from "../core/time.ts";

/** What a command prints: as JSON, and for people. */
export interface Report {
  /** Whatever JSON.stringify takes; times in ISO 8601. */
  readonly json: unknown;
  /** Without a line break at its end. */
  readonly text: string;
}

/** Prints a report on stdout. Whoever reads it may stop reading: `| head` is no failure. */
export function print({ json, text }: Report, asJson: boolean): void {
  process.stdout.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.stdout.write(`${asJson ? JSON.stringify(json, null, 2) : text}\n`);
}

/** Rows under headings, aligned; never wrapped or cut, since what reads it may be a program. */
export function table<Row>(rows: readonly Row[], columns: Readonly<Record<string, (row: Row) => string>>): string {
  const cells = rows.map((row) => Object.values(columns).map((cell) => printable(cell(row)) || "-"));
  const head = Object.keys(columns);
  const widths = head.map((name, column) => Math.max(...[name, ...cells.map((row) => row[column] as string)].map(width)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) => text + " ".repeat((widths[column] as number) - width(text)))
      .join("  ")
      .trimEnd();
  return [strong(line(head)), ...cells.map(line)].join("\n");
}

/** `2026-11-24 21:30`, in the time zone of whoever reads it. */
export function when(at: Instant): string {
  // Sweden writes the date as ISO 8601 does, and the time too.
  return new Date(at).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "short" });
}

/** Bold on a terminal, and plain wherever colours are not wanted (https://no-color.org). */
function strong(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}

/** Letters that take two columns, as far as names and addresses have them (Unicode Standard Annex #11). */
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** How many columns of a terminal a text takes. */
function width(text: string): number {
  return [...text.replaceAll(/\p{M}/gu, "")].reduce((sum, letter) => sum + (WIDE.test(letter) ? 2 : 1), 0);
}
