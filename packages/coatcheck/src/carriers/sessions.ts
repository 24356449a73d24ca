import { CoatcheckError } from "../core/errors.ts";
import { isClientId } from "../core/ids.ts";
import type { Seq, Sid, UserId } from "../core/ids.ts";
import type { EndOutcome, Renewal } from "../core/ports.ts";
import type { SecurityEvent } from "../core/events.ts";
import type { AuthMethods, CarrierName, Device, Found, JsonValue, SessionRecord } from "../core/session.ts";
import type { Instant } from "../core/time.ts";
import type { UserDirectory, UserView } from "../core/users.ts";
import type { Revocations } from "../revocation/revocations.ts";
import type { Caps } from "./caps.ts";
import type { Carrier, Issued, Pending } from "./carrier.ts";
import { about, deviceOf, SessionRegister } from "./register.ts";
import type { Ending, From, RegisterParts } from "./register.ts";

/** A person who has been proved, and how they want to carry their session. */
export interface Arrival {
  readonly user: UserView;
  readonly rsq: Seq;
  readonly amr: AuthMethods;
  readonly carrier: CarrierName;
  readonly device: Device;
  readonly data: JsonValue;
  /** The session that the client showed while signing in: it ends in the same transaction. */
  readonly replaces: Sid | null;
}

export interface SessionParts extends RegisterParts {
  readonly users: UserDirectory;
  readonly carriers: Readonly<Record<CarrierName, Carrier>>;
  readonly revocations: Revocations;
  readonly caps: Caps;
}

/**
 * Everything that is done to sessions, for whatever carrier. The only way to a new session and (with the token's refresh) the only way to a
 * new credential: each route that can mint goes through here. It always asks the store, never memory.
 */
export class SessionService extends SessionRegister {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    super(parts);
    this.#parts = parts;
  }

  /**
   * @throws {invalid_input} for a user who is named like a client: their tokens could not be told apart (RFC 9700 §4.15).
   * @throws {too_many_sessions} {store_unavailable}
   */
  async start(arrival: Arrival): Promise<Issued> {
    if (isClientId(arrival.user.id))
      throw new CoatcheckError("invalid_input", { fields: [{ pointer: "/userId", detail: "is named like a client" }] });
    const userId = arrival.user.id as UserId;
    await this.#parts.revocations.sync(); // whatever is made from here on is made with the keys of now
    const { carrier, device: at } = arrival;
    await this.#capped(this.#parts.caps.start(userId), { userId, sid: null, carrier, ip: at.ip, detail: { device: at.label } });
    const now = this.#now();
    const pending = this.#parts.carriers[carrier].issue({ ...arrival, userId }, now);
    const { session } = await this.#parts.store.sessions.start(pending.write, arrival.replaces, now);
    // The login's own position, from before its proof: a cutoff in between has ended both the record and what is made of it here.
    const issued = pending.reveal({ session, user: arrival.user, rsq: session.rsq }, now);
    const { amr, replaces, device } = arrival;
    await this.#parts.audit({ event: "session_started", ...about(session, device), detail: { amr, replaces, device: device.label } });
    return issued;
  }

  /** As all that is written into the log, not by a clock that may be minutes off: what it says to be over is forgotten. @throws {store_unavailable} */
  override async end(target: { readonly sid: Sid; readonly userId?: UserId }, by: Ending): Promise<EndOutcome> {
    await this.#parts.revocations.sync();
    return super.end(target, by);
  }

  /** Spares no session without a limit: whoever is spared could do it again and again. Without `keep` it always works. @throws {too_many_requests} {store_unavailable} */
  override async endAll(userId: UserId, keep: Sid | null, by: Ending): Promise<EndOutcome> {
    await this.#parts.revocations.sync();
    if (keep !== null) {
      const whose = { userId, sid: keep, carrier: null, ip: by.ip, detail: deviceOf(by) };
      await this.#capped(this.#parts.caps.renew(userId), whose);
    }
    return super.endAll(userId, keep, by);
  }

  /**
   * The person proved themselves again: `auth_time` is now, same sid, new credential. Null if the session is no longer live.
   * @throws {too_many_requests}
   */
  async confirm(session: SessionRecord, from: From): Promise<Issued | null> {
    await this.#parts.revocations.sync();
    await this.#mayRenew(session, from);
    const now = this.#now();
    const pending = this.#parts.carriers[session.carrier].renew({ authTime: now, amr: session.amr, session }, now);
    const found = await this.#parts.store.sessions.renew(session.sid, pending.write);
    return this.#renewed("session_confirmed", found, pending, from, now);
  }

  /**
   * New password, every other session ended, a new credential for this one: one transaction.
   * Null, and nothing has changed, if the password or the session is another by now.
   * @throws {too_many_requests}
   */
  async changePassword(
    session: SessionRecord,
    change: { readonly expect: string; readonly passwordHash: string },
    from: From,
  ): Promise<Issued | null> {
    await this.#parts.revocations.sync();
    await this.#mayRenew(session, from);
    const now = this.#now();
    const pending = this.#parts.carriers[session.carrier].renew({ authTime: now, amr: session.amr, session }, now);
    const found = await this.#parts.store.users.changePassword({
      ...change,
      userId: session.userId,
      keep: session.sid,
      renewal: pending.write,
    });
    return this.#renewed("password_changed", found, pending, from, now);
  }

  async #renewed(
    event: "session_confirmed" | "password_changed",
    found: Found | null,
    pending: Pending<Renewal>,
    from: From,
    now: Instant,
  ): Promise<Issued | null> {
    if (found === null) return null;
    // Read after the renewal's snapshot: whatever changes from then on is later in the log than the credential that is made here.
    const user = await this.#parts.users.get(found.session.userId);
    if (user === null || user.disabled) return null;
    const { session } = found;
    await this.#parts.audit({ event, ...about(session, from), detail: { amr: session.amr, ...deviceOf(from) } });
    return pending.reveal({ session, user, rsq: found.head }, now);
  }

  #mayRenew(session: SessionRecord, from: From): Promise<void> {
    return this.#capped(this.#parts.caps.renew(session.userId), { ...about(session, from), detail: deviceOf(from) });
  }

  /** Whoever is turned away by a cap has proved who they are: so the trail says whose account it is that somebody makes so much of. */
  async #capped(taking: Promise<void>, whose: Omit<Extract<SecurityEvent, { event: "session_refused" }>, "event">): Promise<void> {
    try {
      await taking;
    } catch (error) {
      if (error instanceof CoatcheckError && error.status === 429)
        await this.#parts.audit({ event: "session_refused", ...whose, detail: { ...whose.detail, reason: error.code } });
      throw error;
    }
  }

  #now(): Instant {
    return this.#parts.clock.now();
  }
}
