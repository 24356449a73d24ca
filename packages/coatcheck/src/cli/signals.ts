import { constants } from "node:os";
import type { Clock } from "../core/ports.ts";
import { duration } from "../core/time.ts";

type StopSignal = "SIGINT" | "SIGTERM";

/** Ctrl-C reaches every process of the terminal, and npm and the like pass it on once more: that is the same wish, not a second one. */
const SAME_WISH = duration("500ms");

/** Resolves at the first SIGINT or SIGTERM. At the next one the process ends at once. */
export function stopSignal(clock: Clock): Promise<StopSignal> {
  return new Promise((resolve) => {
    let since = Infinity;
    const onSignal = (signal: StopSignal): void => {
      if (clock.now() - since > SAME_WISH) process.exit(128 + constants.signals[signal]);
      since = Math.min(since, clock.now());
      resolve(signal);
    };
    process.on("SIGINT", onSignal);
    process.on("SIGTERM", onSignal);
  });
}
