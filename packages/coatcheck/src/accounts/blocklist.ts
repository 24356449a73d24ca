import { brotliDecompressSync } from "node:zlib";
import { COMMON_PASSWORDS } from "./common-passwords.ts";

/** What the lists hold, and what patterns are looked for in: a longer password is not refused for being regular. */
const LISTED = /^[ -~]{8,24}$/;

/** Keys that hands run along, on the layouts that people have; read in both directions. */
const RUNS: readonly string[] = [
  "01234567890-=",
  "abcdefghijklmnopqrstuvwxyz",
  "qwertyuiopasdfghjklzxcvbnm",
  "qwertzuiopasdfghjklyxcvbnm",
  "azertyuiopqsdfghjklmwxcvbn",
].flatMap((run) => [run, [...run].toReversed().join("")]);

/** Day, month and year in the orders that people write them. */
const DATES: readonly RegExp[] = [
  /^(0[1-9]|[12]\d|3[01])(0[1-9]|1[0-2])(19|20)\d\d$/,
  /^(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(19|20)\d\d$/,
  /^(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/,
];

let list: string | null = null;

/** The list as one string, each word between line feeds: a fifth of a megabyte, unpacked when somebody first chooses a password. */
function words(): string {
  list ??= `\n${brotliDecompressSync(Buffer.from(COMMON_PASSWORDS, "base64")).toString("latin1")}\n`;
  return list;
}

/** Every listed word: for tests, and for whoever wants to know. */
export function commonPasswords(): readonly string[] {
  return words().trim().split("\n");
}

/**
 * Whether a password is among those that are tried first: listed, whatever its case, or a repetition, a run along the keys or a date.
 * Exact otherwise: a listed word with something added is another password.
 */
export function isCommon(password: string): boolean {
  if (!LISTED.test(password)) return false;
  const word = password.toLowerCase();
  return repeats(word) || runs(word) || isDate(word) || words().includes(`\n${word}\n`);
}

/** `aaaaaaaa`, `abcabcab`: up to five characters over and over, the last time perhaps cut. */
function repeats(word: string): boolean {
  for (let period = 1; period <= 5; period++) if (word.slice(period) === word.slice(0, -period)) return true;
  return false;
}

function runs(word: string): boolean {
  return RUNS.some((run) => run.includes(word));
}

function isDate(word: string): boolean {
  const digits = word.replace(/[ ./-]/g, "");
  return DATES.some((date) => date.test(digits));
}
