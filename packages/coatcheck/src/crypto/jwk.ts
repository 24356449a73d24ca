import { createPublicKey } from "node:crypto";
import type { KeyObject, VerifyKeyObjectInput } from "node:crypto";
import type { Algorithm } from "./algorithms.ts";
import { MAX_RSA_BITS, MIN_RSA_BITS, algorithm } from "./algorithms.ts";
import { decode, encode } from "./base64url.ts";
import { sha256 } from "./hash.ts";
import type { JsonObject } from "./json.ts";
import { isRoca } from "./roca.ts";

/** The members that make a public key (RFC 7517 §4). */
type KeyMembers = Readonly<Record<string, string>>;

/** A public key as it is published (RFC 7517 §4): `kty`, `kid`, `alg`, `use` and the members that make the key. Nothing else. */
export type PublicJwk = KeyMembers & { readonly kty: string; readonly kid: string; readonly alg: string; readonly use: "sig" };

/** A key that verifies: for one algorithm alone (RFC 8725 §3.1). */
export interface PublicKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly jwk: PublicJwk;
  /** The key with all that node:crypto wants beside it, put together once. */
  readonly verifyWith: VerifyKeyObjectInput;
}

/** What a key must be to be trusted. */
export interface JwkRules {
  readonly minRsaBits: number;
  readonly kid: RegExp;
}

/** How a `kid` is spelled: nothing that could mean anything to a path, a query or a log (RFC 8725 §3.10). */
export const KID = /^[\w-]{1,64}$/;

const TRUSTED: JwkRules = { minRsaBits: MIN_RSA_BITS, kid: KID };

/** Members of private and symmetric keys (RFC 7518 §6.2.2, 6.3.2, 6.4.1; RFC 8037 §2). */
const SECRET_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/**
 * A public key from its JWK, if everything in it fits together: `kty`, `crv`, `alg`, `use`, `key_ops`, and a sound key inside.
 * @param rules for keys other than ours: the foreign vectors in the tests.
 * @returns null for a key that may not verify tokens: another algorithm or none named, another use, private, symmetric, too short, off its curve.
 */
export function importPublicJwk(jwk: JsonObject, rules: JwkRules = TRUSTED): PublicKey | null {
  const { kid, alg: name } = jwk;
  if (typeof kid !== "string" || !rules.kid.test(kid) || typeof name !== "string") return null;
  const alg = algorithm(name);
  if (alg === undefined || isSecret(jwk) || !isForVerifying(jwk)) return null;
  const members = keyMembers(jwk, alg);
  if (members === null) return null;
  const key = createKey(members);
  if (key === null || !isStrong(key, members, rules)) return null;
  return publicKey(kid, alg, key, members);
}

/**
 * The keys of a set (RFC 7517 §5) that may verify tokens, by kid. Keys that may not are left out.
 * @returns null for a set that is none, that names one kid twice (which of them is meant?), or that publishes a secret.
 */
export function importJwkSet(set: JsonObject, rules: JwkRules = TRUSTED): ReadonlyMap<string, PublicKey> | null {
  const jwks = set["keys"];
  if (!Array.isArray(jwks) || !jwks.every(isJwk) || jwks.some(isSecret)) return null;
  const kids = jwks.map((jwk) => jwk["kid"]).filter((kid) => kid !== undefined);
  if (new Set(kids).size < kids.length) return null;
  const keys = jwks.map((jwk) => importPublicJwk(jwk, rules)).filter((key) => key !== null);
  return new Map(keys.map((key) => [key.kid, key]));
}

/** A key of ours, made into what verifies with it. Its kid comes from the key itself: one key, one name, wherever it is made. */
export function publicKeyOf(alg: Algorithm, key: KeyObject): PublicKey {
  const exported = key.export({ format: "jwk" });
  const names = [...Object.keys(alg.keyType), ...Object.keys(alg.members)];
  const members = Object.fromEntries(names.map((name) => [name, exported[name] as string]));
  return publicKey(shortName(members), alg, key, members);
}

/** The SHA-256 thumbprint of a public key (RFC 7638 §3): over the members that make the key, in order, without a space. */
export function thumbprint(jwk: KeyMembers): string {
  const members = Object.keys(jwk)
    .filter((name) => !["kid", "alg", "use"].includes(name))
    .sort();
  return encode(sha256(JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])))));
}

/** 66 bits of the thumbprint: ample to tell a handful of keys apart, and short, since every token carries it. */
function shortName(members: KeyMembers): string {
  return thumbprint(members).slice(0, 11);
}

function publicKey(kid: string, alg: Algorithm, key: KeyObject, members: KeyMembers): PublicKey {
  const jwk = Object.freeze({ ...members, kty: alg.keyType.kty, kid, alg: alg.name, use: "sig" } as const);
  return { kid, alg, jwk, verifyWith: { key, ...alg.options } };
}

function isJwk(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSecret(jwk: JsonObject): boolean {
  return jwk["kty"] === "oct" || SECRET_MEMBERS.some((name) => jwk[name] !== undefined);
}

/** `use` and `key_ops` are optional; what they say must allow verifying (RFC 7517 §4.2, 4.3). */
function isForVerifying(jwk: JsonObject): boolean {
  const ops = jwk["key_ops"];
  return (
    (jwk["use"] === undefined || jwk["use"] === "sig") &&
    (ops === undefined || (Array.isArray(ops) && ops.length === 1 && ops[0] === "verify"))
  );
}

/** The members that make the key, each in its one spelling and of its exact length; null if any is not, or the key is of another type. */
function keyMembers(jwk: JsonObject, alg: Algorithm): KeyMembers | null {
  if (!Object.entries(alg.keyType).every(([name, value]) => jwk[name] === value)) return null;
  const members: Record<string, string> = { ...alg.keyType };
  for (const [name, length] of Object.entries(alg.members)) {
    const value = jwk[name];
    const bytes = typeof value === "string" ? decode(value) : null;
    // A number has no leading zero bytes (RFC 7518 §6.3.1); a coordinate has exactly its length (§6.2.1.2), zeros included.
    if (bytes === null || (length === null ? !bytes[0] : bytes.byteLength !== length)) return null;
    members[name] = value as string;
  }
  return members;
}

function createKey(members: KeyMembers): KeyObject | null {
  try {
    return createPublicKey({ key: members, format: "jwk" });
  } catch {
    return null; // No point of its curve.
  }
}

function isStrong(key: KeyObject, members: KeyMembers, rules: JwkRules): boolean {
  const { modulusLength: bits, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (bits === undefined) return true;
  // Any exponent but 65537 has a history: 1 signs nothing, 3 met broken padding checks, and a huge one costs a verifier dearly.
  return (
    bits >= rules.minRsaBits && bits <= MAX_RSA_BITS && publicExponent === 65_537n && !isRoca(decode(members["n"] as string) as Uint8Array)
  );
}
