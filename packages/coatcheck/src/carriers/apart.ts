import { StoreUnavailable } from "../core/errors.ts";
import { chain } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Instant } from "../core/time.ts";
import type { Verdict } from "../core/verdict.ts";
import type { TwoTimes } from "../revocation/freshness.ts";

/**
 * The same verdict by two clocks of which one is wrong, and nobody knows which: what both say holds. Judged at the earlier time, so that no activity is noted in the
 * future; a verdict that is positive then is so until its `until`. What is `malformed` may only be too young for the earlier one.
 * @throws {store_unavailable} where they would say different things.
 */
export function byBothClocks(judge: (now: Instant) => MaybePromise<Verdict>): (times: TwoTimes) => MaybePromise<Verdict> {
  return ({ earlier, later }) =>
    chain(judge(earlier), (verdict) => {
      if (verdict.ok ? later < verdict.until : verdict.reason !== "malformed") return verdict;
      throw new StoreUnavailable(new Error("by one of two clocks it holds, by the other it does not"));
    });
}
