import { CoatcheckError } from "../core/errors.ts";
import { MAX_BODY } from "../core/limits.ts";
import { parseJson } from "./json.ts";
import { OAuthError } from "./oauth-errors.ts";

// Few blanks, so that 16 kB of them are not tried in every division: this is judged before anybody has shown who they are.
const JSON_TYPE = /^application\/json(?:[ \t]{0,9};[ \t]{0,9}charset=(?:utf-8|"utf-8"))?[ \t]{0,9}$/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded(?:[ \t]{0,9};[ \t]{0,9}charset=(?:utf-8|"utf-8"))?[ \t]{0,9}$/i;

// A byte order mark is kept, so that the parser refuses it (RFC 8259 §8.1).
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The JSON value that was sent.
 * @returns undefined when there is no body at all.
 * @throws {too_large}
 * @throws {unsupported_media_type}
 * @throws {bad_request} for what is no JSON, is not UTF-8 or names a member twice.
 */
export async function readJson(request: Request): Promise<unknown> {
  const text = await readText(request, JSON_TYPE);
  return text === "" ? undefined : parseJson(text);
}

/**
 * The fields of a form, each once; an empty one counts as absent (RFC 6749 §3.2).
 * @throws {too_large}
 * @throws {unsupported_media_type}
 * @throws {bad_request} for what is not UTF-8.
 * @throws {invalid_request} for a field that is there twice.
 */
export async function readForm(request: Request): Promise<ReadonlyMap<string, string>> {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(await readText(request, FORM_TYPE))) {
    if (fields.has(name)) throw new OAuthError("invalid_request", "A parameter is there more than once.");
    fields.set(name, value);
  }
  for (const [name, value] of fields) if (value === "") fields.delete(name);
  return fields;
}

/** The body as text, its type checked; a body without a type has the wrong one, and only no body at all needs none. */
async function readText(request: Request, type: RegExp): Promise<string> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return "";
  const encoding = request.headers.get("content-encoding");
  if (!type.test(request.headers.get("content-type") ?? "") || (encoding !== null && encoding !== "identity")) {
    throw new CoatcheckError("unsupported_media_type");
  }
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new CoatcheckError("bad_request", { detail: "The body is not UTF-8.", cause });
  }
}

/** Counts while it reads: a stated length is only a promise, and a body without one is read no further than the limit. */
async function readBytes(request: Request): Promise<Uint8Array> {
  if (request.body === null) return new Uint8Array();
  if (Number(request.headers.get("content-length")) > MAX_BODY) throw new CoatcheckError("too_large");
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let next = await read(reader); next !== null; next = await read(reader)) {
    chunks.push(next);
    length += next.byteLength;
    if (length > MAX_BODY) {
      await reader.cancel();
      throw new CoatcheckError("too_large");
    }
  }
  return Buffer.concat(chunks, length);
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | null> {
  try {
    const { done, value } = await reader.read();
    return done ? null : value;
  } catch (cause) {
    throw new CoatcheckError("bad_request", { detail: "The body broke off.", cause });
  }
}
