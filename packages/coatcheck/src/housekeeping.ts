import { FLUSH_EVERY } from "./carriers/activity.ts";
import type { Activity } from "./carriers/activity.ts";
import { tendSigningKeys } from "./carriers/token/key-changes.ts";
import type { KeyParts } from "./carriers/token/key-changes.ts";
import type { KeyRing } from "./carriers/token/keys.ts";
import { eventsOf, KEPT } from "./core/events.ts";
import type { Sid } from "./core/ids.ts";
import type { MaybePromise } from "./core/maybe.ts";
import type { Clock, Log, Random, Store } from "./core/ports.ts";
import type { Settings } from "./core/settings.ts";
import { duration, instant } from "./core/time.ts";
import type { Instant, Milliseconds } from "./core/time.ts";
import { encode } from "./crypto/base64url.ts";
import type { AuditTrail } from "./observe/audit.ts";
import type { Metrics } from "./observe/metrics.ts";
import { forgettingTime } from "./revocation/forgetting.ts";
import type { Revocations } from "./revocation/revocations.ts";

const HOUSEKEEPING_EVERY = duration("1m");
/** How often it is seen how fast an end travels. */
const PROBE_EVERY = duration("1m");
/** How long records of ended sessions are kept, for whoever asks what happened. */
const KEEP_ENDED = duration("7d");
const PURGE_BATCH = 1_000;
/** How long entries of the log are kept when they can hit nothing any more, for the case that the clock says so wrongly. */
const KEEP_EXPIRED = duration("10m");
/** How long it is remembered who asked for a lease: longer than any lease, however wrong the clock. */
const KEEP_HOLDERS = duration("1h");

export interface HouseParts {
  readonly settings: Settings;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly activity: Activity;
  readonly revocations: Revocations;
  readonly metrics: Metrics;
  readonly trail: AuditTrail;
  readonly ring: KeyRing;
  readonly keys: KeyParts;
  /** Hears of the longest access token life that any process has. */
  readonly onAccessTtl: (longest: Milliseconds) => void;
}

/** Does what has to be done from time to time, and hurts nobody when it is late. @returns what ends it. */
export function keepHouse(parts: HouseParts): () => void {
  const { clock, log, activity } = parts;
  const forgetting = forgettingTime(clock.now(), HOUSEKEEPING_EVERY);
  async function tidy(): Promise<void> {
    const now = clock.now();
    const forgotten = instant(forgetting(now) - KEEP_EXPIRED);
    if (hasRightClock(parts)) parts.revocations.prune(forgotten);
    try {
      const longest = await parts.store.feed.raiseAccessTtl(parts.settings.accessTtl);
      parts.onAccessTtl(longest);
      // Also without a word in the log: a secret file that was written by hand is heard of here.
      await parts.ring.reload();
      await tendSigningKeys(parts.keys, longest);
      await pruneLog(parts, forgotten);
      await purge(parts, now);
    } catch (error) {
      log.warn("housekeeping_failed", { cause: String(error) });
    }
  }
  const stops = [
    clock.every(PROBE_EVERY, prober(parts)),
    clock.every(FLUSH_EVERY, () => void activity.flush()),
    clock.every(HOUSEKEEPING_EVERY, () => void tidy()),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Nothing is forgotten by a clock that the store has not just found to be right. */
function hasRightClock({ revocations }: HouseParts): boolean {
  return revocations.left() > 0;
}

/** By this process's clock, for all others. */
async function pruneLog(parts: HouseParts, forgotten: Instant): Promise<void> {
  if (!hasRightClock(parts)) return;
  const { store } = parts;
  await store.feed.prune(forgotten);
  await store.feed.pruneHolders(instant(forgotten - KEEP_HOLDERS));
}

async function purge({ store, trail }: HouseParts, now: Instant): Promise<void> {
  await store.throttles.prune(now);
  await inSteps(() => store.sessions.purge(instant(now - KEEP_ENDED), PURGE_BATCH));
  await trail.tidy();
  await inSteps(() => store.audit.purge(instant(now - KEPT.deed), null, PURGE_BATCH));
  for (const kind of ["refusal", "routine"] as const)
    await inSteps(() => store.audit.purge(instant(now - KEPT[kind]), eventsOf(kind), PURGE_BATCH));
}

/** Purges until nothing is left, and lets requests through in between. */
async function inSteps(step: () => MaybePromise<number>): Promise<void> {
  while ((await step()) === PURGE_BATCH) await new Promise((go) => setImmediate(go));
}

/** One at a time: a probe lasts as long as the slowest process. */
function prober({ revocations, metrics, random, log }: HouseParts): () => void {
  const lag = metrics.revocationLag.series();
  let isProbing = false;
  async function probe(): Promise<void> {
    isProbing = true;
    try {
      await revocations.probe(encode(random.bytes(16)) as Sid, (after) => lag.observe(after / 1_000));
    } catch (error) {
      log.warn("revocation_lag_unknown", { cause: String(error) });
    } finally {
      isProbing = false;
    }
  }
  return () => {
    if (!isProbing) void probe();
  };
}
