import { ERRORS } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { cookieName } from "../core/settings.ts";
import type { Effects, Refusal } from "./api.ts";
import { setFlash } from "./flash.ts";
import type { Flash } from "./flash.ts";
import { html } from "./html.ts";
import { goTo, showPage } from "./respond.ts";
import type { PagePath, Visit } from "./site.ts";

interface Words {
  readonly heading: string;
  readonly text: string;
}

/** What the codes mean to somebody in front of a page; the catalogue's own words are for whoever calls the API. */
const WORDS: Readonly<Partial<Record<ErrorCode, Words>>> = {
  bad_request: {
    heading: "This form could not be read",
    text: "Nothing has been changed. Open the page again and send the form from there.",
  },
  cross_origin: {
    heading: "This form came from somewhere else",
    text: "It was not sent from our own page, so nothing has been changed. If you meant to do this, open the page here and try again.",
  },
  method_not_allowed: { heading: "This address can't be used that way", text: "Nothing has been changed." },
  too_large: { heading: "That is too much", text: "Nothing has been changed. A form may hold 64 kB at most." },
  unsupported_media_type: {
    heading: "This form could not be read",
    text: "Nothing has been changed. Open the page again and send the form from there.",
  },
  too_many_requests: { heading: "Too many tries", text: "Wait a while, then try again." },
  too_many_sessions: {
    heading: "This account signs in too often",
    text: "Wait a while, then try again. Where you are signed in you still are.",
  },
  store_unavailable: {
    heading: "We can't look that up right now",
    text: "Our records are out of reach for a moment. Nobody has been logged out. Please try again shortly.",
  },
  overloaded: { heading: "Too much is going on at once", text: "Nobody has been logged out. Please try again in a moment." },
};

export interface ProblemExtras {
  /** Seconds, for `Retry-After`. */
  readonly retryAfter?: number | null;
  readonly effects?: readonly Effects[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the code's own. */
  readonly words?: Words;
}

/** A page that says what went wrong, with the code's status. */
export function showProblem(
  visit: Visit,
  code: ErrorCode,
  { retryAfter = null, effects = [], headers = {}, words }: ProblemExtras = {},
): Response {
  const { heading, text } = words ?? WORDS[code] ?? { heading: ERRORS[code].title, text: ERRORS[code].mend };
  const main = html`<h1>${heading}</h1>
    <p>${text}</p>
    <p><a href="${visit.site.basePath}/">${ERRORS[code].status >= 500 ? "Try again" : "Go on"}</a></p>`;
  const wait = retryAfter === null ? {} : { "retry-after": String(retryAfter) };
  return showPage(visit, { title: heading, main, status: ERRORS[code].status }, { effects, headers: { ...headers, ...wait } });
}

/** Refusals that somebody can mend in the form itself. */
const MENDABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "invalid_credentials",
  "invalid_input",
  "weak_password",
  "email_taken",
  "too_many_requests",
  "too_many_sessions",
  "sign_up_closed",
]);

/**
 * What a refusal of the API becomes: back to the form with the reason if it can be mended there, to sign-in if nobody is logged in any more, else a
 * page of its own.
 * @param back where the form is, and what to hand it besides the reason; null if the form is a mere button.
 * @param before earlier answers of the same visit, whose cookies count.
 */
export function showRefusal(
  visit: Visit,
  refusal: Refusal,
  back: { readonly page: PagePath; readonly flash: Flash } | null,
  before: readonly Effects[] = [],
): Response {
  const effects = [...before, refusal];
  const { code, fields, retryAfter } = refusal;
  if (code === "unauthenticated") return goToSignIn(visit, effects);
  if (back === null || !MENDABLE.has(code)) return showProblem(visit, code, { retryAfter, effects });
  const flash = { ...back.flash, code, fields, retryAfter: retryAfter ?? undefined };
  return goTo(visit, back.page, { effects, setCookies: [setFlash(visit.site, back.page, flash)] });
}

/** To sign-in; with a kind line if the browser did show a session of ours, so that nobody wonders where it went. */
function goToSignIn(visit: Visit, effects: readonly Effects[]): Response {
  const { site, request } = visit;
  const name = `${cookieName(site.issuer)}=`;
  const hadSession = (request.headers.get("cookie") ?? "").split("; ").some((pair) => pair.startsWith(name));
  return goTo(visit, "/sign-in", { effects, setCookies: hadSession ? [setFlash(site, "/sign-in", { note: "session_over" })] : [] });
}
