import type { AlgorithmName } from "../../src/crypto/algorithms.ts";
import { algorithm } from "../../src/crypto/algorithms.ts";
import type { Algorithm } from "../../src/crypto/algorithms.ts";
import type { PublicKey } from "../../src/crypto/jwk.ts";
import type { HeaderRules } from "../../src/crypto/jws.ts";
import { readCompact } from "../../src/crypto/jws.ts";
import type { SigningKey } from "../../src/crypto/signing.ts";
import { generateSigningKey, sign } from "../../src/crypto/signing.ts";
import { verify } from "../../src/crypto/verify.ts";

export const NAMES: readonly AlgorithmName[] = ["ES256", "EdDSA", "PS256", "RS256"];

const keys = new Map<AlgorithmName, SigningKey>();

/** One key for each algorithm, made when first asked for: RSA takes its time. */
export function keyFor(name: AlgorithmName): SigningKey {
  const key = keys.get(name) ?? generateSigningKey(algorithm(name) as Algorithm);
  keys.set(name, key);
  return key;
}

export function base64url(data: string | Uint8Array): string {
  return Buffer.from(data as string).toString("base64url");
}

/** A token of just these bytes, truly signed, whatever they say: what only a hostile or broken issuer would make. */
export function signed(key: SigningKey, header: string | Uint8Array, payload: string | Uint8Array): string {
  return signedParts(key, base64url(header), base64url(payload));
}

export function signedParts(key: SigningKey, header: string, payload: string): string {
  return `${header}.${payload}.${base64url(sign(key, Buffer.from(`${header}.${payload}`)))}`;
}

export const ACCESS_TOKEN: HeaderRules = { members: new Set(["alg", "typ", "kid"]), kid: /^[\w-]{1,64}$/ };

/** The same for tokens that others made for tests: no kid, or one that is an e-mail address. */
export const FOREIGN: HeaderRules = { members: ACCESS_TOKEN.members, kid: /^[\w@.-]{0,64}$/ };

/** Whether the token holds under this one key: what a verifier does before it believes anything. */
export function holds(key: PublicKey | null, token: string, rules = ACCESS_TOKEN): boolean {
  const jws = readCompact(token, rules);
  return key !== null && jws !== null && jws.alg === key.alg && verify(key, jws.signingInput, jws.signature);
}
