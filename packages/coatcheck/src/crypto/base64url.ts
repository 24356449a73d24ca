// Base64url without padding (RFC 4648 §5, RFC 7515 §2), in the one spelling that encoding gives.

export function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/**
 * @returns null unless `text` is what {@link encode} writes for some bytes: no padding, no space, no stray bits (RFC 4648 §3.5). Node's decoder passes over
 * what is no base64, so its bytes are written again and must come out the same: this is the definition itself, and quicker than a look at each character.
 */
export function decode(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : null;
}

/** How many characters {@link encode} writes for that many bytes. */
export function encodedLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}
