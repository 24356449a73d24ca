import { sha256 } from "../../crypto/hash.ts";
import type { Row } from "./tables.ts";

/** How many rows there are, and a SHA-256 over each of them in order: as JSON, which has one spelling for what a row can hold. */
export interface Checksum {
  readonly rows: number;
  readonly sha256: string;
}

export const NOTHING: Checksum = { rows: 0, sha256: "" };

/** The checksum of what was summed up before and these rows after it. Whoever sums up the same rows in parts must make the same parts. */
export function sumUp(before: Checksum, rows: readonly Row[]): Checksum {
  if (rows.length === 0) return before;
  const digest = sha256(`${before.sha256}\n${rows.map((row) => JSON.stringify(row)).join("\n")}`);
  return { rows: before.rows + rows.length, sha256: Buffer.from(digest).toString("hex") };
}

export function isSame(one: Checksum, other: Checksum): boolean {
  return one.rows === other.rows && one.sha256 === other.sha256;
}
