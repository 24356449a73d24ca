import type { Algorithm, AlgorithmName } from "./algorithms.ts";
import type { ReadJwk } from "./public-jwk.ts";

/** What a runtime makes of a key, by whichever name its types have it. */
type Imported = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** A key that verifies with WebCrypto, for one algorithm alone (RFC 8725 §3.1). */
export interface WebKey extends ReadJwk {
  /** Null if this runtime does not have the algorithm: then nothing can be said of what the key signed. */
  readonly key: Imported | null;
}

/** What WebCrypto is told when a key is imported, and when a signature is verified. */
interface WebAlgorithm {
  readonly key: { readonly name: string; readonly namedCurve?: string; readonly hash?: string };
  readonly verify: { readonly name: string; readonly hash?: string; readonly saltLength?: number };
}

const SHA256 = "SHA-256";

/** A row for each algorithm, so that nothing below asks for the name. Its ECDSA signatures are two numbers side by side, as a token has them (RFC 7518 §3.4). */
const WEB_ALGORITHMS: Readonly<Record<AlgorithmName, WebAlgorithm>> = {
  ES256: { key: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: SHA256 } },
  EdDSA: { key: { name: "Ed25519" }, verify: { name: "Ed25519" } },
  PS256: { key: { name: "RSA-PSS", hash: SHA256 }, verify: { name: "RSA-PSS", saltLength: 32 } },
  RS256: { key: { name: "RSASSA-PKCS1-v1_5", hash: SHA256 }, verify: { name: "RSASSA-PKCS1-v1_5" } },
};

/** The key, for verifying alone; nobody gets it out again. @returns null for one that is no point of its curve. */
export async function importWebKey(read: ReadJwk): Promise<WebKey | null> {
  try {
    return { ...read, key: await crypto.subtle.importKey("jwk", read.members, WEB_ALGORITHMS[read.alg.name].key, false, ["verify"]) };
  } catch (error) {
    // Whatever else it is, an algorithm that is missing or no WebCrypto at all, says nothing about the key.
    return (error as Error).name === "DataError" ? null : { ...read, key: null };
  }
}

/** Whether `signature` is one of this key over `input`; one of another length is none. */
export function verifyWeb(alg: Algorithm, key: Imported, input: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return crypto.subtle.verify(WEB_ALGORITHMS[alg.name].verify, key, ownMemory(signature), ownMemory(input));
}

/** WebCrypto's types take no memory that threads share; none of ours is. */
const ownMemory = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => bytes as Uint8Array<ArrayBuffer>;
