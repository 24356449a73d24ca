// Base64url without padding (RFC 4648 §5, RFC 7515 §2), in the one spelling that encoding gives. Any runtime can do this; node's own, which is quicker where texts
// are long, stands in node-base64url.ts.

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** More than any value: no character of the alphabet. */
const NONE = 0x40;

/** What each ASCII character stands for. */
const VALUES = new Uint8Array(0x80).fill(NONE);
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value;

const letter = (value: number): string => ALPHABET[value & 0x3f] as string;

export function encode(bytes: Uint8Array): string {
  let text = "";
  const rest = bytes.length % 3;
  const whole = bytes.length - rest;
  for (let at = 0; at < whole; at += 3) {
    const three = (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
    text += letter(three >> 18) + letter(three >> 12) + letter(three >> 6) + letter(three);
  }
  if (rest === 0) return text;
  const last = (byteAt(bytes, whole) << 8) | (rest === 2 ? byteAt(bytes, whole + 1) : 0);
  return text + letter(last >> 10) + letter(last >> 4) + (rest === 2 ? letter(last << 2) : "");
}

/** @returns null unless `text` is what {@link encode} writes for some bytes: no padding, no space, no stray bits (RFC 4648 §3.5). */
export function decode(text: string): Uint8Array | null {
  const rest = text.length % 4;
  if (rest === 1) return null;
  const bytes = new Uint8Array((text.length * 3) >> 2);
  const whole = text.length - rest;
  let all = 0;
  let to = 0;
  for (let at = 0; at < whole; at += 4) {
    const [a, b, c, d] = [valueAt(text, at), valueAt(text, at + 1), valueAt(text, at + 2), valueAt(text, at + 3)];
    all |= a | b | c | d;
    bytes[to++] = (a << 2) | (b >> 4);
    bytes[to++] = (b << 4) | (c >> 2);
    bytes[to++] = (c << 6) | d;
  }
  if (rest > 0) {
    const [a, b, c] = [valueAt(text, whole), valueAt(text, whole + 1), rest === 3 ? valueAt(text, whole + 2) : 0];
    all |= a | b | c;
    bytes[to++] = (a << 2) | (b >> 4);
    if (rest === 3) bytes[to] = (b << 4) | (c >> 2);
    // Bits that are of no byte: encoding leaves none of them set.
    if ((rest === 3 ? c & 0x03 : b & 0x0f) !== 0) return null;
  }
  return all < NONE ? bytes : null;
}

/** How many characters {@link encode} writes for that many bytes. */
export function encodedLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

function valueAt(text: string, at: number): number {
  const char = text.charCodeAt(at);
  return char < VALUES.length ? (VALUES[char] as number) : NONE;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}
