import type { Instant } from "../core/time.ts";
import { instant } from "../core/time.ts";

/**
 * The time to forget by, asked once in every `period`. It goes with the clock, but never ahead at more than twice the pace of the asking: a clock that is set wrongly
 * for some minutes and then mended must not have made anybody forget what can still be shown.
 */
export function forgettingTime(start: Instant, period: number): (now: Instant) => Instant {
  let last = start;
  return (now) => (last = instant(Math.min(now, last + 2 * period)));
}
