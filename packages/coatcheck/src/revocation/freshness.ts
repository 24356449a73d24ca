import type { MaybePromise } from "../core/maybe.ts";
import type { Instant } from "../core/time.ts";

/** What this process's clock and the store's say, when they are minutes apart: one of the two is wrong. */
export interface TwoTimes {
  readonly earlier: Instant;
  readonly later: Instant;
}

/**
 * How a process makes sure that its copy of the log is fresh enough to decide from. There are two ways: {@link Asking} the store before each decision, where
 * that costs next to nothing, and {@link Leasing} the right to decide without asking.
 */
export interface Freshness {
  /**
   * What `judge` says, from a copy that was fresh while it judged. It may be called again, and only its last word counts.
   * @param judgeApart judges instead while the clocks are minutes apart, from all that the store has, read for this very decision. Without it none is made then.
   * @throws {store_unavailable} when that can't be had: an unreadable log is not an empty one.
   */
  decide<T>(judge: () => MaybePromise<T>, judgeApart?: (times: TwoTimes) => MaybePromise<T>): MaybePromise<T>;
  /** The copy is fresh enough to decide from when this returns. Synchronous when memory, or an embedded store, can say so. @throws {store_unavailable} */
  sync(): MaybePromise<void>;
  /** Reads the log from the store, however fresh the copy is: for what must not be decided from memory. @throws {store_unavailable} */
  read(): MaybePromise<void>;
  /** Milliseconds for which the copy may still be relied on without asking. */
  left(): number;
}
