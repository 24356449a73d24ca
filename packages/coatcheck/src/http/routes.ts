import { CoatcheckError, StoreUnavailable } from "../core/errors.ts";
import type { Shown } from "../carriers/carrier.ts";
import type { Answer } from "./answer.ts";
import { fromOf, openCall } from "./call.ts";
import type { Peer } from "./call.ts";
import type { Check, Engine } from "./engine.ts";
import { preflight, respond } from "./headers.ts";
import { hand } from "./issued.ts";
import type { Handed } from "./issued.ts";
import type { Note } from "./note.ts";
import { createObserve } from "./observe.ts";
import type { Observe, WatchedPeer } from "./observe.ts";
import { OAuthError } from "./oauth-errors.ts";
import { answerable, hasOAuthErrors, oauthProblem, problem } from "./problem.ts";
import type { Method, Route, RouteGroup } from "./route.ts";
import { PATHS } from "./routes/metadata.ts";
import { auditAmbiguous, createSite } from "./site.ts";
import type { Site } from "./site.ts";
import { createRouter, routeTable } from "./table.ts";
import type { Address } from "./table.ts";
import { readTarget } from "./target.ts";
import type { Target } from "./target.ts";

/** HTTP, the whole of it: a Request goes in, a Response comes out, and nothing is thrown. */
export interface Routes {
  /** Answers what stands under the base path, and {@link wellKnown}; 404 for anything else. */
  readonly fetch: (request: Request, peer?: Peer) => Promise<Response>;
  /** What stands under `/.well-known/` at the root of the host, wherever the rest is mounted (RFC 8414 §3.1). Null for any other path. */
  readonly wellKnown: (request: Request, peer?: Peer) => Promise<Response | null>;
  /** Watches a request that is answered beside these routes: a page, whose calls of them are parts of it. */
  readonly observe: Observe;
  readonly check: Check;
  /** How a new credential is handed to its client. */
  readonly hand: (shown: Shown) => Handed;
  /** Every route that is mounted, as data. */
  readonly table: readonly Route[];
}

/** @param groups which routes are mounted; all unless given. `/healthz` and `/readyz` always are. */
export function createRoutes(engine: Engine, groups: readonly Exclude<RouteGroup, "operations">[] = ["sessions", "tokens"]): Routes {
  const { basePath, issuer } = engine.settings;
  const site = createSite(engine);
  const table = routeTable(engine, [...groups, "operations"]);
  const find = createRouter(table);
  const documents = wellKnownDocuments(issuer);
  const observe = createObserve(engine);

  function addressOf({ path, isCanonical }: Target): Address | null {
    if (!isCanonical) return null;
    const below = path.startsWith(`${basePath}/`) ? find(path.slice(basePath.length)) : null;
    return below ?? wellKnownAddressOf(path);
  }

  function wellKnownAddressOf(path: string): Address | null {
    const document = documents.get(path);
    return document === undefined ? null : find(document);
  }

  async function fetch(request: Request, peer: Peer = {}): Promise<Response> {
    const target = readTarget(request, peer);
    return observe(request, peer, (watched) => answer(site, request, watched, addressOf(target), target));
  }

  async function wellKnown(request: Request, peer: Peer = {}): Promise<Response | null> {
    const target = readTarget(request, peer);
    const address = target.isCanonical ? wellKnownAddressOf(target.path) : null;
    return address === null ? null : observe(request, peer, (watched) => answer(site, request, watched, address, target));
  }

  return { fetch, wellKnown, observe, check: site.check, hand: (shown) => hand(shown, site.cookies, engine.clock.now()), table };
}

/**
 * Every path at the root of the host that one of our documents stands at, and which. With an issuer that has a path they stand between host and
 * path (RFC 8414 §3.1), and many look for them after it. The keys stand at the root besides; the metadata there is that of an issuer without a path.
 */
function wellKnownDocuments(issuer: string): ReadonlyMap<string, string> {
  const { pathname } = new URL(issuer);
  if (pathname === "/") return new Map([PATHS.jwks, PATHS.metadata].map((it) => [it, it]));
  const beside = [PATHS.jwks, PATHS.metadata].flatMap((it) => [[`${it}${pathname}`, it] as const, [`${pathname}${it}`, it] as const]);
  return new Map([[PATHS.jwks, PATHS.jwks], ...beside]);
}

async function answer(site: Site, request: Request, peer: WatchedPeer, address: Address | null, target: Target): Promise<Response> {
  return respond(await run(site, request, peer, address, target), request, site.headers);
}

async function run(site: Site, request: Request, peer: WatchedPeer, address: Address | null, target: Target): Promise<Answer> {
  const { note } = peer;
  const below = target.path.slice(site.engine.settings.basePath.length);
  if (address === null) return explain(site, below, new CoatcheckError("not_found"), note);
  const { path, methods, params } = address;
  note.route ??= path;
  const allowed = [...methods.keys()].flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  if (isPreflight(site, request)) return preflight(allowed);
  const route = methods.get((request.method === "HEAD" ? "GET" : request.method) as Method);
  if (route === undefined) {
    const refusal = explain(site, path, new CoatcheckError("method_not_allowed"), note);
    return { ...refusal, headers: { ...refusal.headers, Allow: allowed.join(", ") } };
  }
  try {
    const call = openCall(site, request, peer, { route: path, params, query: target.query });
    if (call.located.carrier === null && call.located.reason === "ambiguous") await auditAmbiguous(site.engine, fromOf(call));
    return await route.run(call);
  } catch (thrown) {
    return failed(site, path, thrown, note);
  }
}

/** Only for origins that may call: to all others OPTIONS is a method like any that is not there. */
function isPreflight({ headers }: Site, request: Request): boolean {
  const origin = request.headers.get("origin");
  return request.method === "OPTIONS" && origin !== null && headers.origins.has(origin);
}

/** The last resort: whatever was thrown has an answer, and what is our own fault has one line in the log. */
function failed(site: Site, path: string, thrown: unknown, note: Note): Answer {
  const error = answerable(thrown);
  if (error instanceof CoatcheckError && error.status >= 500) {
    const { log } = site.engine;
    if (error.status === 500) log.error("internal_error", { route: path, request: note.id, cause: error.cause ?? error });
    else log.warn(error.code, { route: path, request: note.id, cause: error.cause, ...mendOf(error) });
  }
  return explain(site, path, error, note);
}

function mendOf(error: CoatcheckError): { readonly mend?: string } {
  return error instanceof StoreUnavailable && error.mend !== null ? { mend: error.mend } : {};
}

function explain({ engine }: Site, path: string, error: CoatcheckError | OAuthError, note: Note): Answer {
  const { metrics, settings } = engine;
  note.error = error instanceof OAuthError ? error.error : error.code;
  metrics.errors.cell(note.error).value += 1;
  if (error.status === 429) metrics.throttled.cell(path).value += 1;
  if (error instanceof OAuthError || hasOAuthErrors(path)) return oauthProblem(error);
  return problem(error, settings.issuer);
}
