import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../core/ports.ts";

// AES-256-GCM (NIST SP 800-38D): nonce (12 bytes), ciphertext, tag (16 bytes). A nonce is random and never used twice
// with one key: at the few seals that a deployment makes the chance of that is nil (ibid. §8.3 allows 2^32).

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts and authenticates.
 * @param key 32 bytes.
 * @param context authenticated with it, not kept in it: what opens it must name the same.
 */
export function seal(plain: Uint8Array, key: Uint8Array, context: string, random: Random): Uint8Array {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @returns null if it was sealed with another key or context, or is not whole: which of them, nobody is told. */
export function unseal(sealed: Uint8Array, key: Uint8Array, context: string): Uint8Array | null {
  if (sealed.byteLength < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    return null;
  }
}
