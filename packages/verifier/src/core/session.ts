import type { ClientId, Seq, Sid, UserId } from "./ids.ts";
import type { Instant } from "./time.ts";

/** What the client carries to show its session again. `cookie`: a ticket, looked up. `token`: a proof, read. */
export type CarrierName = "cookie" | "token";

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** Where a session was opened from, as its owner sees it in the list of devices. */
export interface Device {
  /** Words for a person, for example "Firefox on Linux". */
  readonly label: string;
  /** The `User-Agent` as sent, at most 512 characters. */
  readonly userAgent: string;
  /** The client's address, canonical; empty when there was none to see. */
  readonly ip: string;
}

/** How a login was proved: methods of RFC 8176, for example `["pwd"]`. */
export type AuthMethods = readonly string[];

/** How far the refresh rotation of a session has come. The tokens themselves are derived, never stored. */
export interface Rotation {
  /** Generation of the newest refresh token; the first one is 0. */
  readonly generation: number;
  /** SHA-256 of the `refresh_id` that won the last rotation, or null if it came without one. */
  readonly wonBy: Uint8Array | null;
  /** When the last rotation happened; the login itself counts as the first. */
  readonly rotatedAt: Instant;
  /** How often the generation before was shown again within the grace. */
  readonly replays: number;
}

/**
 * The record of one login: one row, whatever the client carries.
 * Holds hashes and salts only; nothing in it opens the session.
 */
export interface SessionRecord {
  readonly sid: Sid;
  readonly userId: UserId;
  readonly clientId: ClientId;
  readonly carrier: CarrierName;
  /** SHA-256 of the ticket's secret; null for the token carrier. */
  readonly secretHash: Uint8Array | null;
  /** 16 random bytes that every refresh token of this session is derived with. */
  readonly salt: Uint8Array;
  readonly rotation: Rotation;
  /** Log head from before the proof that this login rests on. Moves only when the session is spared by a cutoff. */
  readonly rsq: Seq;
  readonly createdAt: Instant;
  /** When the person last proved themselves (sign-in or confirm), not when the credential was renewed. */
  readonly authTime: Instant;
  readonly amr: AuthMethods;
  readonly lastSeenAt: Instant;
  /** The absolute limit. Never moves. */
  readonly expiresAt: Instant;
  /** The idle limit. Slides with activity, never past {@link expiresAt}. */
  readonly idleExpiresAt: Instant;
  readonly device: Device;
  /** The application's own data about this login; 4 kB of JSON at most, never in a token. */
  readonly data: JsonValue;
  /** Log position of the entry that ended it, or null. Ending is final. */
  readonly endedSeq: Seq | null;
}

/** A record together with what the log says of it, all read in one snapshot. */
export interface Found {
  readonly session: SessionRecord;
  /** Log head of the snapshot: what is decided from this record is good up to here. */
  readonly head: Seq;
  /** The latest cutoff over all scopes that the session stands in (global, client, user). */
  readonly cutoff: Seq;
}

/**
 * The one liveness predicate of the revocation log: fill, refresh, list and introspection all use it.
 * Whether the user is enabled is asked of the users port, whether time is up of {@link file://./lifetime.ts}.
 */
export function isLive({ session, cutoff }: Pick<Found, "session" | "cutoff">): boolean {
  return session.endedSeq === null && session.rsq >= cutoff;
}
