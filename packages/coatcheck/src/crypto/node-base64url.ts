// The same as base64url.ts, by node's own encoder: several times quicker for texts as long as a token.

export function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

/** Node's decoder passes over what is no base64, so its bytes are written again and must come out the same: this is the definition of the one spelling. */
export function decode(text: string): Uint8Array | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : null;
}
