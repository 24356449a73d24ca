import { uptime } from "node:os";
import type { Clock } from "../core/ports.ts";
import { instant } from "../core/time.ts";
import type { MachineClocks } from "../revocation/elapsed.ts";

/** The machine's clock and timers. */
export const systemClock: Clock = {
  now: () => instant(Date.now()),
  every: (period, tick) => {
    const timer = setInterval(tick, period).unref();
    return () => clearInterval(timer);
  },
};

/** The same machine's clocks, each for itself. */
export const systemClocks: MachineClocks = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  sinceBoot: () => uptime() * 1_000,
};
