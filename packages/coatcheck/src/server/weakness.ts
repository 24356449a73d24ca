import { encode } from "../crypto/base64url.ts";

/** The shortest secret, in bytes: 256 bits, as much as any key that is derived from it. */
export const MIN_SECRET_BYTES = 32;

/** Fewer different bytes or characters than this have a chance under 10⁻¹⁰ in 32 random bytes. */
const MIN_DIFFERENT = 18;

/** Keys that stand printed in standards and are copied from there into programs: RFC 7515 A.1, RFC 7520 §3.5 and §3.6. */
const PUBLISHED: ReadonlySet<string> = new Set([
  "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
  "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
  "AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOx8",
]);

/**
 * Why nobody should trust this secret, in a few words, or null. It can't tell what was drawn at random from what was not; it catches what people
 * write instead: words, keyboard rows, repetitions, counts, other encodings, examples. Of 32 random bytes it refuses one in half a million.
 */
export function weakness(secret: Uint8Array): string | null {
  const text = encode(secret);
  if (secret.byteLength < MIN_SECRET_BYTES) return `is only ${secret.byteLength} bytes long`;
  if (PUBLISHED.has(text)) return "is a published example";
  if (different(secret) < MIN_DIFFERENT) return "repeats itself";
  if (different(steps(secret)) < MIN_DIFFERENT) return "is a sequence";
  if (secret.every((byte) => byte >= 0x20 && byte < 0x7f)) return "is readable text in another coat";
  if (different(text) < MIN_DIFFERENT) return "uses only a few characters";
  if (pairsOfOneCase(text) * 5 > text.length * 3) return "looks like words";
  if (changesOfKind(text) * 5 < text.length) return "follows an alphabet";
  return null;
}

function different(values: Iterable<number | string>): number {
  return new Set(values).size;
}

function steps(bytes: Uint8Array): number[] {
  return Array.from(bytes.subarray(1), (byte, index) => (byte - (bytes[index] as number)) & 0xff);
}

/** How often small letter follows small letter, or capital capital: in base64url of random bytes at one of six places, in words at most. */
function pairsOfOneCase(text: string): number {
  return Math.max(...[/[a-z](?=[a-z])/g, /[A-Z](?=[A-Z])/g].map((pair) => [...text.matchAll(pair)].length));
}

/** How often it goes from small letters to capitals, digits or signs and back: in base64url of random bytes at two of three places. */
function changesOfKind(text: string): number {
  return [...text.matchAll(/[a-z]+|[A-Z]+|\d+|[_-]+/g)].length - 1;
}
