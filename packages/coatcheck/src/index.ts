/**
 * Coatcheck keeps people logged in: one session record for each login, carried as a cookie or as a signed token, ended everywhere at once.
 * @module
 */
import { authFor } from "./auth.ts";
import type { Auth } from "./auth.ts";
import { compose } from "./compose.ts";
import { readMetricsToken, readOptions } from "./config/options.ts";
import type { CoatcheckOptions } from "./config/options.ts";
import { createRoutes } from "./http/index.ts";
import { systemClock, systemClocks } from "./server/clock.ts";
import { jsonLog } from "./server/log.ts";
import { systemRandom } from "./server/random.ts";
import { librarySecrets } from "./server/secrets.ts";

/**
 * Opens the store, brings its schema up to date and is ready to check.
 * @throws ConfigError with one line that says what is wrong and how to mend it. @throws {store_unavailable}
 */
export async function coatcheck(options: CoatcheckOptions): Promise<Auth> {
  const settings = readOptions(options);
  const composed = await compose({
    settings,
    store: options.store,
    masters: librarySecrets(options, settings),
    users: options.users ?? null,
    claims: options.claims ?? {},
    clock: options.clock ?? systemClock,
    clocks: systemClocks,
    random: options.random ?? systemRandom,
    log: options.log ?? jsonLog(),
    metricsToken: readMetricsToken(options),
  });
  return authFor(composed, createRoutes(composed.engine, options.routes));
}

export { memory } from "./stores/memory/index.ts";
export { postgres } from "./stores/postgres/index.ts";
export { sqlite } from "./stores/sqlite/index.ts";
export { CoatcheckError, ConfigError, StoreUnavailable } from "./core/errors.ts";
export type { ErrorCode } from "./core/errors.ts";
export type { Allowed, Guarded, Refusal } from "./core/guard.ts";
export type { ClientNeeds, Needs, UserNeeds } from "./core/needs.ts";
export type { Auth, Session, Started, StartOptions } from "./auth.ts";
export type { TokenResponse } from "./http/index.ts";
export type { Closing } from "./revocation/watching.ts";
export type { CoatcheckOptions } from "./config/options.ts";
export type { ClientPrincipal, Principal, RefusalReason, UserPrincipal, Verdict } from "./core/verdict.ts";
export type { CarrierName, Device, JsonValue } from "./core/session.ts";
export type { DeclaredClaims, UserDirectory, UserView } from "./core/users.ts";
export type { Duration, Instant } from "./core/time.ts";
export type { Clock, Log, Random, Store } from "./core/ports.ts";
