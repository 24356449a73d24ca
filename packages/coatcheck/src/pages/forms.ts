import type { ErrorCode } from "../core/errors.ts";
import { MAX_BODY } from "../core/limits.ts";

/** Which fields a form has: `required` ones are always sent by a browser (empty if nothing was typed), the others may be absent. */
export interface FormShape<Required extends string, Optional extends string> {
  readonly required: readonly Required[];
  readonly optional?: readonly Optional[];
}

export type Fields<Required extends string, Optional extends string> = Readonly<
  Record<Required, string> & Partial<Record<Optional, string>>
>;

export type FormResult<Required extends string, Optional extends string> =
  | { readonly ok: true; readonly fields: Fields<Required, Optional> }
  | { readonly ok: false; readonly code: ErrorCode };

/**
 * Reads a form strictly: the one media type that our own forms send, at most {@link MAX_BODY} bytes, UTF-8, each known field once and none else.
 * What a field may hold is for the API to say.
 */
export async function readForm<Required extends string, Optional extends string = never>(
  request: Request,
  shape: FormShape<Required, Optional>,
): Promise<FormResult<Required, Optional>> {
  if (!isForm(request.headers.get("content-type") ?? "")) return { ok: false, code: "unsupported_media_type" };
  const bytes = await readBody(request);
  if (bytes === null) return { ok: false, code: "too_large" };
  const fields = parse(bytes, shape);
  return fields === null ? { ok: false, code: "bad_request" } : { ok: true, fields };
}

function isForm(contentType: string): boolean {
  return /^application\/x-www-form-urlencoded[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/i.test(contentType);
}

/** @returns null if it is too large; what is beyond the limit is not read. */
async function readBody(request: Request): Promise<Uint8Array | null> {
  if (request.body === null) return new Uint8Array(0);
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY) return null;
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of request.body) {
    size += chunk.byteLength;
    if (size > MAX_BODY) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parse<Required extends string, Optional extends string>(
  bytes: Uint8Array,
  shape: FormShape<Required, Optional>,
): Fields<Required, Optional> | null {
  const known: readonly string[] = [...shape.required, ...(shape.optional ?? [])];
  const fields = new Map<string, string>();
  for (const pair of bytes.length === 0 ? [] : Buffer.from(bytes).toString("latin1").split("&")) {
    const equals = pair.indexOf("=");
    const name = decodeText(equals === -1 ? pair : pair.slice(0, equals));
    const value = decodeText(equals === -1 ? "" : pair.slice(equals + 1));
    if (name === null || value === null || !known.includes(name) || fields.has(name)) return null;
    fields.set(name, value);
  }
  if (!shape.required.every((name) => fields.has(name))) return null;
  return Object.fromEntries(fields) as Fields<Required, Optional>;
}

/**
 * URL §5.1, but without its mercy: a byte that is not ASCII, a percent sign without two digits and bytes that are not UTF-8 are refused, where
 * URLSearchParams would put U+FFFD, so that a password is what was typed or nothing.
 */
function decodeText(text: string): string | null {
  if (/[^\x21-\x7e]/.test(text)) return null;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}
