import type { Clock } from "../core/ports.ts";
import { instant } from "../core/time.ts";
import type { Instant, Milliseconds } from "../core/time.ts";

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves on by `ms`; ticks that fall due are called in order of their time, each seeing its own time as now. */
  advance(ms: number): void;
  /** Somebody sets it: it shows another time, and no time has passed. Ticks come as they would have. */
  set(by: number): void;
}

interface Timer {
  readonly period: Milliseconds;
  readonly tick: () => void;
  due: number;
}

/** @param start in milliseconds since the Unix epoch. Default: an arbitrary instant that is no whole second. */
export function fakeClock(start: Instant = instant(1_800_000_000_123)): FakeClock {
  let now: number = start;
  const timers = new Set<Timer>();

  const nextDue = (until: number): Timer | undefined => {
    const due = [...timers].filter((timer) => timer.due <= until);
    return due.reduce<Timer | undefined>((first, timer) => (first === undefined || timer.due < first.due ? timer : first), undefined);
  };

  return {
    now: () => instant(now),

    every(period, tick) {
      if (!(period > 0)) throw new TypeError("a period is longer than nothing");
      const timer: Timer = { period, tick, due: now + period };
      timers.add(timer);
      return () => void timers.delete(timer);
    },

    advance(ms) {
      const until = now + ms;
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        now = timer.due;
        timer.due += timer.period;
        timer.tick();
      }
      now = until;
    },

    set(by) {
      now += by;
      for (const timer of timers) timer.due += by;
    },
  };
}
