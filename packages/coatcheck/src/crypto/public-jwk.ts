import { MAX_RSA_BITS, MIN_RSA_BITS, algorithm } from "./algorithms.ts";
import type { Algorithm } from "./algorithms.ts";
import { decode } from "./base64url.ts";
import type { JsonObject } from "./json.ts";
import { isRoca } from "./roca.ts";

/** The members that make a public key (RFC 7517 §4). */
export type KeyMembers = Readonly<Record<string, string>>;

/** A public key as it was read, if everything in it fits together: for one algorithm alone (RFC 8725 §3.1). That it is a point of its curve, whoever imports it finds out. */
export interface ReadJwk {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly members: KeyMembers;
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
 * Reads a public key: `kty`, `crv`, `alg`, `use`, `key_ops` must fit together, and what makes the key must be sound.
 * @param rules for keys other than ours: the foreign vectors in the tests.
 * @returns null for a key that may not verify tokens: another algorithm or none named, another use, private, symmetric, too short.
 */
export function readPublicJwk(jwk: JsonObject, rules: JwkRules = TRUSTED): ReadJwk | null {
  const { kid, alg: name } = jwk;
  if (typeof kid !== "string" || !rules.kid.test(kid) || typeof name !== "string") return null;
  const alg = algorithm(name);
  if (alg === undefined || isSecret(jwk) || !isForVerifying(jwk)) return null;
  const members = keyMembers(jwk, alg);
  return members !== null && isStrong(members, rules) ? { kid, alg, members } : null;
}

/**
 * The keys of a set (RFC 7517 §5) that may verify tokens. Keys that may not are left out.
 * @returns null for a set that is none, that names one kid twice (which of them is meant?), or that publishes a secret.
 */
export function readJwkSet(set: JsonObject, rules?: JwkRules): readonly ReadJwk[] | null {
  const jwks = set["keys"];
  if (!Array.isArray(jwks) || !jwks.every(isJwk) || jwks.some(isSecret)) return null;
  const kids = jwks.map((jwk) => jwk["kid"]).filter((kid) => kid !== undefined);
  if (new Set(kids).size < kids.length) return null;
  return jwks.map((jwk) => readPublicJwk(jwk, rules)).filter((key) => key !== null);
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

/** 65537, in its one spelling. Any other exponent has a history: 1 signs nothing, 3 met broken padding checks, and a huge one costs a verifier dearly. */
const EXPONENT = "AQAB";

function isStrong({ n, e }: KeyMembers, rules: JwkRules): boolean {
  if (n === undefined) return true;
  const modulus = decode(n) as Uint8Array;
  const bits = modulus.length * 8 - (Math.clz32(modulus[0] as number) - 24);
  return e === EXPONENT && bits >= rules.minRsaBits && bits <= MAX_RSA_BITS && !isRoca(modulus);
}
