import { chain } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Sid } from "../core/ids.ts";
import { slide } from "../core/lifetime.ts";
import type { LifetimePolicy } from "../core/lifetime.ts";
import type { Log, Sessions, Touch } from "../core/ports.ts";
import { duration, instant } from "../core/time.ts";
import type { Instant, Milliseconds } from "../core/time.ts";

/** How often noted activity is written: also the most that a crash can lose of it. */
export const FLUSH_EVERY: Milliseconds = duration("30s");

/** How exactly activity is noted at all: a client that asks a thousand times a second is noted once. */
const NOTE_EVERY: Milliseconds = duration("1s");

const LEAST_MARGIN: Milliseconds = duration("60s");

/** The deadlines of a session as this process last saw them; `note` moves them forward. */
export interface Seen {
  readonly sid: Sid;
  readonly expiresAt: Instant;
  lastSeenAt: Instant;
  idleExpiresAt: Instant;
  /** The idle deadline that is known to be in the store. */
  storedIdle: Instant;
}

/**
 * Sliding expiry without a write for each request: activity is noted in memory and written in batches. Only when the stored deadline comes near is
 * it written before the answer, so that no other process, and no crash, takes somebody active for idle.
 */
export class Activity {
  readonly #sessions: Sessions;
  readonly #policy: LifetimePolicy;
  readonly #log: Log;
  readonly #margin: number;
  #noted = new Map<Sid, Touch>();

  constructor(sessions: Sessions, policy: LifetimePolicy, log: Log) {
    this.#sessions = sessions;
    this.#policy = policy;
    this.#log = log;
    this.#margin = Math.max(LEAST_MARGIN, policy.idle / 10);
  }

  /** Somebody used this session at `now`: its idle deadline slides. */
  slide(seen: Seen, now: Instant): MaybePromise<void> {
    if (now - seen.lastSeenAt < NOTE_EVERY) return undefined;
    seen.lastSeenAt = now;
    seen.idleExpiresAt = slide(this.#policy, seen.expiresAt, now);
    const touch = { sid: seen.sid, lastSeenAt: now, idleExpiresAt: seen.idleExpiresAt };
    if (seen.storedIdle - now >= this.#margin || seen.storedIdle >= seen.idleExpiresAt) {
      this.#noted.set(seen.sid, touch);
      return undefined;
    }
    return chain(this.#sessions.touch([touch]), () => void (seen.storedIdle = touch.idleExpiresAt));
  }

  /** Somebody used an access token: shown in the list of devices, but it moves no deadline (refreshing does). */
  sighted(sid: Sid, now: Instant): void {
    this.#noted.set(sid, { sid, lastSeenAt: now, idleExpiresAt: instant(0) });
  }

  /** The idle deadline of this session that is noted but not written yet. */
  pendingIdle(sid: Sid): Instant {
    return this.#noted.get(sid)?.idleExpiresAt ?? instant(0);
  }

  /** Writes what was noted. What can't be written now is kept for the next time. */
  async flush(): Promise<void> {
    if (this.#noted.size === 0) return;
    const batch = this.#noted;
    this.#noted = new Map();
    try {
      await this.#sessions.touch([...batch.values()]);
    } catch (error) {
      for (const [sid, touch] of batch) if (!this.#noted.has(sid)) this.#noted.set(sid, touch);
      this.#log.warn("activity_not_written", { waiting: this.#noted.size, cause: String(error) });
    }
  }
}
