import { RecentMap } from "../core/cache.ts";
import { MAX_TOKEN } from "../core/limits.ts";
import type { Algorithm } from "./algorithms.ts";
import { algorithm } from "./algorithms.ts";
import { decode as decodeAnywhere, encodedLength } from "./base64url.ts";
import { parseJsonObject } from "./json.ts";

/** The longest header that is looked at, in bytes. */
const MAX_HEADER = 1_024;

/** What the header of one kind of token may hold. */
export interface HeaderRules {
  /** Every member that the kind defines. All others are refused, so `crit`, `b64`, `zip`, `jku`, `jwk`, `x5u`, `x5c` are. */
  readonly members: ReadonlySet<string>;
  /** How its `kid` is spelled; an absent one reads as the empty one. */
  readonly kid: RegExp;
}

/** What a header says that kept the rules. */
interface Header {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly typ: string | null;
}

/** A signed token, read but not yet proved: nothing in it may be believed before its signature is. */
export interface CompactJws extends Header {
  readonly payload: Uint8Array;
  /** What was signed: the token's first two parts, byte for byte as they were sent. */
  readonly signingInput: Uint8Array;
  readonly signature: Uint8Array;
}

/** Reads base64url in its one spelling, and nothing else. */
export type Decode = (text: string) => Uint8Array | null;

const ASCII = new TextEncoder();

/**
 * Reads a JWS in the compact form (RFC 7515 §7.1), in one spelling: what it accepts is what {@link writeCompact} could have written.
 * Sizes are judged before any work is done, so a token costs no more than its size allows.
 * @param decode the runtime's own, where there is a quicker one.
 * @returns null for anything else. Never throws.
 */
export function readCompact(token: string, rules: HeaderRules, decode: Decode = decodeAnywhere): CompactJws | null {
  if (token.length > MAX_TOKEN) return null;
  const first = token.indexOf(".");
  const second = token.indexOf(".", first + 1);
  // Two dots exactly: four are an encrypted token (RFC 7516), of which nothing is even decoded.
  if (first === -1 || second === -1 || token.includes(".", second + 1)) return null;
  if (first > encodedLength(MAX_HEADER)) return null;

  const header = readHeader(token.slice(0, first), rules, decode);
  if (header === null) return null;
  const signatureLength = token.length - second - 1;
  const { min, max } = header.alg.signatureBytes;
  if (signatureLength < encodedLength(min) || signatureLength > encodedLength(max)) return null;

  const payload = decode(token.slice(first + 1, second));
  const signature = decode(token.slice(second + 1));
  if (payload === null || signature === null) return null;
  const { kid, alg, typ } = header;
  return { kid, alg, typ, payload, signature, signingInput: ASCII.encode(token.slice(0, second)) };
}

/** How many headers are remembered for each set of rules: one for each key in use, and some more for those who write theirs in another way. */
const HEADERS = 16;

/** Headers that kept the rules, by their spelling: all tokens of one key begin alike. A spelling means one thing for ever, so there is nothing to forget. */
const headersOf = new WeakMap<HeaderRules, RecentMap<string, Header>>();

function readHeader(part: string, rules: HeaderRules, decode: Decode): Header | null {
  let known = headersOf.get(rules);
  if (known === undefined) headersOf.set(rules, (known = new RecentMap(HEADERS)));
  const seen = known.get(part);
  if (seen !== undefined) return seen;
  const header = parseHeader(part, rules, decode);
  if (header !== null) known.set(part, header);
  return header;
}

function parseHeader(part: string, rules: HeaderRules, decode: Decode): Header | null {
  const bytes = decode(part);
  const header = bytes === null ? null : parseJsonObject(bytes);
  if (header === null || !Object.keys(header).every((name) => rules.members.has(name))) return null;
  const { alg: name, kid = "", typ = null } = header;
  if (typeof name !== "string" || typeof kid !== "string" || !rules.kid.test(kid)) return null;
  if (typ !== null && typeof typ !== "string") return null;
  const alg = algorithm(name);
  return alg === undefined ? null : { kid, alg, typ };
}
