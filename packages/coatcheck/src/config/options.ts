import { ConfigError } from "../core/errors.ts";
import type { Clock, Log, Random, Store } from "../core/ports.ts";
import type { Settings, SigningAlgorithm, SignUp } from "../core/settings.ts";
import type { Duration } from "../core/time.ts";
import type { DeclaredClaims, UserDirectory } from "../core/users.ts";
import { OPTION_KEYS, refuseUnknownKeys } from "./names.ts";
import { settingsFrom } from "./settings.ts";
import type { Find } from "./settings.ts";
import { settle } from "./table.ts";

/** Groups of routes that an application can mount alone: `/auth/*`, and `/oauth/*` with the public keys. */
const ROUTE_GROUPS = ["sessions", "tokens"] as const;

/** What `coatcheck()` takes. Anything else in it is refused. */
export interface CoatcheckOptions {
  /** The public address of the application, without a query. `https`, but for localhost. */
  readonly issuer: string;
  /** Where sessions (and built-in accounts) are kept. */
  readonly store: Store;
  /**
   * The secrets: each 32 random bytes or more in base64url; the first writes, all read. A text may hold several, separated by commas.
   * Default: with a localhost issuer and an SQLite file, the one that the server made for that file; required otherwise.
   */
  readonly secret?: string | readonly string[];
  /** The application's own users. Default: built-in accounts. */
  readonly users?: UserDirectory;
  /** What else access tokens carry. Anybody who holds one can read it. Default: nothing. */
  readonly claims?: DeclaredClaims;
  /** Which routes `fetch` answers. Default: all of them. */
  readonly routes?: readonly (typeof ROUTE_GROUPS)[number][];
  /** Path that the routes stand under. Default: the issuer's own path. */
  readonly basePath?: string;
  /** Who access tokens are for. Default: the issuer. */
  readonly audience?: string;
  /** How long an access token is good. Default `"5m"`, at most `"1h"`. */
  readonly accessTtl?: Duration;
  /** How long a session lives without activity. Default `"7d"`, at least `"2m"`. */
  readonly idle?: Duration;
  /** How long a session lives at all. Default `"30d"`. */
  readonly absolute?: Duration;
  /** How long the refresh token before still yields the same successor. Default `"10s"`. */
  readonly grace?: Duration;
  /** The longest that an ended session can still be accepted anywhere. Default `"5s"`, at least `"1s"`. */
  readonly bound?: Duration;
  /** Origins besides the issuer's that may call with credentials. Default: none. */
  readonly origins?: readonly string[];
  /** Who may make an account. Default: `"at-once"` for a localhost issuer, else `"closed"`. */
  readonly signUp?: SignUp;
  /** How many proxies in front append to `X-Forwarded-For`. Default 0. */
  readonly trustedProxies?: number;
  /** Limits on failed sign-ins, and on the sessions that one user begins. Default `"on"`; `"off"` only with a localhost issuer. */
  readonly throttle?: "on" | "off";
  /** What signs access tokens. Default `"ES256"`. */
  readonly alg?: SigningAlgorithm;
  /** Opens `GET /metrics` to whoever sends it as a bearer token. Default: there is no such address; `auth.metrics()` gives the text all the same. */
  readonly metricsToken?: string;
  /** The source of time. Default: the machine's. */
  readonly clock?: Clock;
  /** The source of randomness. Default: the machine's. */
  readonly random?: Random;
  /** Where security events are written as they happen. Default: JSON lines on stderr. */
  readonly log?: Log;
}

/** The options that are no settings: parts, handed on as they are. */
const PARTS = [
  "store",
  "secret",
  "users",
  "claims",
  "routes",
  "clock",
  "random",
  "log",
] as const satisfies readonly (keyof CoatcheckOptions)[];

/**
 * The settings among the library's options, parsed; same table, names and defaults as the server's.
 * @throws ConfigError with one line: an unknown option (and the nearest right name), or what is wrong with one.
 */
export function readOptions(options: CoatcheckOptions): Settings {
  if (typeof options !== "object" || options === null) throw new ConfigError("coatcheck() needs its options: { issuer, store, … }");
  refuseUnknownKeys(Object.keys(options), [...OPTION_KEYS, ...PARTS], "option");
  for (const needed of ["issuer", "store"] as const) {
    if (options[needed] === undefined) throw new ConfigError(`the option "${needed}" is missing: coatcheck() can't do without it`);
  }
  refuseUnknownRoutes(options.routes);
  refuseBrokenParts(options);
  const given: Readonly<Record<string, unknown>> = { ...options };
  const find: Find = (name) => (given[name] === undefined ? undefined : { raw: given[name], at: `the option "${name}"` });
  return settingsFrom(find, settle("issuer", find("issuer"), ""));
}

/** What opens `/metrics`, which is a secret and so no setting that is handed around. @throws ConfigError */
export function readMetricsToken({ metricsToken: raw }: CoatcheckOptions): string | null {
  return settle("metricsToken", raw === undefined ? undefined : { raw, at: `the option "metricsToken"` }, "");
}

function refuseUnknownRoutes(routes: unknown): void {
  if (routes === undefined) return;
  if (!Array.isArray(routes) || !routes.every((group) => typeof group === "string"))
    throw new ConfigError(`the option "routes" must be a list of ${ROUTE_GROUPS.join(", ")}`);
  refuseUnknownKeys(routes, ROUTE_GROUPS, "group in routes");
}

/** Said at start, and not at the first request: a users table that is null by mistake must not mean built-in accounts that anybody can make. */
function refuseBrokenParts({ store, users, claims }: { readonly [Part in "store" | "users" | "claims"]?: unknown }): void {
  if (!has(store, "open")) throw new ConfigError(`the option "store" must be a store, like sqlite("data/app.db")`);
  if (users !== undefined && !has(users, "get")) throw new ConfigError(`the option "users" must have a function get(id)`);
  const functions = typeof claims === "object" && claims !== null && !Array.isArray(claims) ? Object.values(claims) : [claims];
  if (claims !== undefined && !functions.every((fill) => typeof fill === "function"))
    throw new ConfigError(`the option "claims" must hold a function for each claim, like { tenant: (user) => "acme" }`);
}

function has(part: unknown, method: string): boolean {
  return typeof part === "object" && part !== null && typeof Reflect.get(part, method) === "function";
}
