const TAB = 0x09;
const SPACE = 0x20;

/**
 * The token of RFC 6750 §2.1, its scheme in any case (RFC 9110 §11.1).
 * @returns the empty string for a scheme without a token (something was shown, and it is no good), null for any other scheme.
 */
export function bearerToken(header: string): string | null {
  if (header.startsWith("Bearer ")) return trim(header, 7, header.length);
  const from = skipBlanks(header, 0);
  const end = from + 6;
  if (header.slice(from, end).toLowerCase() !== "bearer") return null;
  if (end < header.length && !isBlank(header.charCodeAt(end))) return null;
  return trim(header, end, header.length);
}

/** The text between two places, without the blanks around it. */
export function trim(text: string, from: number, to: number): string {
  const start = skipBlanks(text, from);
  let end = to;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at += 1;
  return at;
}

/** SP and HTAB, and nothing else (RFC 9110 §5.6.3). */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
