import { describe, expect, it } from "vitest";
import { instant } from "../../src/core/time.ts";
import type { Milliseconds } from "../../src/core/time.ts";
import { fakeClock } from "../../src/testing/index.ts";

const ms = (count: number): Milliseconds => count as Milliseconds;

describe("the fake clock", () => {
  it("stands still until it is moved", () => {
    const clock = fakeClock(instant(1_000));
    expect([clock.now(), clock.now()]).toEqual([1_000, 1_000]);
    clock.advance(5);
    expect(clock.now()).toBe(1_005);
  });

  it("calls ticks in the order of their time, each seeing its own time as now", () => {
    const clock = fakeClock(instant(0));
    const ticks: string[] = [];
    clock.every(ms(30), () => ticks.push(`slow ${clock.now()}`));
    clock.every(ms(20), () => ticks.push(`fast ${clock.now()}`));
    clock.advance(59);
    expect(ticks).toEqual(["fast 20", "slow 30", "fast 40"]);
    clock.advance(1);
    expect(ticks.slice(3)).toEqual(["slow 60", "fast 60"]);
    expect(clock.now()).toBe(60);
  });

  it("calls no tick that was cancelled, even by another tick", () => {
    const clock = fakeClock();
    const ticks: string[] = [];
    const cancel = clock.every(ms(20), () => ticks.push("cancelled"));
    clock.every(ms(10), () => {
      ticks.push("first");
      cancel();
    });
    clock.advance(25);
    expect(ticks).toEqual(["first", "first"]);
  });

  it("calls a tick that another tick began", () => {
    const clock = fakeClock(instant(0));
    const ticks: number[] = [];
    const cancel = clock.every(ms(10), () => {
      cancel();
      clock.every(ms(10), () => ticks.push(clock.now()));
    });
    clock.advance(40);
    expect(ticks).toEqual([20, 30, 40]);
  });

  it("refuses a period that would never end", () => {
    expect(() => fakeClock().every(ms(0), () => undefined)).toThrow(TypeError);
  });
});
