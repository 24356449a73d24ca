// Base64url without padding (RFC 4648 §5, RFC 7515 §2), in the one spelling that encoding gives.

const ALPHABET = /^[\w-]*$/;

/**
 * Which last characters leave no bit set beyond the last byte, by the number of characters after the last whole group of four.
 * Other last characters decode to the same bytes: a second spelling, which RFC 4648 §3.5 lets a decoder refuse. One character alone is no byte at all.
 */
const CANONICAL_END: readonly RegExp[] = [/$/, /(?!)/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/];

export function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** @returns null unless `text` is what {@link encode} writes for some bytes: no padding, no space, no stray bits. */
export function decode(text: string): Uint8Array | null {
  const end = CANONICAL_END[text.length % 4] as RegExp;
  return ALPHABET.test(text) && end.test(text) ? Buffer.from(text, "base64url") : null;
}

/** How many characters {@link encode} writes for that many bytes. */
export function encodedLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}
