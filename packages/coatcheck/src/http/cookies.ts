import { cookieName, isLocal } from "../core/settings.ts";
import type { Instant } from "../core/time.ts";

/** What RFC 6265bis §5.5 lets a cookie live at most, in seconds: 400 days. */
const LONGEST = 400 * 24 * 60 * 60;

/** cookie-octet of RFC 6265 §4.1.1: no control character, blank, quote, comma, semicolon or backslash. */
const COOKIE_VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/;

/** Makes the `Set-Cookie` values of our one cookie. */
export interface Cookies {
  readonly name: string;
  /** Kept until the session's absolute limit: the idle one is the server's business. @throws TypeError on a value that is no cookie-octet. */
  set(ticket: string, expiresAt: Instant, now: Instant): string;
  clear(): string;
}

/**
 * `__Host-Http-` wants Secure, HttpOnly, Path=/ and no Domain, when the cookie is cleared too (RFC 6265bis §4.1.3); an unset SameSite would
 * be sent on cross-site POSTs for two minutes. Plain http on localhost goes without `Secure`, so that every browser and curl keep it.
 */
export function createCookies(issuer: string): Cookies {
  const name = cookieName(issuer);
  const attributes = `Path=/; ${isLocal(issuer) ? "" : "Secure; "}HttpOnly; SameSite=Lax`;
  return {
    name,
    set(ticket, expiresAt, now) {
      if (!COOKIE_VALUE.test(ticket)) throw new TypeError("a ticket holds a character that no cookie may have");
      const left = Math.floor((expiresAt - now) / 1_000);
      return `${name}=${ticket}; Max-Age=${Math.max(0, Math.min(left, LONGEST))}; ${attributes}`;
    },
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}
