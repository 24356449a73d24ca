import { describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import { duration } from "../../src/core/time.ts";
import type { Milliseconds } from "../../src/core/time.ts";
import { Elapsed } from "../../src/revocation/elapsed.ts";
import { LeaseHolders } from "../../src/revocation/holders.ts";
import { Lease, leaseFor, leaseSurelyOver } from "../../src/revocation/lease.ts";
import { HandClocks } from "./clocks.ts";

const FIVE = duration("5s");

function setUp() {
  const clocks = new HandClocks();
  return { clocks, lease: new Lease(new Elapsed(clocks)) };
}

describe("a lease", () => {
  it("is not held before the first answer", () => {
    expect(setUp().lease.left()).toBeLessThanOrEqual(0);
  });

  it("runs from when the question was sent, not from when the answer came", () => {
    const { clocks, lease } = setUp();
    const attempt = lease.begin();
    clocks.pass(3_000);
    expect(lease.renew(attempt, FIVE, 0)).toBe(true);
    expect(lease.left()).toBe(2_000);
    clocks.pass(2_000);
    expect(lease.left()).toBe(0);
  });

  it("is shorter by the age of the answer", () => {
    const { lease } = setUp();
    lease.renew(lease.begin(), FIVE, 1_200);
    expect(lease.left()).toBe(3_800);
  });

  it("is never made older by an answer that comes late", () => {
    const { clocks, lease } = setUp();
    const slow = lease.begin();
    clocks.pass(1_000);
    lease.renew(lease.begin(), FIVE, 0);
    lease.renew(slow, FIVE, 0);
    expect(lease.left()).toBe(5_000);
  });

  it("is not renewed by an answer over which the clocks were doubted", () => {
    const { clocks, lease } = setUp();
    const attempt = lease.begin();
    clocks.sleep(1_000, { wall: true, boot: false });
    expect(lease.renew(attempt, FIVE, 0)).toBe(false);
    expect(lease.left()).toBeLessThanOrEqual(0);
  });

  it("ends with a doubt, whatever was left of it", () => {
    const { clocks, lease } = setUp();
    lease.renew(lease.begin(), FIVE, 0);
    clocks.setWall(-10_000);
    expect(lease.left()).toBeLessThanOrEqual(0);
    clocks.setWall(10_000);
    expect(lease.left()).toBeLessThanOrEqual(0);
  });

  it("can be given up", () => {
    const { lease } = setUp();
    lease.renew(lease.begin(), FIVE, 0);
    lease.drop();
    expect(lease.left()).toBeLessThanOrEqual(0);
  });

  it("is over on the slowest clock when the bound is reached, and known to be over by the fastest", () => {
    for (const bound of [duration("1s"), FIVE, duration("30s")]) {
      const lease = leaseFor(bound);
      expect(lease / (1 - 1e-3)).toBeLessThanOrEqual(bound);
      // The holder's clock is slow and the other's fast, by as much as is allowed.
      expect(leaseSurelyOver(lease) / (1 + 1e-3)).toBeGreaterThanOrEqual(lease / (1 - 1e-3));
    }
  });
});

describe("whoever waits for a log-out", () => {
  function hub() {
    const clocks = new HandClocks();
    const holders = new LeaseHolders(clocks, FIVE);
    clocks.pass(10_000);
    return { clocks, holders };
  }

  it("waits for nobody when nobody asks", () => {
    expect(hub().holders.termOf(seq(7))).toBe(0);
  });

  it("waits for each who has not applied it, for as long as their lease may run", () => {
    const { clocks, holders } = hub();
    holders.asked("one", seq(6), FIVE);
    holders.asked("two", seq(7), FIVE);
    expect(holders.termOf(seq(7))).toBe(leaseSurelyOver(FIVE));
    holders.asked("one", seq(7), FIVE);
    expect(holders.termOf(seq(7))).toBe(0);
    holders.asked("two", seq(0), FIVE);
    clocks.pass(4_000);
    expect(holders.termOf(seq(7))).toBe(leaseSurelyOver(FIVE) - 4_000);
    clocks.pass(1_100);
    expect(holders.termOf(seq(7))).toBe(0);
  });

  it("does not shorten a lease that was given for longer", () => {
    const { holders } = hub();
    holders.asked("one", seq(1), FIVE);
    holders.asked("one", seq(2), 1_000 as Milliseconds);
    expect(holders.termOf(seq(7))).toBe(leaseSurelyOver(FIVE));
  });

  it("is not misled by a wall clock that is set, or by a sleep", () => {
    const { clocks, holders } = hub();
    holders.asked("one", seq(1), FIVE);
    clocks.setWall(60_000);
    clocks.sleep(60_000, { wall: true, boot: true });
    expect(holders.termOf(seq(7))).toBe(leaseSurelyOver(FIVE));
  });

  it("waits the whole term after a restart: whom it answered before, it doesn't know", () => {
    expect(new LeaseHolders(new HandClocks(), FIVE).termOf(seq(0))).toBe(leaseSurelyOver(FIVE));
  });
});
