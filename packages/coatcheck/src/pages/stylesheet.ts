import { headersOf } from "./respond.ts";
import type { Visit } from "./site.ts";
import { STYLESHEET, STYLESHEET_ADDRESS } from "./styles.ts";

/**
 * One stylesheet for all pages, kept by browsers for good under the address that names its content. Under any other query it is served too but not
 * kept: while servers of two versions stand side by side, a page of one finds a stylesheet at the other, and no cache keeps the wrong one.
 */
export async function getStylesheet(visit: Visit): Promise<Response> {
  const { pathname, search } = new URL(visit.request.url);
  const named = (pathname + search).endsWith(STYLESHEET_ADDRESS);
  const headers = headersOf(visit, { headers: { "content-type": "text/css; charset=utf-8" } });
  headers.set("cache-control", named ? "public, max-age=31536000, immutable" : "no-cache");
  return new Response(STYLESHEET, { headers });
}
