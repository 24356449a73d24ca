import type { Clients } from "./clients.ts";
import type { Feed } from "./feed.ts";
import type { Seq, Sid, UserId } from "./ids.ts";
import type { MaybePromise } from "./maybe.ts";
import type { AuthMethods, CarrierName, Found, JsonValue, Rotation, SessionRecord } from "./session.ts";
import type { Instant, Milliseconds } from "./time.ts";

export type * from "./feed.ts";

// Ports: what the rules need of the world. Rules that hold for every port of the store:
// - What is absent, expired or malformed is null (or an empty list); only an outage throws, and it throws StoreUnavailable.
// - Times are absolute milliseconds and come from the caller; no store asks a clock of its own for policy.
// - A write leaves its neighbours as they were: the other session, the other user, the same user's other device.
// - When a promise of a write resolves (or the call returns), the write survives kill -9; `touch` alone may be lost.
// - Values handed in are copied and values handed out are the caller's: neither side sees the other change them.

/** The only source of time. */
export interface Clock {
  now(): Instant;
  /** Calls `tick` every `period` until the returned function is called. Never keeps the process alive. */
  every(period: Milliseconds, tick: () => void): () => void;
}

/** The only source of randomness: a cryptographically secure one. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** Where security events go as they happen, besides the audit port: one JSON line each in the server. */
export interface Log {
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

// --- sessions -------------------------------------------------------------------------------------------------

/** Everything of a new record that the store does not decide itself. */
export type NewSession = Omit<SessionRecord, "endedSeq">;

/** What a renewal replaces in a live record. `sid`, `createdAt`, `expiresAt` and `data` never change. */
export interface Renewal {
  /** A new hash for a ticket's new secret; null for a token, whose generation alone moves. */
  readonly secretHash: Uint8Array | null;
  readonly authTime: Instant;
  readonly amr: AuthMethods;
  readonly lastSeenAt: Instant;
  readonly idleExpiresAt: Instant;
}

export interface Touch {
  readonly sid: Sid;
  readonly lastSeenAt: Instant;
  readonly idleExpiresAt: Instant;
}

/** What to do with a refresh token, decided from the record alone by a pure function. */
export type RefreshDecision =
  | { readonly kind: "rotate"; readonly rotation: Rotation; readonly lastSeenAt: Instant; readonly idleExpiresAt: Instant }
  | { readonly kind: "replay"; readonly rotation: Rotation }
  | { readonly kind: "end"; readonly reason: "reuse" | "future" }
  | { readonly kind: "refuse"; readonly reason: "ended" | "expired" | "idle" | "forged" | "future" | "too_often" }
  /** Shown by another client than it was issued to. */
  | { readonly kind: "refuse"; readonly reason: "foreign" };

export interface RefreshOutcome extends Found {
  readonly decision: RefreshDecision;
}

export interface EndOutcome {
  /** How many live sessions it ended; 0 when there was nothing (left) to end. */
  readonly ended: number;
  /** Log position of the end; the head as it stands when nothing was appended. */
  readonly seq: Seq;
}

export interface Sessions {
  /**
   * Inserts the record and, in the same transaction, ends `replaces` if that session is this user's or anybody else's and still lives.
   * The record keeps the `rsq` it comes with: a cutoff that was committed after the proof has ended it already.
   */
  start(session: NewSession, replaces: Sid | null, now: Instant): MaybePromise<Found>;

  /** The record with head and cutoff of the same snapshot, whether it lives or not; null if there is no such sid. */
  find(sid: Sid): MaybePromise<Found | null>;

  /**
   * Gives a live record a new credential: applies the renewal, moves the generation by one (`wonBy` null, `replays` 0, `rotatedAt` = `lastSeenAt`)
   * and appends an `invalidate` entry for the sid, in one transaction.
   * @returns null if the session is absent or no longer live; nothing is written then.
   */
  renew(sid: Sid, renewal: Renewal): MaybePromise<Found | null>;

  /**
   * Reads the record, lets `decide` judge it and writes what it says, as one step that nobody can come between:
   * of many callers with the same generation exactly one gets `rotate`. `end` ends the session and appends its entry in the same transaction.
   * The outcome holds the record as it is afterwards.
   * @returns null if there is no such sid.
   */
  refresh(sid: Sid, decide: (found: Found) => RefreshDecision, now: Instant): MaybePromise<RefreshOutcome | null>;

  /** Moves activity forward: each value becomes the later of the stored and the given one. Never inserts, never revives, appends nothing. */
  touch(touches: readonly Touch[]): MaybePromise<void>;

  /** This user's live sessions with both deadlines ahead of `now`, latest activity first. */
  list(userId: UserId, now: Instant): MaybePromise<readonly SessionRecord[]>;

  /** Everybody's live sessions with both deadlines ahead of `now`, latest activity first, at most `limit`: for an operator, not for a request. */
  recent(now: Instant, limit: number): MaybePromise<readonly SessionRecord[]>;

  /**
   * Ends one session. With `userId` only if it is that user's. Appends one `sid` entry.
   * @returns ended 0, and nothing appended, if it is absent, not that user's, or has ended already. A session past its deadlines still is ended.
   */
  end(target: { readonly sid: Sid; readonly userId?: UserId }, now: Instant): MaybePromise<EndOutcome>;

  /**
   * Log-out-everywhere: one atomic mark, not a walk over a list. Appends one `user` cutoff; with `keep`, that session's `rsq` moves to the cutoff, so
   * it alone lives on, and its access tokens die with the others. `ended` counts the sessions that {@link list} would have shown, but `keep`.
   */
  endAll(userId: UserId, keep: Sid | null, now: Instant): MaybePromise<EndOutcome>;

  /** Deletes records that ended, or passed a deadline, before `before`. @returns how many, at most `limit`. */
  purge(before: Instant, limit: number): MaybePromise<number>;
}

// --- accounts ------------------------------------------------------------------------------------------------

/** A built-in account. */
export interface UserRecord {
  readonly id: UserId;
  /** As canonicalised; unique. */
  readonly email: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
  readonly disabled: boolean;
  readonly createdAt: Instant;
}

/** An account as sign-in needs it, with the log head of the same snapshot. */
export interface UserProof {
  readonly user: UserRecord;
  /** Argon2id as a PHC string. */
  readonly passwordHash: string;
  readonly head: Seq;
}

export interface Users {
  /** @returns null if the address is taken; of many at once exactly one wins. */
  create(user: UserRecord, passwordHash: string): MaybePromise<UserProof | null>;
  byEmail(email: string): MaybePromise<UserProof | null>;
  byId(id: UserId): MaybePromise<UserProof | null>;
  /** Accounts in the order of their addresses, byte by byte, at most `limit`: for an operator. */
  list(limit: number): MaybePromise<readonly UserRecord[]>;
  /** Replaces the hash by a better one of the same password, if it is still `expect`. Ends nothing. */
  rehash(id: UserId, expect: string, passwordHash: string): MaybePromise<boolean>;
  /**
   * A new password, in one transaction: sets the hash if it is still `expect`, appends a `user` cutoff that ends every session but `keep`, and renews `keep`.
   * @returns null, and nothing is written, if the hash is another by now or `keep` is no live session of this user.
   */
  changePassword(change: PasswordChange): MaybePromise<Found | null>;
  /** An operator's: replaces the hash, whatever it was, and appends a `user` cutoff in the same transaction. False if there is no such user. */
  setPassword(id: UserId, passwordHash: string, now: Instant): MaybePromise<boolean>;
  /** Replaces the roles and appends `invalidate-user`. False if there is no such user. */
  setRoles(id: UserId, roles: readonly string[], now: Instant): MaybePromise<boolean>;
  /** Disabling appends a `user` cutoff in the same transaction, so enabling again revives nothing. False if there is no such user. */
  setDisabled(id: UserId, disabled: boolean, now: Instant): MaybePromise<boolean>;
}

export interface PasswordChange {
  readonly userId: UserId;
  readonly expect: string;
  readonly passwordHash: string;
  readonly keep: Sid;
  readonly renewal: Renewal;
}

// --- keys, throttles, audit ----------------------------------------------------------------------------------

/** A key that signs access tokens, its private half sealed under the server's secret. */
export interface SigningKeyRecord {
  /** Up to 64 of `[A-Za-z0-9_-]`. */
  readonly kid: string;
  readonly alg: string;
  /** The public JWK (RFC 7517), as JSON. */
  readonly publicJwk: string;
  /** The private key, encrypted and authenticated with the kid; null once the key was revoked: nobody can sign with it any more. */
  readonly sealed: Uint8Array | null;
  readonly createdAt: Instant;
  /** From when on it signs, until one with a later time follows; it is published from `createdAt`. */
  readonly signsFrom: Instant;
  readonly revokedAt: Instant | null;
}

/** What to do with the keys, decided from all of them by a pure function. Kids that are not there, or that were revoked, are passed over. */
export interface KeyChange {
  readonly add?: readonly SigningKeyRecord[];
  readonly revoke?: readonly string[];
  readonly remove?: readonly string[];
  /** The private half again, by kid, sealed under another secret. */
  readonly reseal?: ReadonlyMap<string, Uint8Array>;
}

export interface Keys {
  /** All of them, the revoked ones too, oldest first. */
  list(): MaybePromise<readonly SigningKeyRecord[]>;
  /**
   * Reads all keys, lets `decide` judge them and writes what it says, as one step that nobody can come between: of many who would add a key to what
   * they saw exactly one adds it. In the same transaction it appends a `key` entry for each that is revoked and, if anything was written, one
   * `invalidate-keys`. Revoking erases the private half and is final: a revoked key stays in the list for good, and no key takes its kid.
   * @returns all of them as they are afterwards.
   */
  change(decide: (keys: readonly SigningKeyRecord[]) => KeyChange, now: Instant): MaybePromise<readonly SigningKeyRecord[]>;
}

/** One count, of failures as a rule: at most `limit` within `window`, counted from the first of them. */
export interface ThrottleRule {
  readonly key: string;
  readonly limit: number;
  readonly window: Milliseconds;
}

export interface Throttles {
  /** Whether each rule has room, counting nothing. @returns when the last full one has room again, or null if all have room now. */
  blockedUntil(rules: readonly ThrottleRule[], now: Instant): MaybePromise<Instant | null>;
  /** Counts one against each rule. Concurrent counts all count. */
  count(rules: readonly ThrottleRule[], now: Instant): MaybePromise<void>;
  /**
   * Counts one if there is room, as one step that nobody can come between: of many at once no more get through than there is room for.
   * @returns when there is room again, and then nothing was counted; null if it was.
   */
  take(rule: ThrottleRule, now: Instant): MaybePromise<Instant | null>;
  /** Forgets these counts: the owner has shown up. */
  forget(keys: readonly string[]): MaybePromise<void>;
  /** Deletes counts whose window ended before `before`. */
  prune(before: Instant): MaybePromise<number>;
}

/** One security event: who, what, when, from where, by which proof. Never a secret. */
export interface AuditEvent {
  readonly at: Instant;
  readonly event: string;
  readonly userId: UserId | null;
  readonly sid: Sid | null;
  readonly ip: string;
  readonly carrier: CarrierName | null;
  readonly detail: Readonly<Record<string, JsonValue>>;
}

export interface Audit {
  append(event: AuditEvent): MaybePromise<void>;
  /** Deletes events from before `before`, of these names alone unless null. @returns how many, at most `limit`. */
  purge(before: Instant, events: readonly string[] | null, limit: number): MaybePromise<number>;
  /** The latest first, at most `limit`. */
  list(filter: { readonly userId?: UserId; readonly event?: string }, limit: number): MaybePromise<readonly AuditEvent[]>;
}

/** The store of record: every port, on one engine. */
export interface Store {
  /** For people and logs: no password in it. */
  readonly name: string;
  /** Opens it and brings its schema up to date, forward only. Safe when several processes do it at once. */
  open(): MaybePromise<void>;
  /** Resolves if the store can be read now. */
  ping(): MaybePromise<void>;
  close(): MaybePromise<void>;
  readonly sessions: Sessions;
  readonly feed: Feed;
  readonly users: Users;
  readonly clients: Clients;
  readonly keys: Keys;
  readonly throttles: Throttles;
  readonly audit: Audit;
}
