import { CoatcheckError } from "../core/errors.ts";
import { isClientId } from "../core/ids.ts";
import type { Seq, Sid, UserId } from "../core/ids.ts";
import type { Renewal } from "../core/ports.ts";
import type { AuthMethods, CarrierName, Device, Found, JsonValue, SessionRecord } from "../core/session.ts";
import type { Instant } from "../core/time.ts";
import type { UserDirectory, UserView } from "../core/users.ts";
import type { Revocations } from "../revocation/revocations.ts";
import type { Carrier, Issued, Pending } from "./carrier.ts";
import { about, deviceOf, SessionRegister } from "./register.ts";
import type { From, RegisterParts } from "./register.ts";

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

  /** @throws {invalid_input} for a user who is named like a client: their tokens could not be told apart (RFC 9700 §4.15). @throws {store_unavailable} */
  async start(arrival: Arrival): Promise<Issued> {
    if (isClientId(arrival.user.id))
      throw new CoatcheckError("invalid_input", { fields: [{ pointer: "/userId", detail: "is named like a client" }] });
    await this.#parts.revocations.sync(); // whatever is made from here on is made with the keys of now
    const now = this.#now();
    const pending = this.#parts.carriers[arrival.carrier].issue({ ...arrival, userId: arrival.user.id as UserId }, now);
    const { session } = await this.#parts.store.sessions.start(pending.write, arrival.replaces, now);
    // The login's own position, from before its proof: a cutoff in between has ended both the record and what is made of it here.
    const issued = pending.reveal({ session, user: arrival.user, rsq: session.rsq }, now);
    const { amr, replaces, device } = arrival;
    await this.#parts.audit({ event: "session_started", ...about(session, device), detail: { amr, replaces, device: device.label } });
    return issued;
  }

  /** The person proved themselves again: `auth_time` is now, same sid, new credential. Null if the session is no longer live. */
  async confirm(session: SessionRecord, from: From): Promise<Issued | null> {
    await this.#parts.revocations.sync();
    const now = this.#now();
    const pending = this.#parts.carriers[session.carrier].renew({ authTime: now, amr: session.amr, session }, now);
    const found = await this.#parts.store.sessions.renew(session.sid, pending.write);
    return this.#renewed("session_confirmed", found, pending, from, now);
  }

  /**
   * New password, every other session ended, a new credential for this one: one transaction.
   * Null, and nothing has changed, if the password or the session is another by now.
   */
  async changePassword(
    session: SessionRecord,
    change: { readonly expect: string; readonly passwordHash: string },
    from: From,
  ): Promise<Issued | null> {
    await this.#parts.revocations.sync();
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

  #now(): Instant {
    return this.#parts.clock.now();
  }
}
