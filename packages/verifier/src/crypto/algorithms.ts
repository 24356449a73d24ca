/** The names that we write. */
export type AlgorithmName = "ES256" | "EdDSA" | "PS256" | "RS256";

/** One way of signing (RFC 7518 §3, RFC 8037), as far as reading tokens and keys needs to know it. How node:crypto and WebCrypto do it stands in tables of their own. */
export interface Algorithm {
  readonly name: AlgorithmName;
  /** The members of a JWK that say what kind of key it is: `kty` and, where there is one, `crv` (RFC 7518 §6). */
  readonly keyType: Readonly<Record<string, string>> & { readonly kty: string };
  /** The members of a JWK that hold the public key in base64url, with their exact lengths in bytes; null where the size of the key decides. */
  readonly members: Readonly<Record<string, number | null>>;
  /** How long its signatures are, in bytes: known before one is decoded. The key says which one of these it is. */
  readonly signatureBytes: { readonly min: number; readonly max: number };
}

/** The smallest RSA modulus that is trusted, in bits. */
export const MIN_RSA_BITS = 3_072;
/** The largest: verifying costs the square of it. */
export const MAX_RSA_BITS = 4_096;

const RSA = {
  keyType: { kty: "RSA" },
  members: { n: null, e: null },
  // From 2 048 bits up, since the foreign vectors that judge us have such keys; which keys are trusted is decided when a key is imported.
  signatureBytes: { min: 256, max: MAX_RSA_BITS / 8 },
} as const;

const ES256: Algorithm = {
  name: "ES256",
  keyType: { kty: "EC", crv: "P-256" },
  members: { x: 32, y: 32 },
  signatureBytes: { min: 64, max: 64 },
};

const ED25519: Algorithm = {
  name: "EdDSA",
  keyType: { kty: "OKP", crv: "Ed25519" },
  members: { x: 32 },
  signatureBytes: { min: 64, max: 64 },
};

const PS256: Algorithm = { ...RSA, name: "PS256" };

const RS256: Algorithm = { ...RSA, name: "RS256" };

/**
 * Every algorithm there is, by the names that are read. Without a prototype: `constructor` is no algorithm.
 * RFC 9864 §2.2 renamed EdDSA over this curve to Ed25519. Both names are read as the one row; the older is written, for the verifiers out there know it.
 */
const ALGORITHMS: Readonly<Record<string, Algorithm>> = Object.assign(Object.create(null), {
  ES256,
  EdDSA: ED25519,
  Ed25519: ED25519,
  PS256,
  RS256,
});

/** @returns undefined for every name but ours, in exactly our spelling: not `none`, not `es256`, no symmetric one. */
export function algorithm(name: string): Algorithm | undefined {
  return ALGORITHMS[name];
}
