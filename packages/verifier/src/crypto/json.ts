import type { JsonValue } from "../core/session.ts";

// JSON as tokens may hold it: one reading of it and no other, so that two parsers can not disagree about what was signed.

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

const MAX_DEPTH = 32;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const [OPEN_ARRAY, CLOSE_ARRAY] = [0x5b, 0x5d];
const [OPEN_OBJECT, CLOSE_OBJECT] = [0x7b, 0x7d];

/**
 * Reads one JSON object.
 * @returns null for all that two parsers may read in two ways, or none should: bad UTF-8, a byte order mark, two members of one name, a name with an
 * escape in it, a member `__proto__`, a lone surrogate, NUL, a number beyond the finite ones, nesting deeper than 32, anything but an object at the top.
 * Never throws.
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject | null {
  const text = decodeUtf8(bytes);
  if (text === null) return null;
  const escapes = text.includes("\\");
  const written = countMembers(text, escapes);
  if (written === null) return null;
  const value = parse(text);
  // JSON.parse keeps the last of several members of one name: fewer come out than were written.
  return isObject(value) && membersOf(value, escapes) === written ? (value as JsonObject) : null;
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * How many members the text writes: its colons outside of strings.
 * @returns null if it nests too deep, before any parser sees it, or writes a name with an escape: `"\u0073ub"` is a second spelling of `"sub"`, and
 * V8 13.6 can read such a name as another that it met before (nodejs/node#63785).
 */
function countMembers(text: string, escapes: boolean): number | null {
  let members = 0;
  let depth = 0;
  let lastString = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      lastString = at;
      at = endOfString(text, at);
    } else if (char === COLON) {
      members++;
      if (escapes && text.slice(lastString, at).includes("\\")) return null;
    } else if (char === CLOSE_OBJECT || char === CLOSE_ARRAY) depth--;
    else if ((char === OPEN_OBJECT || char === OPEN_ARRAY) && ++depth > MAX_DEPTH) return null;
  }
  return members;
}

/** Where its closing quote is, or the end of the text or beyond. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/**
 * How many members came out, at every depth; {@link UNSOUND}, which makes every sum of it the same, if there is anything in it that none should read.
 * @param escapes Whether any text in it can be unsound: only escapes can write what is.
 */
function membersOf(value: object, escapes: boolean): number {
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) members += membersIn(item, escapes);
    return members;
  }
  for (const name of Object.keys(value)) {
    // JSON.parse makes a member of it like any other; code further on that copies members one by one would set the prototype.
    if (name === "__proto__") return UNSOUND;
    members += 1 + membersIn((value as Record<string, unknown>)[name], escapes);
  }
  return members;
}

function membersIn(value: unknown, escapes: boolean): number {
  if (typeof value === "string") return escapes && UNSOUND_TEXT.test(value) ? UNSOUND : 0;
  if (typeof value === "number") return Number.isFinite(value) ? 0 : UNSOUND;
  return typeof value === "object" && value !== null ? membersOf(value, escapes) : 0;
}

/** Equal to no count of members, not even to itself. */
const UNSOUND = Number.NaN;

/** What an escape can write: half a surrogate pair, which UTF-8 can not, and NUL, where C and SQL end a text. */
const UNSOUND_TEXT = /[\0\p{Surrogate}]/u;
