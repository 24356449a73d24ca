import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

/** Everywhere that this software writes to, besides the answers that hand a credential to its client. */
export const SINKS = ["log", "process", "http", "audit", "metrics", "spans", "database", "postgres"] as const;
export type Sink = (typeof SINKS)[number];

/** What lets somebody in, or would help to. `phc` alone may be in a database. */
export type SecretKind =
  | "password"
  | "ticket"
  | "access_token"
  | "refresh_token"
  | "master"
  | "derived_key"
  | "client_secret"
  | "private_key"
  | "phc";

export interface Secret {
  readonly kind: SecretKind;
  /** The part of it that nobody else may know, as text. */
  readonly text: string;
}

/** Where the test command collects; undefined when the tests are run by other means, and then nothing is. */
export const FOLDER = process.env["TEST_CANARY"];

const files = new Map<string, number>();

function append(name: string, data: string | Uint8Array): void {
  if (FOLDER === undefined) return;
  let file = files.get(name);
  if (file === undefined) files.set(name, (file = openSync(join(FOLDER, `${name}.${process.pid}`), "a")));
  writeSync(file, typeof data === "string" ? Buffer.from(data) : data);
}

/** Keeps what went into a sink, until all that was minted is known. */
export function collect(sink: Sink, data: string | Uint8Array): void {
  append(`sink-${sink}`, data);
  append(`sink-${sink}`, "\n");
}

/** What the README and the API's description say, as an example or of a password, is nobody's secret. */
const PUBLISHED = ["correct horse battery", "wrong password"];

const known = new Set<string>(PUBLISHED);

/** Notes a secret that must be in no sink. */
export function minted(kind: SecretKind, text: string): void {
  // Too short to be told from chance, and refused as a password anyway.
  if (text.length < 8 || known.has(text)) return;
  known.add(text);
  const secret: Secret = { kind, text };
  append("secrets", `${JSON.stringify(secret)}\n`);
}

/** Closes the files, so that another process may read them whole. */
export function closeSinks(): void {
  for (const file of files.values()) closeSync(file);
  files.clear();
}

/**
 * Notes a password that was compared or stored. Tests also type what is none (an address, a word of the protocol, one letter many times over), and
 * that stands everywhere: one of ours has a space or a digit in it, and no @.
 */
export function typed(password: string): void {
  if (/[ \d]/.test(password) && !password.includes("@")) minted("password", password);
}

/** A cookie's secret begins behind its sid, which is public: 16 of its 56 bytes, so the 22nd character has some of both. */
export const ticketSecret = (ticket: string): string => ticket.slice(22);
/** A signature: whoever lacks it has no token. */
export const tokenSecret = (token: string): string => token.slice(token.lastIndexOf(".") + 1);
/** Behind `ccr_`, 24 bytes name the secret, the sid and the generation. */
export const refreshSecret = (token: string): string => token.slice(4 + 32);
