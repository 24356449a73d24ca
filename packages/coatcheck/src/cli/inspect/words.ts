import type { JsonValue } from "../../core/session.ts";
import { instant } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import type { JsonObject } from "../../crypto/json.ts";
import { when } from "../output.ts";

/** One thing that anyone who holds a token can read in it. */
export interface Readable {
  readonly name: string;
  readonly value: JsonValue;
  /** What it means, in words. */
  readonly says: string;
}

/** Header parameters by name: RFC 7515 §4.1, RFC 7516 §4.1, RFC 7797. */
const HEADER: Readonly<Record<string, string>> = {
  alg: "how it is signed",
  typ: "what kind of token it is",
  kid: "which key signed it",
  cty: "what is inside",
  enc: "how it is encrypted",
  zip: "how it is compressed",
  crit: "what a reader must understand, or else refuse it",
  b64: "whether the payload is encoded",
  jku: "where to fetch keys: whoever wrote the token chose it",
  x5u: "where to fetch a certificate: whoever wrote the token chose it",
  jwk: "a key that it brings along",
  x5c: "a certificate that it brings along",
  x5t: "a certificate's fingerprint",
  "x5t#S256": "a certificate's fingerprint",
};

const TYPES: Readonly<Record<string, string>> = {
  "at+jwt": "an access token (RFC 9068)",
  "application/at+jwt": "an access token (RFC 9068)",
  jwt: "some JWT: it does not say which kind",
  "logout+jwt": "a logout token (OpenID Connect Back-Channel Logout)",
  "dpop+jwt": "a proof of possession (RFC 9449)",
};

/** Claims by name: RFC 7519 §4.1, RFC 9068 §2.2, RFC 8693, OpenID Connect Core §2 and §5.1, and ours. */
const CLAIMS: Readonly<Record<string, string>> = {
  iss: "who issued it",
  sub: "whom it is about",
  aud: "whom it is for",
  exp: "when it ends",
  nbf: "from when on it is good",
  iat: "when it was issued",
  jti: "its own name",
  client_id: "the client that it was given to",
  azp: "the client that it was given to",
  scope: "what it allows",
  scp: "what it allows",
  sid: "the session that it belongs to: a public handle, which lets nobody in",
  roles: "what the person may do",
  groups: "what the person belongs to",
  auth_time: "when the person last proved who they are",
  amr: "how they proved it (RFC 8176)",
  acr: "how well they proved it",
  rsq: "how far the log of what ended was when it was made",
  nonce: "ties it to one request",
  at_hash: "ties it to an access token",
  c_hash: "ties it to a code",
  cnf: "the key that its holder must prove to have (RFC 7800)",
  act: "who acts for the person (RFC 8693)",
  name: "the person's name",
  email: "the person's e-mail address",
  email_verified: "whether the address was verified",
  phone_number: "the person's telephone number",
  updated_at: "when the person's data were last changed",
};

const TIMES = new Set(["exp", "nbf", "iat", "auth_time", "updated_at"]);

export function headerInWords(header: JsonObject): Readable[] {
  return Object.entries(header).map(([name, value]) => {
    const type = name === "typ" && typeof value === "string" ? TYPES[value.toLowerCase()] : undefined;
    return { name, value, says: type ?? own(HEADER, name) ?? "unknown to the standards" };
  });
}

export function claimsInWords(claims: JsonObject, now: Instant): Readable[] {
  return Object.entries(claims).map(([name, value]) => {
    const meaning = own(CLAIMS, name) ?? "a claim of the issuer's own";
    const at = TIMES.has(name) ? timeOf(value) : null;
    return { name, value, says: at === null ? meaning : `${meaning}: ${when(at)}, ${relative(at, now)}` };
  });
}

function own(table: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** The furthest that a Date reaches (ECMA-262 §21.4.1.1), in seconds. */
const END_OF_DATES = 8.64e12;

/** A NumericDate (RFC 7519 §2): seconds since the epoch, perhaps with a fraction. Null for anything else. */
export function timeOf(value: JsonValue | undefined): Instant | null {
  return typeof value === "number" && Math.abs(value) <= END_OF_DATES ? instant(value * 1_000) : null;
}

const UNITS = [
  ["year", 31_557_600_000],
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

/** `in 4 minutes`, `3 days ago`. */
export function relative(at: Instant, now: Instant): string {
  const words = new Intl.RelativeTimeFormat("en");
  const by = at - now;
  const [unit, length] = UNITS.find((it) => Math.abs(by) >= it[1]) ?? ["second", 1_000];
  return words.format(Math.trunc(by / length), unit);
}

/** `5 minutes`, `30 days`. */
export function lasting(ms: number): string {
  const [unit, length] = UNITS.find((it) => ms >= it[1]) ?? ["second", 1_000];
  const count = Math.round(ms / length);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
