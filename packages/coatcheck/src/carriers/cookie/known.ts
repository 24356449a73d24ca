import { RecentMap } from "../../core/cache.ts";
import type { Sid } from "../../core/ids.ts";
import { isLive } from "../../core/session.ts";
import type { Found } from "../../core/session.ts";
import { chain } from "../../core/maybe.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import type { Sessions } from "../../core/ports.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import type { DeclaredClaims, UserDirectory, UserView } from "../../core/users.ts";
import type { UserPrincipal } from "../../core/verdict.ts";
import type { Revocations } from "../../revocation/revocations.ts";
import type { Activity, Seen } from "../activity.ts";
import { principalOf } from "../principal.ts";

/** A session as this process remembers it. */
export interface Known {
  readonly found: Found;
  /** Null if the user is gone or disabled. */
  readonly principal: UserPrincipal | null;
  readonly seen: Seen;
  readonly readAt: Instant;
}

/** How many sessions a process remembers at least; about 1 kB each. */
const CAPACITY = 50_000;

/**
 * Sessions remembered between requests. Each comes with the log head that it was read at, and is read again as soon as the log says anything about
 * its session, user, client or everybody after that: a late fill loses by comparison, whatever the order of events.
 */
export class KnownSessions {
  readonly #recent = new RecentMap<Sid, Known>(CAPACITY);
  readonly #sessions: Sessions;
  readonly #users: UserDirectory;
  readonly #claims: DeclaredClaims;
  readonly #revocations: Revocations;
  readonly #activity: Activity;
  readonly #maxAge: Milliseconds;
  /** How often memory could answer, and how often not. */
  hits = 0;
  misses = 0;

  constructor(parts: {
    readonly sessions: Sessions;
    readonly users: UserDirectory;
    readonly claims: DeclaredClaims;
    readonly revocations: Revocations;
    readonly activity: Activity;
    readonly maxAge: Milliseconds;
  }) {
    this.#sessions = parts.sessions;
    this.#users = parts.users;
    this.#claims = parts.claims;
    this.#revocations = parts.revocations;
    this.#activity = parts.activity;
    this.#maxAge = parts.maxAge;
  }

  /**
   * From memory, if what is there still holds. Nothing is believed for longer than the log keeps its entries (an absolute age, which no read extends):
   * an entry that was pruned meanwhile could have hit it.
   */
  get(sid: Sid, now: Instant): Known | null {
    const known = this.#recent.get(sid);
    if (known === undefined || !this.#holds(known, now)) {
      this.misses += 1;
      return null;
    }
    this.hits += 1;
    return known;
  }

  get size(): number {
    return this.#recent.size;
  }

  #holds(known: Known, now: Instant): boolean {
    if (now < known.readAt || now - known.readAt > this.#maxAge) return false;
    const { session, head } = known.found;
    return !this.#revocations.changedSince({ sid: session.sid, userId: session.userId, clientId: session.clientId, rsq: head });
  }

  /** From the store; remembered. The user is read after the session's snapshot, so that a change in between is seen as one. */
  read(sid: Sid, now: Instant): MaybePromise<Known | null> {
    return chain(this.#sessions.find(sid), (found) => {
      if (found === null) return null;
      if (!isLive(found)) return this.#remember(found, null, now);
      return chain(this.#users.get(found.session.userId), (user) => this.#remember(found, user, now));
    });
  }

  #remember(found: Found, user: UserView | null, now: Instant): Known {
    const { session } = found;
    const principal = user === null || user.disabled ? null : principalOf(session, user, this.#claims);
    const seen: Seen = {
      sid: session.sid,
      expiresAt: session.expiresAt,
      lastSeenAt: session.lastSeenAt,
      idleExpiresAt: Math.max(session.idleExpiresAt, this.#activity.pendingIdle(session.sid)) as Instant,
      storedIdle: session.idleExpiresAt,
    };
    const known = { found, principal, seen, readAt: now };
    this.#recent.set(session.sid, known);
    return known;
  }
}
