import { getAccount } from "./account.ts";
import { getConfirm, postConfirm } from "./confirm.ts";
import { postEnd, postEndAll, postEndOthers } from "./end.ts";
import { getErrors } from "./errors.ts";
import { getHome } from "./home.ts";
import { postPassword } from "./password.ts";
import { showProblem } from "./problem.ts";
import { getSignIn, postSignIn } from "./sign-in.ts";
import { postSignOut } from "./sign-out.ts";
import { getSignUp, postSignUp } from "./sign-up.ts";
import { createSite } from "./site.ts";
import type { PagesOptions, Peer, Visit } from "./site.ts";
import { getStylesheet } from "./stylesheet.ts";

export type { PagesOptions, Peer } from "./site.ts";

type Handler = (visit: Visit) => Promise<Response>;

interface Route {
  readonly GET?: Handler;
  readonly POST?: Handler;
}

/** Every address, below the base path, with what it does. */
const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/", { GET: getHome }],
  ["/sign-in", { GET: getSignIn, POST: postSignIn }],
  ["/sign-up", { GET: getSignUp, POST: postSignUp }],
  ["/sign-out", { POST: postSignOut }],
  ["/account", { GET: getAccount }],
  ["/account/end", { POST: postEnd }],
  ["/account/end-others", { POST: postEndOthers }],
  ["/account/end-all", { POST: postEndAll }],
  ["/account/password", { POST: postPassword }],
  ["/account/confirm", { GET: getConfirm, POST: postConfirm }],
  ["/errors", { GET: getErrors }],
  ["/assets/coatcheck.css", { GET: getStylesheet }],
]);

export interface Pages {
  /** @returns null if the address is none of the pages', whatever the method. */
  fetch(request: Request, peer?: Peer): Promise<Response | null>;
}

/**
 * Sign-in, sign-up and account pages: rendered on the server, without a line of script, and a client of the HTTP API like any other.
 * Never throws for what a browser sends; what `api` throws goes through.
 */
export function createPages(options: PagesOptions): Pages {
  const site = createSite(options);
  return {
    async fetch(request, peer) {
      const route = findRoute(site.basePath, new URL(request.url).pathname);
      if (route === null) return null;
      if (peer?.note !== undefined) peer.note.route = new URL(request.url).pathname.slice(site.basePath.length) || "/";
      const visit: Visit = { site, request, peer };
      const handler = handlerOf(route, request.method);
      if (handler === undefined) return showProblem(visit, "method_not_allowed", { headers: { allow: allowOf(route) } });
      const response = await handler(visit);
      return request.method === "HEAD" ? new Response(null, response) : response;
    },
  };
}

/** Exact spellings alone: `/sign-in/`, `//sign-in` and `/sign%2din` are other addresses, and nobody's. */
function findRoute(basePath: string, pathname: string): Route | null {
  if (!pathname.startsWith(basePath)) return null;
  return ROUTES.get(pathname.slice(basePath.length) || "/") ?? null;
}

/** HEAD is GET without the body (RFC 9110 §9.3.2). */
function handlerOf({ GET, POST }: Route, method: string): Handler | undefined {
  if (method === "POST") return POST;
  return method === "GET" || method === "HEAD" ? GET : undefined;
}

function allowOf({ GET, POST }: Route): string {
  return [...(GET === undefined ? [] : ["GET", "HEAD"]), ...(POST === undefined ? [] : ["POST"])].join(", ");
}
