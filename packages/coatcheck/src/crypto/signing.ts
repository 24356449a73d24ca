import { createPrivateKey, createPublicKey, sign as nodeSign } from "node:crypto";
import type { KeyObject, SignKeyObjectInput } from "node:crypto";
import type { Random } from "../core/ports.ts";
import type { Algorithm } from "./algorithms.ts";
import type { PublicKey } from "./jwk.ts";
import { publicKeyOf } from "./jwk.ts";
import type { JsonObject } from "./json.ts";
import { NODE_ALGORITHMS } from "./node-algorithms.ts";
import { encode } from "./node-base64url.ts";
import { seal, unseal } from "./seal.ts";

// Synchronous throughout: node's asynchronous forms and WebCrypto wait in the one thread pool that password hashing fills.

/** A key that signs, with the public half that verifies. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly public: PublicKey;
  /** The private key with all that node:crypto wants beside it. */
  readonly signWith: SignKeyObjectInput;
}

/** A new key. Its randomness is OpenSSL's own, which no port can replace; RSA takes a second and blocks meanwhile: at start only. */
export function generateSigningKey(alg: Algorithm): SigningKey {
  const pair = NODE_ALGORITHMS[alg.name].generate();
  return signingKey(alg, pair.privateKey, pair.publicKey);
}

function signingKey(alg: Algorithm, privateKey: KeyObject, publicKey: KeyObject): SigningKey {
  const half = publicKeyOf(alg, publicKey);
  return { kid: half.kid, alg, public: half, signWith: { key: privateKey, ...NODE_ALGORITHMS[alg.name].options } };
}

export function sign(key: SigningKey, input: Uint8Array): Uint8Array {
  return nodeSign(NODE_ALGORITHMS[key.alg.name].digest, input, key.signWith);
}

/** Signs a payload as a token of the kind that `typ` names. */
export function writeCompact(key: SigningKey, typ: string, payload: Uint8Array): string {
  const header: JsonObject = { alg: key.alg.name, typ, kid: key.kid };
  const signed = `${encode(Buffer.from(JSON.stringify(header)))}.${encode(payload)}`;
  return `${signed}.${encode(sign(key, Buffer.from(signed, "latin1")))}`;
}

/**
 * The private key, encrypted so that the store alone opens nothing; good only under its own kid and algorithm.
 * @param secret 32 bytes.
 */
export function sealSigningKey(key: SigningKey, secret: Uint8Array, random: Random): Uint8Array {
  return seal(key.signWith.key.export({ format: "der", type: "pkcs8" }), secret, context(key.alg, key.kid), random);
}

/** @returns null if it was sealed under another secret, kid or algorithm. */
export function unsealSigningKey(alg: Algorithm, kid: string, sealed: Uint8Array, secret: Uint8Array): SigningKey | null {
  const der = unseal(sealed, secret, context(alg, kid));
  if (der === null) return null;
  const privateKey = createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" });
  return signingKey(alg, privateKey, createPublicKey(privateKey));
}

function context(alg: Algorithm, kid: string): string {
  return `${alg.name} ${kid}`;
}
