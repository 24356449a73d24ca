import type { Clock } from "./ports.ts";
import type { Milliseconds } from "./time.ts";

/** Goes on when this much time has passed on the clock. */
export function pause(clock: Clock, time: Milliseconds): Promise<void> {
  return new Promise((goOn) => {
    const stop = clock.every(time, () => {
      stop();
      goOn();
    });
  });
}
