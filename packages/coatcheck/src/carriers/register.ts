import { seq } from "../core/ids.ts";
import type { Sid, UserId } from "../core/ids.ts";
import { judgeLifetime } from "../core/lifetime.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { SecurityEvent } from "../core/events.ts";
import type { Clock, EndOutcome, Store } from "../core/ports.ts";
import { isLive } from "../core/session.ts";
import type { SessionRecord } from "../core/session.ts";
import type { Instant } from "../core/time.ts";
import type { Activity } from "./activity.ts";

/** Where a request came from, for the audit trail. */
export interface From {
  readonly ip: string;
  /** The client's browser and system in words. Default: nobody can tell. */
  readonly device?: string;
  /** The session that asked, if it acts on another. */
  readonly by?: Sid;
}

/** Why sessions end, as the audit trail says it. */
export interface Ending extends From {
  readonly why:
    | "sign_out"
    | "signed_in_again"
    | "ended_by_user"
    | "ended_everywhere"
    | "revoked"
    | "ended_by_application"
    | "user_disabled"
    | "password_set"
    | "ended_by_administrator";
}

export interface RegisterParts {
  readonly store: Store;
  readonly activity: Activity;
  readonly clock: Clock;
  readonly audit: (event: SecurityEvent) => MaybePromise<void>;
}

/** The sessions that there are: found, listed and ended without any credential, and so without a carrier or a secret. It asks the store, never memory. */
export class SessionRegister {
  readonly #parts: RegisterParts;

  constructor(parts: RegisterParts) {
    this.#parts = parts;
  }

  /** The record of a live session with both deadlines ahead; null otherwise. */
  async find(sid: Sid): Promise<SessionRecord | null> {
    const found = await this.#parts.store.sessions.find(sid);
    if (found === null || !isLive(found)) return null;
    const idleExpiresAt = Math.max(found.session.idleExpiresAt, this.#parts.activity.pendingIdle(sid)) as Instant;
    return judgeLifetime({ ...found.session, idleExpiresAt }, this.#now()) === "alive" ? { ...found.session, idleExpiresAt } : null;
  }

  /** This user's live sessions, latest activity first. */
  async list(userId: UserId): Promise<readonly SessionRecord[]> {
    await this.#parts.activity.flush();
    return this.#parts.store.sessions.list(userId, this.#now());
  }

  /** Everybody's live sessions, latest activity first, at most `limit`. */
  async recent(limit: number): Promise<readonly SessionRecord[]> {
    await this.#parts.activity.flush();
    return this.#parts.store.sessions.recent(this.#now(), limit);
  }

  async end(target: { readonly sid: Sid; readonly userId?: UserId }, by: Ending): Promise<EndOutcome> {
    const { sessions } = this.#parts.store;
    // Whose it is, for the trail; asked first, so that an outage in between can't hide that it was ended.
    const session = (await sessions.find(target.sid))?.session;
    const outcome = await sessions.end(target, this.#now());
    if (session !== undefined && outcome.ended > 0) {
      const detail = { why: by.why, ...(by.by === undefined ? {} : { by: by.by }), ...deviceOf(by) };
      await this.#parts.audit({ event: "session_ended", ...about(session, by), detail });
    }
    return outcome;
  }

  /** Ends every session of the user in one atomic mark, but `keep`: that one lives on, and its access tokens must be refreshed. */
  async endAll(userId: UserId, keep: Sid | null, by: Ending): Promise<EndOutcome> {
    await this.#parts.activity.flush();
    const outcome = await this.#parts.store.sessions.endAll(userId, keep, this.#now());
    const detail = { why: by.why, ended: outcome.ended, ...deviceOf(by) };
    await this.#parts.audit({ event: "sessions_ended", userId, sid: keep, ip: by.ip, carrier: null, detail });
    return outcome;
  }

  /**
   * Ends every session that there is, and every client's token, in one mark. A new epoch comes before it: after a store was put back, credentials may be about that
   * it has never heard of, made at positions that it has not reached yet.
   */
  async endEverybody(by: Ending): Promise<void> {
    const { feed } = this.#parts.store;
    const { head } = await feed.since(seq(0));
    await feed.raiseEpoch(head, head, this.#now());
    await feed.append("global", "", this.#now());
    await this.#parts.audit({ event: "sessions_ended", userId: null, sid: null, ip: by.ip, carrier: null, detail: { why: by.why } });
  }

  #now(): Instant {
    return this.#parts.clock.now();
  }
}

/** Whose session an event is about. */
export function about({ userId, sid, carrier }: SessionRecord, { ip }: From): Pick<SecurityEvent, "userId" | "sid" | "ip" | "carrier"> {
  return { userId, sid, ip, carrier };
}

export function deviceOf({ device }: From): { readonly device?: string } {
  return device === undefined ? {} : { device };
}
