import { AUDIENCE } from "../core/clients.ts";
import { ConfigError } from "../core/errors.ts";
import { isLocal } from "../core/settings.ts";
import { duration, parseDuration } from "../core/time.ts";
import type { Duration, Milliseconds } from "../core/time.ts";

/**
 * Reads one setting as it was written: text from a flag or the environment, any JSON from the file or the library's options.
 * @param at where it was written, as its owner knows it: `--idle`, `COATCHECK_IDLE`, `"idle" in coatcheck.config.json`.
 * @param issuer the issuer of this set-up, for settings that are allowed for some issuers alone.
 * @throws ConfigError with one line that says what is wrong and what would be right.
 */
export interface Parser<T> {
  (raw: unknown, at: string, issuer: string): T;
  /** What it takes, for the docs and in its refusals: "It is …". */
  readonly accepts: string;
}

function parser<T>(accepts: string, read: (raw: unknown, at: string, issuer: string) => T): Parser<T> {
  return Object.assign(read, { accepts });
}

const SHOWN = 80;

function wrong(raw: unknown, at: string, must: string): ConfigError {
  // An address that was put in the wrong place may hold a password.
  const shown = written(raw).replaceAll(/\/\/[^/@:]*:[^/@]*@/g, "//…@");
  return new ConfigError(`${at} is ${shown.length > SHOWN ? `${shown.slice(0, SHOWN)}…` : shown}, but must be ${must}`);
}

/** As JSON, or what it is: an option can be a function, a bigint or a circle, which have none. */
function written(raw: unknown): string {
  try {
    return JSON.stringify(raw) ?? typeof raw;
  } catch {
    return typeof raw;
  }
}

export function wholeNumber(min: number, max: number): Parser<number> {
  const accepts = `a whole number from ${min} to ${max}`;
  return parser(accepts, (raw, at) => {
    const value = typeof raw === "string" && /^(0|[1-9]\d{0,8})$/.test(raw) ? Number(raw) : raw;
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    throw wrong(raw, at, accepts);
  });
}

export function durationBetween(min: Duration, max: Duration): Parser<Milliseconds> {
  return parser(`a duration from "${min}" to "${max}"`, (raw, at) => {
    const value = typeof raw === "string" ? parseDuration(raw) : null;
    if (value === null) throw wrong(raw, at, `a duration, written like "30s", "15m" or "7d"`);
    if (value < duration(min) || value > duration(max)) throw wrong(raw, at, `from "${min}" to "${max}"`);
    return value;
  });
}

export function oneOf<Name extends string>(...names: readonly Name[]): Parser<Name> {
  const accepts = names.map((candidate) => `"${candidate}"`).join(" or ");
  return parser(accepts, (raw, at) => {
    const name = names.find((candidate) => candidate === raw);
    if (name !== undefined) return name;
    throw wrong(raw, at, accepts);
  });
}

const FILE_NAME = "the name of a file";

export const fileName: Parser<string> = parser(FILE_NAME, (raw, at) => {
  if (typeof raw === "string" && raw !== "" && !raw.includes("\0")) return raw;
  throw wrong(raw, at, FILE_NAME);
});

const HOST_NAME = `an address of this machine to listen on, like "127.0.0.1", "0.0.0.0" or "::"`;

export const hostName: Parser<string> = parser(HOST_NAME, (raw, at) => {
  if (typeof raw === "string" && /^[A-Za-z0-9._:-]+$/.test(raw)) return raw;
  throw wrong(raw, at, HOST_NAME);
});

const BEARER_TOKEN = "a bearer token: letters, digits and -._~+/ alone";

/** RFC 6750 §2.1. What is wrong is not repeated: it may be nearly right. */
export const bearerToken: Parser<string> = parser(BEARER_TOKEN, (raw, at) => {
  if (typeof raw === "string" && /^[A-Za-z0-9._~+/-]+=*$/.test(raw)) return raw;
  throw new ConfigError(`${at} must be ${BEARER_TOKEN}`);
});

/** RFC 7519 §4.1.3: one StringOrURI. */
const AUDIENCE_NAME = "one name or address without spaces";

export const audience: Parser<string> = parser(AUDIENCE_NAME, (raw, at) => {
  if (typeof raw === "string" && AUDIENCE.test(raw)) return raw;
  throw wrong(raw, at, AUDIENCE_NAME);
});

const STORE_NAME = `"sqlite:<file>", "postgres://<user>:<password>@<host>/<database>" or "memory:"`;

export const storeName: Parser<string> = parser(STORE_NAME, (raw, at) => {
  if (raw === "memory:" || (typeof raw === "string" && /^sqlite:(?!\/\/|:|$)[^\0]+$/.test(raw))) return raw;
  if (typeof raw === "string" && /^postgres(ql)?:/.test(raw)) {
    // The store reads the rest. What is wrong is not echoed: the address of a database holds its password.
    if (/^postgres(ql)?:\/\/[^\0]+$/.test(raw)) return raw;
    throw new ConfigError(`${at} names PostgreSQL, but must be written like postgres://user:password@host:5432/database`);
  }
  throw wrong(raw, at, STORE_NAME);
});

/** A path to mount under: empty, or `/one/or/more` of characters that no encoding touches (RFC 3986 §2.3). */
const PATH = /^(\/[A-Za-z0-9._~-]+)*$/;

const BASE_PATH = `a path like "/login", without a slash at its end`;

export const basePath: Parser<string> = parser(BASE_PATH, (raw, at) => {
  if (raw === "/") return "";
  if (typeof raw === "string" && PATH.test(raw) && !/\/\.\.?(\/|$)/.test(raw)) return raw;
  throw wrong(raw, at, BASE_PATH);
});

const ISSUER = `the public address of this server, like "https://login.example.com"`;

export const issuer: Parser<string> = parser(ISSUER, (raw, at) => {
  const url = address(raw);
  if (url === null) throw wrong(raw, at, ISSUER);
  // RFC 8414 §2: no query, no fragment. Read in the text, since an empty one leaves no trace in a URL.
  if (/[?#@]/.test(String(raw))) throw wrong(raw, at, "an address without a query, a fragment or a user name");
  const path = url.pathname.replace(/\/$/, "");
  if (!PATH.test(path)) throw wrong(raw, at, "an address whose path has plain letters, digits and single slashes alone");
  const parsed = url.origin + path;
  if (url.protocol === "https:" || isLocal(parsed)) return parsed;
  throw wrong(raw, at, "https (plain http is for localhost alone)");
});

/** Exact origins (RFC 6454): a list, or text separated by commas. */
const ORIGINS = `origins separated by commas, like "https://app.example.com"`;

export const origins: Parser<ReadonlySet<string>> = parser(ORIGINS, (raw, at) => {
  const list = typeof raw === "string" ? raw.split(",").map((part) => part.trim()) : raw;
  if (!Array.isArray(list)) throw wrong(raw, at, ORIGINS);
  return new Set(list.map((part) => origin(part, at)));
});

function origin(raw: unknown, at: string): string {
  const url = address(raw);
  if (url === null || `${url.origin}/` !== url.href || /[?#@]/.test(String(raw))) {
    throw wrong(raw, at, `exact origins, each a scheme and a host alone, like "https://app.example.com"`);
  }
  if (url.protocol === "https:" || isLocal(url.origin)) return url.origin;
  throw wrong(raw, at, "https origins (plain http is for localhost alone): on plain http anybody on the way could call");
}

/** @returns null unless it is plainly an http(s) address: the URL parser would mend spaces, backslashes and missing slashes. */
function address(raw: unknown): URL | null {
  return typeof raw === "string" && /^https?:\/\/[\x21-\x5b\x5d-\x7e]+$/i.test(raw) ? URL.parse(raw) : null;
}

const SWITCH: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ["on", true],
  [true, true],
  ["off", false],
  [false, false],
]);

const THROTTLE = `"on" or "off"`;

export const throttle: Parser<boolean> = parser(THROTTLE, (raw, at, forIssuer) => {
  const on = SWITCH.get(raw);
  if (on === undefined) throw wrong(raw, at, THROTTLE);
  if (on || isLocal(forIssuer)) return on;
  throw wrong(raw, at, `"on": passwords are guessed without it; only a localhost issuer may go without`);
});

/** Judged where secrets are read, and never in a message of ours. */
export const secrets: Parser<string> = parser("one secret or more, separated by commas", (raw) => String(raw));
