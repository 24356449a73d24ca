import { createAccounts } from "./accounts/accounts.ts";
import { createClientAuthentication } from "./accounts/clients.ts";
import { createHasher } from "./accounts/hashing.ts";
import { observedHasher } from "./accounts/observed.ts";
import { builtInUsers } from "./accounts/directory.ts";
import { createThrottle } from "./accounts/throttle.ts";
import { Activity } from "./carriers/activity.ts";
import { createCaps } from "./carriers/caps.ts";
import { cookieCarrier } from "./carriers/cookie/index.ts";
import type { CookieParts } from "./carriers/cookie/index.ts";
import { KnownSessions } from "./carriers/cookie/known.ts";
import { observedCarrier } from "./carriers/observed.ts";
import { SessionService } from "./carriers/sessions.ts";
import { declareClaims } from "./carriers/token/declared.ts";
import { tokenCarrier } from "./carriers/token/index.ts";
import type { TokenParts } from "./carriers/token/index.ts";
import { ensureSigningKey } from "./carriers/token/key-changes.ts";
import type { KeyParts } from "./carriers/token/key-changes.ts";
import { KeyRing } from "./carriers/token/keys.ts";
import { OAuthTokens } from "./carriers/token/oauth.ts";
import { RefreshService } from "./carriers/token/refresh.ts";
import { VerifiedTokens } from "./carriers/token/verified.ts";
import { StoreUnavailable } from "./core/errors.ts";
import type { LifetimePolicy } from "./core/lifetime.ts";
import type { Clock, Log, Random, Store } from "./core/ports.ts";
import type { Settings } from "./core/settings.ts";
import type { Milliseconds } from "./core/time.ts";
import type { DeclaredClaims, UserDirectory } from "./core/users.ts";
import { liveSecrets } from "./crypto/secrets.ts";
import type { Secrets } from "./crypto/secrets.ts";
import { encode } from "./crypto/base64url.ts";
import { equal } from "./crypto/constant-time.ts";
import { sha256, sha256Text } from "./crypto/hash.ts";
import { ChangeFeed } from "./http/changes/feed.ts";
import type { Engine } from "./http/engine.ts";
import { keepHouse } from "./housekeeping.ts";
import type { HouseParts } from "./housekeeping.ts";
import { createAuditTrail } from "./observe/audit.ts";
import type { AuditTrail } from "./observe/audit.ts";
import { openTelemetry } from "./observe/open-telemetry.ts";
import { createMetrics } from "./observe/metrics.ts";
import type { Metrics } from "./observe/metrics.ts";
import { observeProcess } from "./observe/process.ts";
import { observedStore } from "./observe/store.ts";
import type { Tracer } from "./observe/tracer.ts";
import type { MachineClocks } from "./revocation/elapsed.ts";
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
  /** The same machine's clocks, each for itself: what a lease is measured by. */
  readonly clocks: MachineClocks;
  readonly random: Random;
  readonly log: Log;
  /** Spans for the requests of this set-up. Default: those of OpenTelemetry, if it is there. */
  readonly tracer?: Tracer | null;
  /** What opens `/metrics`. Default: nothing does. */
  readonly metricsToken?: string | null;
  /** Whether each request gets a line in the log. Default: no, an application has a log of its own. */
  readonly logRequests?: boolean;
}

export interface Composed {
  readonly engine: Engine;
  readonly revocations: Revocations;
  close(): Promise<void>;
}

/** What looks on: the store is watched from here on, and the trail is written. */
interface Watch {
  readonly metrics: Metrics;
  readonly tracer: Tracer | null;
  readonly trail: AuditTrail;
}

/** What both carriers, the routes and the housekeeping share. */
interface Core extends Watch {
  readonly secrets: Secrets;
  readonly ring: KeyRing;
  readonly users: UserDirectory;
  readonly revocations: Revocations;
  readonly lifetime: LifetimePolicy;
  readonly activity: Activity;
  /** Raised by any process with a longer access token life, and read again by the housekeeping. */
  maxAccessTtl: Milliseconds;
}

/** Wires everything: the only place that picks carriers, a store, a clock. @throws ConfigError, {store_unavailable} */
export async function compose(given: Ingredients): Promise<Composed> {
  const [parts, watch] = await watched(given);
  const { settings, store, clock, log } = parts;
  declareClaims(Object.keys(parts.claims));
  const core = await openCore(parts, watch);
  await ensureSigningKey(keyPartsFor(parts, core));
  await core.revocations.sync();
  const tokenParts = tokenPartsFor(parts, core);
  const { users, activity, revocations, metrics, trail } = core;
  const carriers = {
    cookie: observedCarrier(cookieCarrier(cookiePartsFor(parts, core)), metrics),
    token: observedCarrier(tokenCarrier(tokenParts), metrics),
  };
  const audit: Engine["audit"] = (event) => trail.write(event);
  const caps = createCaps(store.throttles, clock, settings.throttle);
  const engine: Engine = {
    settings,
    clock,
    log,
    store,
    users,
    accounts: parts.users === null ? createAccounts(accountParts(parts, core)) : null,
    carriers,
    sessions: new SessionService({ store, users, carriers, activity, revocations, clock, audit, caps }),
    clients: clientsOf(parts, core),
    oauth: new OAuthTokens({ tokens: tokenParts, clients: store.clients }, { clock, audit }),
    tokens: new RefreshService(tokenParts, { clock, log, metrics, audit }),
    keys: publicKeys(core, clock),
    revocations,
    changes: new ChangeFeed({ feed: store.feed, clock, log, metrics, bound: settings.bound }),
    audit,
    ...observedBy(parts, core),
  };
  const stopKeeping = keepHouse(houseParts(parts, core));
  const stopWatching = observeProcess(metrics);
  return {
    engine,
    revocations,
    close: async () => {
      engine.changes.close();
      stopKeeping();
      stopWatching();
      revocations.close();
      await activity.flush();
      await trail.close();
      await store.close();
    },
  };
}

function houseParts(parts: Ingredients, core: Core): HouseParts {
  const { settings, store, clock, log, random } = parts;
  const { activity, revocations, metrics, trail, ring } = core;
  const onAccessTtl = (longest: Milliseconds): void => void (core.maxAccessTtl = longest);
  return {
    ...{ settings, store, clock, log, random, activity, revocations, metrics, trail, ring },
    keys: keyPartsFor(parts, core),
    onAccessTtl,
  };
}

function clientsOf(parts: Ingredients, { secrets }: Core): Engine["clients"] {
  const { store, clock } = parts;
  return createClientAuthentication(store.clients, createThrottle({ ...throttleParts(parts, secrets), throttles: store.throttles, clock }));
}

type Observed = Pick<Engine, "instance" | "metrics" | "tracer" | "opensMetrics" | "logRequests">;

function observedBy({ random, metricsToken = null, logRequests = false }: Ingredients, { metrics, tracer }: Core): Observed {
  const digest = metricsToken === null ? null : sha256(metricsToken);
  // Compared by their hashes, which are of one length: a near miss takes as long as a far one.
  const opensMetrics = digest === null ? null : (token: string) => equal(sha256(token), digest);
  return { instance: encode(random.bytes(6)), metrics, tracer, opensMetrics, logRequests };
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

/** The same ingredients with a store that is watched, and who watches. */
async function watched(given: Ingredients): Promise<readonly [Ingredients, Watch]> {
  const { clock, log } = given;
  const metrics = createMetrics(() => performance.now());
  const tracer = given.tracer === undefined ? await openTelemetry() : given.tracer;
  const store = observedStore(given.store, metrics, tracer);
  return [
    { ...given, store },
    { metrics, tracer, trail: createAuditTrail({ audit: store.audit, clock, log, metrics }) },
  ];
}

async function openCore({ settings, store, masters, users, clock, clocks, random, log }: Ingredients, watch: Watch): Promise<Core> {
  await store.open();
  let maxAccessTtl = await store.feed.raiseAccessTtl(settings.accessTtl);
  const secrets = liveSecrets(masters);
  const ring = new KeyRing({ keys: store.keys, secrets, log, longestTtl: () => maxAccessTtl });
  await ring.load();
  const { bound } = settings;
  const holder = `node ${encode(random.bytes(12))}`;
  const revocations = new Revocations({ feed: store.feed, clock, clocks, log, bound, holder, readKeys: () => ring.reload() });
  await revocations.open();
  const lifetime = { idle: settings.idle, absolute: settings.absolute };
  return {
    secrets,
    ring,
    ...watch,
    users: users ?? builtInUsers(store.users),
    revocations,
    lifetime,
    activity: new Activity(store.sessions, lifetime, log),
    get maxAccessTtl() {
      return maxAccessTtl;
    },
    set maxAccessTtl(ttl) {
      maxAccessTtl = ttl;
    },
  };
}

function keyPartsFor({ settings, store, random, clock }: Ingredients, { secrets, trail }: Core): KeyParts {
  return { keys: store.keys, secrets, random, clock, alg: settings.alg, audit: (event) => trail.write(event) };
}

function cookiePartsFor({ settings, store, random, claims }: Ingredients, core: Core): CookieParts {
  const { secrets, lifetime, revocations, activity, users, metrics } = core;
  const known = new KnownSessions({ sessions: store.sessions, claims, maxAge: settings.accessTtl, users, revocations, activity });
  metrics.onScrape(() => {
    cacheMetrics(metrics, "sessions", known);
    metrics.revocationHead.cell().value = revocations.head;
    metrics.revocationEntries.cell().value = revocations.size;
    metrics.leaseLeft.cell().value = Math.max(0, revocations.left() / 1_000);
    metrics.leaseLapsed.cell("asked").value = revocations.lapsed.asked;
    metrics.leaseLapsed.cell("apart").value = revocations.lapsed.apart;
    metrics.leaseLapsed.cell("unknown").value = revocations.lapsed.unknown;
  });
  return { secrets, random, lifetime, revocations, known, activity, junk: metrics.junk.cell("cookie") };
}

function tokenPartsFor({ settings, store, random, claims }: Ingredients, core: Core): TokenParts {
  const { issuer, audience, accessTtl, grace } = settings;
  const { secrets, lifetime, revocations, activity, users, metrics, ring: keys } = core;
  const verified = new VerifiedTokens(sha256Text);
  metrics.onScrape(() => cacheMetrics(metrics, "tokens", verified));
  return {
    ...{ issuer, audience, accessTtl, grace, claims, secrets, random, lifetime, revocations, activity, users, keys },
    verified,
    junk: { accessToken: metrics.junk.cell("access_token"), refreshToken: metrics.junk.cell("refresh_token") },
    sessions: store.sessions,
    get maxAccessTtl() {
      return core.maxAccessTtl;
    },
  };
}

function cacheMetrics(metrics: Metrics, cache: "sessions" | "tokens", { size, hits, misses }: KnownSessions | VerifiedTokens): void {
  metrics.cacheEntries.cell(cache).value = size;
  metrics.cacheHits.cell(cache).value = hits;
  metrics.cacheMisses.cell(cache).value = misses;
}

function accountParts(parts: Ingredients, { secrets, metrics, tracer }: Core): Parameters<typeof createAccounts>[0] {
  const { store, settings, clock, random, log } = parts;
  return {
    users: store.users,
    throttles: store.throttles,
    issuerHost: new URL(settings.issuer).hostname,
    throttle: throttleParts(parts, secrets),
    hasher: observedHasher(createHasher({ random }), metrics, tracer),
    ...{ clock, random, log },
  };
}

function throttleParts({ settings }: Ingredients, secrets: Secrets): Parameters<typeof createAccounts>[0]["throttle"] {
  return { enabled: settings.throttle, key: () => secrets.writer.throttleKey, privateNetworks: settings.trustedProxies > 0 };
}
