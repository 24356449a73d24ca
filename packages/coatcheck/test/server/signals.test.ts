import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stopSignal } from "../../src/cli/signals.ts";
import { fakeClock } from "../../src/testing/clock.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
let before: Readonly<Record<(typeof SIGNALS)[number], Function[]>>;

beforeEach(() => {
  before = { SIGINT: process.listeners("SIGINT"), SIGTERM: process.listeners("SIGTERM") };
  for (const signal of SIGNALS) process.removeAllListeners(signal);
});
afterEach(() => {
  vi.restoreAllMocks();
  for (const signal of SIGNALS) {
    process.removeAllListeners(signal);
    for (const listener of before[signal]) process.on(signal, listener as () => void);
  }
});

test.each(SIGNALS)("%s is a wish to stop; passed on once more at once it is the same wish, later it ends the process", async (signal) => {
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  const clock = fakeClock();
  const stopped = stopSignal(clock);
  process.emit(signal, signal);
  expect(await stopped).toBe(signal);

  clock.advance(500);
  process.emit("SIGINT", "SIGINT");
  expect(exit).not.toHaveBeenCalled();

  clock.advance(1);
  process.emit("SIGTERM", "SIGTERM");
  expect(exit.mock.calls).toEqual([[143]]);
});
