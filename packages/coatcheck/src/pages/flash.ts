import type { ErrorCode } from "../core/errors.ts";
import { isErrorCode } from "./api.ts";
import { readAction } from "./pending.ts";
import type { PagePath, Site, Visit } from "./site.ts";
import { NOTES } from "./words.ts";
import type { NoteName } from "./words.ts";

/**
 * What one page tells the next across a redirect: names and what was typed, never a password and never a text to show, so that whoever
 * manages to plant one can make a page say nothing that it would not say by itself.
 */
export interface Flash {
  /** Good news, by name. */
  readonly note?: NoteName | undefined;
  /** How many, where the note counts. */
  readonly count?: number | undefined;
  /** Why the form was refused. */
  readonly code?: ErrorCode | undefined;
  /** The fields that are wrong. */
  readonly fields?: readonly string[] | undefined;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  /** What to go on with after a confirmation, as `pending.ts` writes it. */
  readonly pending?: string | undefined;
}

/** How long a flash lives, in seconds: as long as a redirect may take. */
const MAX_AGE = 60;

/** Browsers drop cookies over 4 096 bytes, name and attributes included (RFC 6265bis §5.6). */
const LONGEST_VALUE = 3_500;

/**
 * A `Set-Cookie` that hands `flash` to `page`, and to no other. `SameSite=Strict`: a redirect that our own form caused still shows it, a link
 * from elsewhere does not.
 */
export function setFlash(site: Site, page: PagePath, flash: Flash): string {
  const whole = encodeFlash(flash);
  // What somebody typed may be of any length; the reason why it was refused must arrive.
  const value = whole.length <= LONGEST_VALUE ? whole : encodeFlash({ ...flash, email: undefined, name: undefined });
  return `${flashName(site, page)}=${value}; Max-Age=${MAX_AGE}; ${attributes(site, page)}`;
}

/** What was handed to `page`, with the `Set-Cookie` that makes it show once. Empty, and nothing to clear, if there is none or it is not of our form. */
export function takeFlash({ site, request }: Visit, page: PagePath): { readonly flash: Flash; readonly setCookies: readonly string[] } {
  const start = `${flashName(site, page)}=`;
  const pair = (request.headers.get("cookie") ?? "").split("; ").find((shown) => shown.startsWith(start));
  if (pair === undefined) return { flash: {}, setCookies: [] };
  return { flash: decodeFlash(pair.slice(start.length)), setCookies: [`${start}; Max-Age=0; ${attributes(site, page)}`] };
}

/** Each page has a name of its own: `/account/confirm` is sent the cookies of `/account` too. `__Secure-` because `__Host-` forbids the path. */
function flashName(site: Site, page: PagePath): string {
  return `${site.secure ? "__Secure-" : ""}coatcheck-flash${page.replaceAll("/", "-")}`;
}

function attributes(site: Site, page: PagePath): string {
  return `Path=${site.basePath}${page}; ${site.secure ? "Secure; " : ""}HttpOnly; SameSite=Strict`;
}

function encodeFlash(flash: Flash): string {
  return Buffer.from(JSON.stringify(flash)).toString("base64url");
}

function decodeFlash(value: string): Flash {
  const parsed = parseJson(Buffer.from(value, "base64url").toString());
  if (typeof parsed !== "object" || parsed === null) return {};
  const { note, count, code, fields, retryAfter, email, name, pending } = parsed as Readonly<Record<keyof Flash, unknown>>;
  return {
    note: typeof note === "string" && Object.hasOwn(NOTES, note) ? (note as NoteName) : undefined,
    count: wholeNumber(count),
    code: isErrorCode(code) ? code : undefined,
    fields: Array.isArray(fields) ? fields.filter((field) => typeof field === "string") : undefined,
    retryAfter: wholeNumber(retryAfter),
    email: text(email),
    name: text(name),
    pending: typeof pending === "string" && readAction(pending) !== null ? pending : undefined,
  };
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return null;
  }
}

function wholeNumber(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
