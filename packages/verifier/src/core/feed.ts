import type { Seq } from "./ids.ts";
import type { MaybePromise } from "./maybe.ts";
import type { Instant, Milliseconds } from "./time.ts";

// The port of the log. The rules of ports.ts hold for it too.

/** What an entry of the log is about. `invalidate-*` drop caches and stale claims, the others end: `key` ends whatever that key signed. */
export type LogKind =
  | "sid"
  | "user"
  | "client"
  | "key"
  | "global"
  | "invalidate-sid"
  | "invalidate-user"
  | "invalidate-keys"
  | "invalidate-all";

export interface LogEntry {
  readonly seq: Seq;
  readonly kind: LogKind;
  /** sid, user id, client id or kid; empty for `global`, `invalidate-keys` and `invalidate-all`. */
  readonly key: string;
  /** From when on nothing that it hits can still be valid by itself: for `key` and `invalidate-keys` never, since keys outlive what they sign. */
  readonly expiresAt: Instant;
  readonly at: Instant;
}

export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** Head of the snapshot that the entries were read from. */
  readonly head: Seq;
  /** The mark of the log at its head: random bytes, new with each entry. So a position is known again, and not mistaken for one after a roll-back. */
  readonly mark: string;
  /** The mark of the log at the position that was asked from: "" for 0, null if there is no such position (any more). */
  readonly fromMark: string | null;
  /** Names this store, from its making on. */
  readonly incarnation: string;
}

/** A process that asks for what is new, and for leave to decide from memory for a while. */
export interface Hold {
  /** Names the process, in this life of it: up to 128 characters. */
  readonly holder: string;
  /** Everything up to here it has applied. */
  readonly from: Seq;
  /** The mark that this position had; "" for 0. */
  readonly mark: string;
  readonly lease: Milliseconds;
}

/** What it is answered: the page since `from`, read after it was noted that it holds a lease. */
export interface Confirmed extends LogPage {
  /** The clock of the machine that the store runs on; null if that is this one. */
  readonly storeClock: Instant | null;
}

/** A process that may be deciding from memory. */
export interface LeaseHolder {
  readonly holder: string;
  /** What it had applied when it asked last; 0 if the log had no such position, by that mark: it is another log that it knows. */
  readonly applied: Seq;
  readonly lease: Milliseconds;
  /** Random, and another with each time that it asks. */
  readonly beat: string;
}

/**
 * Something may have been appended.
 * @param isAwaited whether somebody waits for the word of everybody who holds a lease, that it has been applied: see {@link Feed.hurry}.
 */
export type Wake = (isAwaited: boolean) => void;

/** The one ordered log of what ended or changed: total order, no gap, visible as a prefix. */
export interface Feed {
  /** Every entry with a seq in (from, head], in order. */
  since(from: Seq): MaybePromise<LogPage>;
  /**
   * Whether anything may have been committed, by whomever, since this was last asked. Cheap: it is asked on every check.
   * Null where nobody can know that without asking another machine: there processes decide from memory under a lease.
   */
  readonly moved: (() => MaybePromise<boolean>) | null;
  /**
   * Has `wake` called soon after anything was appended, by whomever, until the returned function is called. It makes things fast and is never relied on: a
   * call may be late, or missing, or for nothing.
   */
  listen(wake: Wake): MaybePromise<() => void>;
  /**
   * Wakes whoever listens and holds a lease: they are to say by a confirm, at once and not at their next heartbeat, what they have applied. Like every wake it may
   * be late or missing.
   */
  hurry(): MaybePromise<void>;
  /**
   * Notes the holder of a lease and then, in a snapshot that began after that note was committed, reads the page. In this order: whoever appends and then asks
   * for the {@link holders} misses none that has not been told of it.
   */
  confirm(hold: Hold, now: Instant): MaybePromise<Confirmed>;
  /** Every process that ever asked for a lease, but those that were pruned. */
  holders(): MaybePromise<readonly LeaseHolder[]>;
  /** Forgets the holders that asked last before `before`. @returns how many. */
  pruneHolders(before: Instant): MaybePromise<number>;
  /** Appends one entry that comes with no change of another port. */
  append(kind: LogKind, key: string, now: Instant): MaybePromise<Seq>;
  /**
   * Raises, never lowers, the longest access-token life that any process ever used, and gives it: an entry lives that long and a leeway.
   * Called at start.
   */
  raiseAccessTtl(ttl: Milliseconds): MaybePromise<Milliseconds>;
  /**
   * Starts a new epoch and appends `invalidate-all`, if the head is still `seen`: after the store was found rolled back.
   * @param above a position that was reached before that: the new epoch is later than its epoch too.
   */
  raiseEpoch(seen: Seq, above: Seq, now: Instant): MaybePromise<Seq>;
  /** Deletes entries whose `expiresAt` is before `before`; the head stays. @returns how many. */
  prune(before: Instant): MaybePromise<number>;
}
