import type { Clock } from "../core/ports.ts";
import { instant } from "../core/time.ts";

/** The machine's clock and timers. */
export const systemClock: Clock = {
  now: () => instant(Date.now()),
  every: (period, tick) => {
    const timer = setInterval(tick, period).unref();
    return () => clearInterval(timer);
  },
};
