import { createPublicKey } from "node:crypto";
import type { KeyObject, VerifyKeyObjectInput } from "node:crypto";
import type { Algorithm } from "./algorithms.ts";
import { encode } from "./base64url.ts";
import { sha256 } from "./hash.ts";
import type { JsonObject } from "./json.ts";
import { NODE_ALGORITHMS } from "./node-algorithms.ts";
import { readJwkSet, readPublicJwk } from "./public-jwk.ts";
import type { JwkRules, KeyMembers, ReadJwk } from "./public-jwk.ts";

/** A public key as it is published (RFC 7517 §4): `kty`, `kid`, `alg`, `use` and the members that make the key. Nothing else. */
export type PublicJwk = KeyMembers & { readonly kty: string; readonly kid: string; readonly alg: string; readonly use: "sig" };

/** A key that verifies with node:crypto: for one algorithm alone (RFC 8725 §3.1). */
export interface PublicKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly jwk: PublicJwk;
  /** The key with all that node:crypto wants beside it, put together once. */
  readonly verifyWith: VerifyKeyObjectInput;
}

/** A public key from its JWK. @returns null for one that {@link readPublicJwk} refuses, or that is no point of its curve. */
export function importPublicJwk(jwk: JsonObject, rules?: JwkRules): PublicKey | null {
  const read = readPublicJwk(jwk, rules);
  return read === null ? null : importKey(read);
}

/** The keys of a set that may verify tokens, by kid. @returns null for a set that {@link readJwkSet} refuses. */
export function importJwkSet(set: JsonObject, rules?: JwkRules): ReadonlyMap<string, PublicKey> | null {
  const read = readJwkSet(set, rules);
  if (read === null) return null;
  const keys = read.map(importKey).filter((key) => key !== null);
  return new Map(keys.map((key) => [key.kid, key]));
}

function importKey({ kid, alg, members }: ReadJwk): PublicKey | null {
  const key = createKey(members);
  return key === null ? null : publicKey(kid, alg, key, members);
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
  return { kid, alg, jwk, verifyWith: { key, ...NODE_ALGORITHMS[alg.name].options } };
}

function createKey(members: KeyMembers): KeyObject | null {
  try {
    return createPublicKey({ key: members, format: "jwk" });
  } catch {
    return null; // No point of its curve.
  }
}
