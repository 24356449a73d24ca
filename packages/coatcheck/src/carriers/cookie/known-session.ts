import type { ClientId, Seq, Sid, UserId } from "../../core/ids.ts";
import type { Piece } from "../../core/rows.ts";
import type { Instant } from "../../core/time.ts";
import type { UserPrincipal } from "../../core/verdict.ts";
import { equal } from "../../crypto/constant-time.ts";
import type { Standing } from "../../revocation/table.ts";
import type { Seen } from "../activity.ts";

/** Somebody who is not let in, whatever they show, and why. */
interface Outsider {
  readonly kind: "ended" | "disabled";
  readonly sid: Sid;
  readonly userId: UserId;
  readonly clientId: ClientId;
}

/** Whose session it is. */
export type Who = UserPrincipal | Outsider;

/** What else is remembered of a session. */
interface Remembered extends Omit<Seen, "sid"> {
  /** SHA-256 of the ticket's secret. */
  readonly secretHash: Uint8Array;
  readonly readAt: Instant;
  /** The log head that it was read at. */
  readonly rsq: Seq;
}

/** Where each number stands in its row; the 32 bytes of the hash come after them. */
const AT = { expiresAt: 0, lastSeenAt: 1, idleExpiresAt: 2, storedIdle: 3, readAt: 4, rsq: 5 } as const;
const HASH_AT = 6;
const HASH_WORDS = 8;
export const NUMBERS: number = HASH_AT + HASH_WORDS / 2;

/** A hash that is compared: taken out of the table and used in one go, so that the hot path makes no garbage. */
const HASH = new Uint32Array(HASH_WORDS);
const HASH_BYTES = new Uint8Array(HASH.buffer);

/** A session as this process remembers it: its numbers lie in the table. */
export class KnownSession implements Seen, Standing {
  readonly #piece: Piece<Who>;
  readonly #nth: number;
  readonly #at: number;

  constructor(piece: Piece<Who>, nth: number) {
    this.#piece = piece;
    this.#nth = nth;
    this.#at = nth * NUMBERS;
  }

  get who(): Who {
    return this.#piece.values[this.#nth] as Who;
  }

  get sid(): Sid {
    return this.who.sid;
  }

  get userId(): UserId {
    return this.who.userId;
  }

  get clientId(): ClientId {
    return this.who.clientId;
  }

  get expiresAt(): Instant {
    return this.#number(AT.expiresAt) as Instant;
  }

  get readAt(): Instant {
    return this.#number(AT.readAt) as Instant;
  }

  get rsq(): Seq {
    return this.#number(AT.rsq) as Seq;
  }

  get lastSeenAt(): Instant {
    return this.#number(AT.lastSeenAt) as Instant;
  }

  set lastSeenAt(at: Instant) {
    this.#piece.numbers[this.#at + AT.lastSeenAt] = at;
  }

  get idleExpiresAt(): Instant {
    return this.#number(AT.idleExpiresAt) as Instant;
  }

  set idleExpiresAt(at: Instant) {
    this.#piece.numbers[this.#at + AT.idleExpiresAt] = at;
  }

  get storedIdle(): Instant {
    return this.#number(AT.storedIdle) as Instant;
  }

  set storedIdle(at: Instant) {
    this.#piece.numbers[this.#at + AT.storedIdle] = at;
  }

  /** Whether this is the SHA-256 of the secret that opens it. */
  isOpenedBy(secretHash: Uint8Array): boolean {
    const from = 2 * (this.#at + HASH_AT);
    for (let nth = 0; nth < HASH_WORDS; nth++) HASH[nth] = this.#piece.words[from + nth] as number;
    return equal(secretHash, HASH_BYTES);
  }

  write(it: Remembered): void {
    const { numbers, words } = this.#piece;
    numbers[this.#at + AT.expiresAt] = it.expiresAt;
    numbers[this.#at + AT.lastSeenAt] = it.lastSeenAt;
    numbers[this.#at + AT.idleExpiresAt] = it.idleExpiresAt;
    numbers[this.#at + AT.storedIdle] = it.storedIdle;
    numbers[this.#at + AT.readAt] = it.readAt;
    numbers[this.#at + AT.rsq] = it.rsq;
    HASH_BYTES.set(it.secretHash);
    words.set(HASH, 2 * (this.#at + HASH_AT));
  }

  #number(at: number): number {
    return this.#piece.numbers[this.#at + at] as number;
  }
}
