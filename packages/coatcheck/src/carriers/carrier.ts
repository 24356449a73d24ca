import type { MaybePromise } from "../core/maybe.ts";
import type { Seq, Sid, UserId } from "../core/ids.ts";
import type { NewSession, Renewal } from "../core/ports.ts";
import type { AuthMethods, CarrierName, Device, JsonValue, SessionRecord } from "../core/session.ts";
import type { Instant, Milliseconds } from "../core/time.ts";
import type { UserView } from "../core/users.ts";
import type { Verdict } from "../core/verdict.ts";

/** A person who has been proved, about to get a session. */
export interface Login {
  readonly userId: UserId;
  readonly amr: AuthMethods;
  /** Log head from the snapshot that the proof was read in: a cutoff after it ends this login, however late it is written. */
  readonly rsq: Seq;
  readonly device: Device;
  readonly data: JsonValue;
}

/** What the client gets to carry. The only place, besides the client, where it exists in clear. */
export type Shown =
  | { readonly carrier: "cookie"; readonly ticket: string; readonly expiresAt: Instant }
  | { readonly carrier: "token"; readonly accessToken: string; readonly expiresIn: Milliseconds; readonly refreshToken: string };

export type ShownProof = Extract<Shown, { readonly carrier: "token" }>;

export interface Issued<S extends Shown = Shown> {
  readonly session: SessionRecord;
  readonly shown: S;
}

/** What a credential is made for: a record as the store now has it, its user, and the log head that both were read at or after. */
export interface Subject {
  readonly session: SessionRecord;
  readonly user: UserView;
  readonly rsq: Seq;
}

/**
 * A credential in the making. First `write` goes into the store, in whatever transaction it belongs to; then, and only then,
 * `reveal` makes what the client gets.
 */
export interface Pending<Write> {
  readonly write: Write;
  reveal(subject: Subject, now: Instant): Issued;
}

/** How a client carries a session. Two siblings implement it: `cookie/` (a ticket, looked up) and `token/` (a proof, read). */
export interface Carrier {
  readonly name: CarrierName;
  /** A new session: a record for the store, then its first credential. */
  issue(login: Login, now: Instant): Pending<NewSession>;
  /**
   * Whose request is this? Synchronous when memory can answer.
   * @throws {store_unavailable} when it can't be known. A bad credential never throws.
   */
  check(credential: string, now: Instant): MaybePromise<Verdict>;
  /**
   * Which session is this an authentic credential of, whatever its age and whether or not the session lives? For sign-out and revocation.
   * @returns null if it is not authentic.
   */
  identify(credential: string, now: Instant): MaybePromise<Sid | null>;
  /** The same session, a new credential: after the person proved themselves again. */
  renew(proof: { readonly authTime: Instant; readonly amr: AuthMethods; readonly session: SessionRecord }, now: Instant): Pending<Renewal>;
}
