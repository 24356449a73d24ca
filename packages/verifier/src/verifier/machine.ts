import type { Clock, Log, Random } from "../core/ports.ts";
import { instant } from "../core/time.ts";
import type { MachineClocks } from "../revocation/elapsed.ts";

// The ports on whatever runs this: Web standards alone, and what a runtime has besides only where it is there.

/** Where a timer is an object, it would keep the process alive. */
function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer && typeof timer.unref === "function") timer.unref();
}

/** The machine's clock and timers. */
export const webClock: Clock = {
  now: () => instant(Date.now()),
  every: (period, tick) => {
    const timer = setInterval(tick, period);
    unref(timer);
    return () => clearInterval(timer);
  },
};

/** What some runtimes have besides the standards. */
interface Host {
  readonly performance: unknown;
  readonly process?: { readonly getBuiltinModule?: (name: "os") => { readonly uptime?: () => number } | undefined };
  readonly Deno?: unknown;
}

/** Node and Bun say how long the machine has been up, its sleep included. Deno would have to be allowed to, and asks its user. */
function uptimeOf({ process, Deno }: Host): (() => number) | null {
  return Deno === undefined ? (process?.getBuiltinModule?.("os")?.uptime ?? null) : null;
}

const uptime = uptimeOf(globalThis);

/** The same machine's clocks, each for itself. */
export const webClocks: MachineClocks = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  sinceBoot: () => (uptime === null ? null : uptime() * 1_000),
};

/** The machine's cryptographically secure source. */
export const webRandom: Random = { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) };

const line = (level: "warn" | "error", event: string, fields: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ level, event, ...fields });

/** A line of JSON for each warning and error, on the console: in Node that is stderr. */
export const consoleLog: Log = {
  info: () => {},
  warn: (event, fields) => console.warn(line("warn", event, fields)),
  error: (event, fields) => console.error(line("error", event, fields)),
};
