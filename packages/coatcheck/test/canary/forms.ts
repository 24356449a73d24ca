/** Every way in which a secret could be written down: as it is, in base64 at any offset, in hexadecimal, in an address, in JSON; and its bytes, if it is base64url itself. */
export function formsOf(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const raw = /^[A-Za-z0-9_-]{22,}$/.test(text) ? Buffer.from(text, "base64url") : null;
  const texts = [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
    ...hex(bytes),
    ...[0, 1, 2].flatMap((offset) => base64At(bytes, offset)),
    ...(raw === null ? [] : [...hex(raw), raw.toString("base64").replace(/=+$/, "")]),
  ];
  return [...new Set(texts)].map((form) => Buffer.from(form)).concat(raw === null ? [] : [raw]);
}

function hex(bytes: Buffer): readonly string[] {
  const lower = bytes.toString("hex");
  return [lower, lower.toUpperCase()];
}

/** The characters that these bytes alone decide when `offset` bytes (of three) stand before them. */
function base64At(bytes: Buffer, offset: number): readonly string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6)];
  return [padded.toString("base64").slice(from, to), padded.toString("base64url").slice(from, to)];
}
