import { RecentMap } from "../../core/cache.ts";
import type { Sid } from "../../core/ids.ts";
import { judgeLifetime } from "../../core/lifetime.ts";
import { RecentRows } from "../../core/rows.ts";
import { isLive } from "../../core/session.ts";
import type { Found } from "../../core/session.ts";
import { chain, isPromise } from "../../core/maybe.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import type { Sessions } from "../../core/ports.ts";
import { duration } from "../../core/time.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import type { DeclaredClaims, UserDirectory, UserView } from "../../core/users.ts";
import type { Revocations } from "../../revocation/revocations.ts";
import type { Activity } from "../activity.ts";
import { principalOf } from "../principal.ts";
import { sharedText } from "../sharing.ts";
import { KnownSession, NUMBERS } from "./known-session.ts";
import type { Who } from "./known-session.ts";

export interface KnownParts {
  readonly sessions: Sessions;
  readonly users: UserDirectory;
  readonly claims: DeclaredClaims;
  readonly revocations: Pick<Revocations, "changedSince" | "ended">;
  readonly activity: Activity;
  readonly maxAge: Milliseconds;
}

/** How many sessions a process remembers at least; less than 400 bytes each. */
const CAPACITY = 50_000;

/** How long, and for how many, it is remembered that there is no such session: a client that keeps asking with what was purged costs a read at times. */
const ABSENT_FOR = duration("2s");
const ABSENT_CAPACITY = 1_000;

/** A read of the store that is on its way. */
interface Flight {
  readonly number: number;
  readonly found: Promise<KnownSession | null>;
}

/**
 * Sessions remembered between requests. Each comes with the log head that it was read at, and is read again as soon as the log says anything about
 * its session, user, client or everybody after that: a late fill loses by comparison, whatever the order of events.
 */
export class KnownSessions {
  readonly #recent = new RecentRows<Who, KnownSession>(CAPACITY, NUMBERS, (piece, nth) => new KnownSession(piece, nth));
  /** Since when they are known to be absent. */
  readonly #absent = new RecentMap<Sid, Instant>(ABSENT_CAPACITY);
  readonly #flights = new Map<Sid, Flight>();
  #flown = 0;
  readonly #parts: KnownParts;
  /** How often memory could answer, and how often not. */
  hits = 0;
  misses = 0;

  constructor(parts: KnownParts) {
    this.#parts = parts;
  }

  /**
   * From memory, if what is there still holds. Nothing is believed for longer than the log keeps its entries (an absolute age, which no read extends):
   * an entry that was pruned meanwhile could have hit it.
   */
  get(sid: Sid, now: Instant): KnownSession | null {
    const known = this.#recent.get(sid);
    if (known === null || !this.#holds(known, now)) {
      this.misses += 1;
      return null;
    }
    this.hits += 1;
    return known;
  }

  get size(): number {
    return this.#recent.size;
  }

  /** From the store; remembered. Of many who ask for the same session at the same time one reads for all. */
  read(sid: Sid, now: Instant): MaybePromise<KnownSession | null> {
    if (isWithin(this.#absent.get(sid), ABSENT_FOR, now)) return null;
    const flight = this.#flights.get(sid);
    return flight === undefined ? this.#fly(sid, now) : this.#join(sid, flight, now);
  }

  #fly(sid: Sid, now: Instant): MaybePromise<KnownSession | null> {
    const found = this.#fetch(sid, now);
    if (!isPromise(found)) return found;
    const flight: Flight = { number: ++this.#flown, found: found.finally(() => this.#land(sid, flight)) };
    this.#flights.set(sid, flight);
    return flight.found;
  }

  #land(sid: Sid, flight: Flight): void {
    if (this.#flights.get(sid) === flight) this.#flights.delete(sid);
  }

  /**
   * What it brings may have been read before the one who joins it came, so it is held against what has been heard since; and nobody is called idle by it. If
   * it is no good, any read that was begun after they came is.
   */
  #join(sid: Sid, flight: Flight, now: Instant): Promise<KnownSession | null> {
    const before = this.#flown;
    return flight.found.then((known) => {
      if (known === null || (this.#holds(known, now) && judgeLifetime(known, now) !== "idle")) return known;
      const next = this.#flights.get(sid);
      return next !== undefined && next.number > before ? next.found : this.#fly(sid, now);
    });
  }

  #holds(known: KnownSession, now: Instant): boolean {
    return isWithin(known.readAt, this.#parts.maxAge, now) && !this.#parts.revocations.changedSince(known);
  }

  /** The user is read after the session's snapshot, so that a change in between is seen as one. */
  #fetch(sid: Sid, now: Instant): MaybePromise<KnownSession | null> {
    return chain(this.#parts.sessions.find(sid), (found) => {
      // One that no ticket opens is none to us.
      if (found === null || found.session.secretHash === null) return this.#forget(sid, now);
      // What has ended for this process has ended, though the store may have lost it since: a fail-over, a restore.
      const hasEnded = !isLive(found) || this.#parts.revocations.ended(found.session);
      if (hasEnded) return this.#remember(found, found.session.secretHash, outsider("ended", found), now);
      const hash = found.session.secretHash;
      return chain(this.#parts.users.get(found.session.userId), (user) => this.#remember(found, hash, this.#whoIs(found, user), now));
    });
  }

  #forget(sid: Sid, now: Instant): null {
    this.#absent.set(sid, now);
    return null;
  }

  #whoIs(found: Found, user: UserView | null): Who {
    return user === null || user.disabled ? outsider("disabled", found) : principalOf(found.session, user, this.#parts.claims);
  }

  #remember(found: Found, secretHash: Uint8Array, who: Who, readAt: Instant): KnownSession {
    const { expiresAt, lastSeenAt, idleExpiresAt } = found.session;
    const pending = this.#parts.activity.pendingIdle(who.sid);
    const known = this.#recent.set(who.sid, who);
    known.write({
      ...{ secretHash, readAt, rsq: found.head, expiresAt, lastSeenAt, storedIdle: idleExpiresAt },
      idleExpiresAt: Math.max(idleExpiresAt, pending) as Instant,
    });
    return known;
  }
}

function outsider(kind: "ended" | "disabled", { session }: Found): Who {
  const { sid, userId, clientId } = session;
  return Object.freeze({ kind, sid, userId, clientId: sharedText(clientId) });
}

/** Whether that was not longer ago than this. A clock that was set back makes nothing young. */
function isWithin(since: Instant | undefined, age: Milliseconds, now: Instant): boolean {
  return since !== undefined && now >= since && now - since <= age;
}
