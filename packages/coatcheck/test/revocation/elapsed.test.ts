import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Elapsed } from "../../src/revocation/elapsed.ts";
import { HandClocks } from "./clocks.ts";

function setUp() {
  const clocks = new HandClocks();
  return { clocks, elapsed: new Elapsed(clocks) };
}

describe("how much time has passed", () => {
  it("is what the clocks say, when they agree", () => {
    const { clocks, elapsed } = setUp();
    clocks.pass(700);
    expect(elapsed.now()).toBe(700);
    clocks.pass(300);
    expect(elapsed.beat()).toBe(1_000);
    clocks.pass(1);
    expect(elapsed.now()).toBe(1_001);
    expect(elapsed.doubts).toBe(0);
  });

  it("counts a sleep that the wall clock saw, and casts a doubt", () => {
    const { clocks, elapsed } = setUp();
    clocks.sleep(6_000, { wall: true, boot: false });
    expect(elapsed.now()).toBe(6_000);
    expect(elapsed.doubts).toBe(1);
  });

  it("counts a sleep that only the time since boot saw, at the next heartbeat", () => {
    const { clocks, elapsed } = setUp();
    clocks.sleep(6_000, { wall: false, boot: true });
    expect(elapsed.now()).toBe(0);
    expect(elapsed.beat()).toBe(6_000);
    expect(elapsed.doubts).toBeGreaterThan(0);
  });

  it("goes by the other clocks where nobody knows the time since boot", () => {
    const clocks = new HandClocks();
    clocks.forgetBoot();
    const elapsed = new Elapsed(clocks);
    clocks.pass(1_000);
    expect(elapsed.beat()).toBe(1_000);
    expect(elapsed.doubts).toBe(0);
  });

  it.each([-3_600_000, -151, 151, 3_600_000])("doubts a wall clock that was set by %d ms within a second", (by) => {
    const { clocks, elapsed } = setUp();
    clocks.pass(1_000);
    clocks.setWall(by);
    elapsed.now();
    expect(elapsed.doubts).toBe(1);
    clocks.pass(1_000);
    elapsed.now();
    expect(elapsed.doubts).toBe(1);
  });

  it.each([-149, 149])("bears a wall clock that is slewed by %d ms within a second", (by) => {
    const { clocks, elapsed } = setUp();
    clocks.pass(1_000);
    clocks.setWall(by);
    expect(elapsed.now()).toBe(1_000 + Math.max(0, by));
    expect(elapsed.doubts).toBe(0);
  });

  it("adds nothing up from look to look: a clock in whole milliseconds is not rounded up again and again", () => {
    const clocks = new HandClocks();
    const elapsed = new Elapsed({ ...clocks, wall: () => Math.ceil(clocks.wall()) });
    for (let look = 0; look < 10_000; look += 1) {
      clocks.pass(0.1);
      elapsed.now();
    }
    expect(elapsed.now()).toBeLessThan(1_002);
  });

  it("never goes back and never says less than the monotonic clock, whatever happens to the others", () => {
    const event = fc.oneof(
      fc.record({ pass: fc.nat(5_000) }),
      fc.record({ set: fc.integer({ min: -100_000, max: 100_000 }) }),
      fc.record({ sleep: fc.nat(50_000), wall: fc.boolean(), boot: fc.boolean() }),
      fc.constant({ beat: true as const }),
    );
    fc.assert(
      fc.property(fc.array(event), (events) => {
        const { clocks, elapsed } = setUp();
        const start = clocks.monotonic();
        let before = 0;
        for (const it of events) {
          if ("pass" in it) clocks.pass(it.pass);
          else if ("set" in it) clocks.setWall(it.set);
          else if ("sleep" in it) clocks.sleep(it.sleep, it);
          else elapsed.beat();
          const now = elapsed.now();
          expect(now).toBeGreaterThanOrEqual(Math.max(before, clocks.monotonic() - start));
          before = now;
        }
      }),
    );
  });
});
