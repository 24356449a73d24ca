import { cookieNameOf } from "./api.ts";
import type { Effects } from "./api.ts";
import type { Html } from "./html.ts";
import { renderDocument } from "./layout.ts";
import type { PagePath, Visit } from "./site.ts";

/** What an answer carries besides its page. */
export interface Extras {
  /** Answers of the API whose effects reach the browser with this one; of one cookie the last value counts. */
  readonly effects?: readonly Effects[];
  /** Whole `Set-Cookie` values of the pages themselves. */
  readonly setCookies?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Page {
  /** Of the page, without the product's name. */
  readonly title: string;
  readonly main: Html;
  /** 200 unless given. */
  readonly status?: number;
  /** Whether the way out is shown: on every page that only a signed-in person sees (ASVS 7.4.4). */
  readonly signedIn?: boolean;
  /** How wide the content may grow: `ticket` for a single form, `sheet` for reading; `ticket` unless given. */
  readonly shape?: "ticket" | "sheet";
}

/**
 * What every answer carries. No script may run at all, so there is no `script-src` to get wrong.
 *
 * `Referrer-Policy` is `same-origin` and not `no-referrer`: under the latter a browser sends `Origin: null` with a form, even to the page's own
 * origin (Fetch §3.2, "append a request Origin header"), and one without Fetch Metadata would then fail the origin check. Nothing goes to other
 * origins either way.
 */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

export function showPage(visit: Visit, page: Page, extras: Extras = {}): Response {
  const headers = headersOf(visit, extras);
  headers.set("content-type", "text/html; charset=utf-8");
  return new Response(renderDocument(visit.site, page).toString(), { status: page.status ?? 200, headers });
}

/** Answers a form, or sends on to another page: 303, so that the next request is a GET and a reload repeats nothing (RFC 9110 §15.4.4). */
export function goTo(visit: Visit, path: PagePath, extras: Extras = {}): Response {
  const headers = headersOf(visit, extras);
  // A path and no host: a forged Host header has nothing to poison.
  headers.set("location", visit.site.basePath + path);
  return new Response(null, { status: 303, headers });
}

/** The headers that every answer of the pages carries, with those of `extras`. */
export function headersOf(visit: Visit, { effects = [], setCookies = [], headers = {} }: Extras): Headers {
  const all = new Headers({ ...SECURITY_HEADERS, ...headers });
  if (visit.site.secure) all.set("strict-transport-security", "max-age=63072000; includeSubDomains");
  const passedOn = new Map(effects.flatMap((effect) => effect.setCookies).map((value) => [cookieNameOf(value), value]));
  for (const value of [...passedOn.values(), ...setCookies]) all.append("set-cookie", value);
  const clear = effects.map((effect) => effect.clearSiteData).findLast((value) => value !== null);
  if (clear !== undefined && clear !== null) all.set("clear-site-data", clear);
  return all;
}
