import { createAccounts } from "./accounts/accounts.ts";
import { createClientAuthentication } from "./accounts/clients.ts";
import { builtInUsers } from "./accounts/directory.ts";
import { createThrottle } from "./accounts/throttle.ts";
import { Activity, FLUSH_EVERY } from "./carriers/activity.ts";
import { cookieCarrier } from "./carriers/cookie/index.ts";
import type { CookieParts } from "./carriers/cookie/index.ts";
import { KnownSessions } from "./carriers/cookie/known.ts";
import { SessionService } from "./carriers/sessions.ts";
import { declareClaims } from "./carriers/token/claims.ts";
import { tokenCarrier } from "./carriers/token/index.ts";
import type { TokenParts } from "./carriers/token/index.ts";
import { ensureSigningKey, tendSigningKeys } from "./carriers/token/key-changes.ts";
import type { KeyParts } from "./carriers/token/key-changes.ts";
import { KeyRing } from "./carriers/token/keys.ts";
import { OAuthTokens } from "./carriers/token/oauth.ts";
import { RefreshService } from "./carriers/token/refresh.ts";
import { VerifiedTokens } from "./carriers/token/verified.ts";
import { StoreUnavailable } from "./core/errors.ts";
import type { LifetimePolicy } from "./core/lifetime.ts";
import type { AuditEvent, Clock, Log, Random, Store } from "./core/ports.ts";
import type { Settings } from "./core/settings.ts";
import { duration, instant } from "./core/time.ts";
import type { Milliseconds } from "./core/time.ts";
import type { DeclaredClaims, UserDirectory } from "./core/users.ts";
import { liveSecrets } from "./crypto/secrets.ts";
import type { Secrets } from "./crypto/secrets.ts";
import type { Engine } from "./http/engine.ts";
import { forgettingTime } from "./revocation/forgetting.ts";
import { Revocations } from "./revocation/revocations.ts";

/** What a set-up is made of. Everything that touches the world comes in here. */
export interface Ingredients {
  readonly settings: Settings;
  readonly store: Store;
  /** Gives the master secrets as they are now, 32 bytes or more each; the first writes, all read. Asked again when the log says that they changed. */
  readonly masters: () => readonly Uint8Array[];
  /** The application's own users; null for the built-in accounts. */
  readonly users: UserDirectory | null;
  readonly claims: DeclaredClaims;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Composed {
  readonly engine: Engine;
  readonly revocations: Revocations;
  close(): Promise<void>;
}

const HOUSEKEEPING_EVERY = duration("1m");
/** How long records of ended sessions are kept, for whoever asks what happened. */
const KEEP_ENDED = duration("7d");
const PURGE_BATCH = 1_000;
/** How long entries of the log are kept when they can hit nothing any more, for the case that the clock says so wrongly. */
const KEEP_EXPIRED = duration("10m");

/** What both carriers, the routes and the housekeeping share. */
interface Core {
  readonly secrets: Secrets;
  readonly ring: KeyRing;
  readonly users: UserDirectory;
  readonly revocations: Revocations;
  readonly lifetime: LifetimePolicy;
  readonly activity: Activity;
  readonly audit: Engine["audit"];
  /** Raised by any process with a longer access token life, and read again by the housekeeping. */
  maxAccessTtl: Milliseconds;
}

/** Wires everything: the only place that picks carriers, a store, a clock. @throws ConfigError, {store_unavailable} */
export async function compose(parts: Ingredients): Promise<Composed> {
  const { settings, store, clock, log } = parts;
  declareClaims(Object.keys(parts.claims));
  const core = await openCore(parts);
  await ensureSigningKey(keyPartsFor(parts, core));
  await core.revocations.sync();
  const tokenParts = tokenPartsFor(parts, core);
  const carriers = { cookie: cookieCarrier(cookiePartsFor(parts, core)), token: tokenCarrier(tokenParts) };
  const { users, activity, audit, revocations } = core;
  const engine: Engine = {
    settings,
    clock,
    log,
    store,
    users,
    accounts: parts.users === null ? createAccounts(accountParts(parts, core.secrets)) : null,
    carriers,
    sessions: new SessionService({ store, users, carriers, activity, revocations, clock, audit }),
    tokens: new RefreshService(tokenParts, { clock, log, audit }),
    clients: createClientAuthentication(
      store.clients,
      createThrottle({ ...throttleParts(parts, core.secrets), throttles: store.throttles, clock }),
    ),
    oauth: new OAuthTokens({ tokens: tokenParts, clients: store.clients }, { clock, audit }),
    keys: publicKeys(core, clock),
    audit,
  };
  const stopKeeping = keepHouse(parts, core);
  return {
    engine,
    revocations,
    close: async () => {
      stopKeeping();
      await activity.flush();
      await store.close();
    },
  };
}

/** With the store away those that were there last: they still verify what they signed, and others must not fail for our outage. */
function publicKeys({ revocations, ring }: Core, clock: Clock): Engine["keys"] {
  return {
    async jwks() {
      try {
        await revocations.sync();
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
      }
      return { keys: ring.published(clock.now()).map((key) => key.jwk) };
    },
  };
}

async function openCore({ settings, store, masters, users, clock, log }: Ingredients): Promise<Core> {
  await store.open();
  let maxAccessTtl = await store.feed.raiseAccessTtl(settings.accessTtl);
  const secrets = liveSecrets(masters);
  const ring = new KeyRing({ keys: store.keys, secrets, log, longestTtl: () => maxAccessTtl });
  await ring.load();
  const revocations = new Revocations(store.feed, clock, log, () => ring.reload());
  await revocations.sync();
  const lifetime = { idle: settings.idle, absolute: settings.absolute };
  return {
    secrets,
    ring,
    users: users ?? builtInUsers(store.users),
    revocations,
    lifetime,
    activity: new Activity(store.sessions, lifetime, log),
    audit: auditTo(store, clock, log),
    get maxAccessTtl() {
      return maxAccessTtl;
    },
    set maxAccessTtl(ttl) {
      maxAccessTtl = ttl;
    },
  };
}

function keyPartsFor({ settings, store, random, clock }: Ingredients, { secrets, audit }: Core): KeyParts {
  return { keys: store.keys, secrets, random, clock, alg: settings.alg, audit };
}

function cookiePartsFor({ settings, store, random, claims }: Ingredients, core: Core): CookieParts {
  const { secrets, lifetime, revocations, activity, users } = core;
  const known = new KnownSessions({ sessions: store.sessions, claims, maxAge: settings.accessTtl, users, revocations, activity });
  return { secrets, random, lifetime, revocations, known, activity };
}

function tokenPartsFor({ settings, store, random, claims }: Ingredients, core: Core): TokenParts {
  const { issuer, audience, accessTtl, grace } = settings;
  const { secrets, lifetime, revocations, activity, users, ring: keys } = core;
  return {
    ...{ issuer, audience, accessTtl, grace, claims, secrets, random, lifetime, revocations, activity, users, keys },
    verified: new VerifiedTokens(),
    sessions: store.sessions,
    get maxAccessTtl() {
      return core.maxAccessTtl;
    },
  };
}

/** What has to be done from time to time, and hurts nobody when it is late. */
function keepHouse(parts: Ingredients, core: Core): () => void {
  const { settings, store, clock, log } = parts;
  const forgetting = forgettingTime(clock.now(), HOUSEKEEPING_EVERY);
  async function tidy(): Promise<void> {
    const now = clock.now();
    const forgotten = instant(forgetting(now) - KEEP_EXPIRED);
    core.revocations.prune(forgotten);
    try {
      core.maxAccessTtl = await store.feed.raiseAccessTtl(settings.accessTtl);
      // Also without a word in the log: a secret file that was written by hand is heard of here.
      await core.ring.reload();
      await store.feed.prune(forgotten);
      await store.throttles.prune(now);
      await store.sessions.purge(instant(now - KEEP_ENDED), PURGE_BATCH);
      await tendSigningKeys(keyPartsFor(parts, core), core.maxAccessTtl);
    } catch (error) {
      log.warn("housekeeping_failed", { cause: String(error) });
    }
  }
  const stops = [clock.every(FLUSH_EVERY, () => void core.activity.flush()), clock.every(HOUSEKEEPING_EVERY, () => void tidy())];
  return () => {
    for (const stop of stops) stop();
  };
}

function accountParts(parts: Ingredients, secrets: Secrets): Parameters<typeof createAccounts>[0] {
  const { store, settings, clock, random, log } = parts;
  return {
    users: store.users,
    throttles: store.throttles,
    issuerHost: new URL(settings.issuer).hostname,
    throttle: throttleParts(parts, secrets),
    ...{ clock, random, log },
  };
}

function throttleParts({ settings }: Ingredients, secrets: Secrets): Parameters<typeof createAccounts>[0]["throttle"] {
  return { enabled: settings.throttle, key: () => secrets.writer.throttleKey, privateNetworks: settings.trustedProxies > 0 };
}

/** Security events go to the log at once and to the trail in the store. What has happened is not undone by a trail that can't be written. */
function auditTo(store: Store, clock: Clock, log: Log): Engine["audit"] {
  return async (event: Omit<AuditEvent, "at">) => {
    log.info(event.event, { userId: event.userId, sid: event.sid, ip: event.ip, carrier: event.carrier, ...event.detail });
    try {
      await store.audit.append({ ...event, at: clock.now() });
    } catch (error) {
      log.error("audit_not_written", { event: event.event, cause: String(error) });
    }
  };
}
