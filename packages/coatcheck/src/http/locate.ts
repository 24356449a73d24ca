import type { CarrierName } from "../core/session.ts";
import { bearerToken, isBlank, trim } from "./bearer.ts";
import type { Credentials } from "./engine.ts";

/** What a request showed of ours: one credential, or a reason why there is none. */
export type Located =
  | {
      readonly carrier: CarrierName;
      readonly credential: string;
      /** It came by itself, whoever made the browser call. */ readonly ambient: boolean;
    }
  | { readonly carrier: null; readonly reason: "absent" | "ambiguous"; readonly ambient: false };

const ABSENT: Located = Object.freeze({ carrier: null, reason: "absent", ambient: false });
const AMBIGUOUS: Located = Object.freeze({ carrier: null, reason: "ambiguous", ambient: false });

const SEMICOLON = 0x3b;

/**
 * Finds the credential in header strings alone: it runs before every check, so it cuts and builds nothing.
 * With `Authorization: Bearer` the cookie is not read at all: a browser attaches it whether script wants it or not.
 */
export function createLocate(cookieName: string): (credentials: Credentials) => Located {
  const needle = `${cookieName}=`;
  return ({ cookie, authorization }) => {
    const token = typeof authorization === "string" ? bearerToken(authorization) : null;
    if (token !== null) return { carrier: "token", credential: token, ambient: false };
    return typeof cookie === "string" ? cutTicket(cookie, needle) : ABSENT;
  };
}

/**
 * Our cookie by its exact name. A pair starts the header or follows `;`, and only SP and HTAB are blanks (RFC 6265bis §5.6): a lenient
 * parser that also drops U+00A0 or U+2000 takes a name without the prefix's protection for ours.
 */
function cutTicket(header: string, needle: string): Located {
  let ticket: string | null = null;
  let end = 0;
  for (let at = header.indexOf(needle); at !== -1; at = header.indexOf(needle, end)) {
    end = at + needle.length;
    if (!startsPair(header, at)) continue;
    const semicolon = header.indexOf(";", end);
    const value = trim(header, end, semicolon === -1 ? header.length : semicolon);
    // The order of cookies is not to be trusted (RFC 6265bis §8.6): of two different ones neither is ours.
    if (ticket !== null && ticket !== value) return AMBIGUOUS;
    ticket = value;
    if (semicolon === -1) break;
    end = semicolon;
  }
  return ticket === null ? ABSENT : { carrier: "cookie", credential: ticket, ambient: true };
}

function startsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before -= 1;
  return before < 0 || header.charCodeAt(before) === SEMICOLON;
}
