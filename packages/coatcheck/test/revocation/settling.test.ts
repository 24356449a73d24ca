import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { seq } from "../../src/core/ids.ts";
import type { Seq } from "../../src/core/ids.ts";
import type { LogPage } from "../../src/core/ports.ts";
import { duration, instant } from "../../src/core/time.ts";
import type { Milliseconds } from "../../src/core/time.ts";
import { leaseSurelyOver } from "../../src/revocation/lease.ts";
import { Settling } from "../../src/revocation/settling.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { HandClocks } from "./clocks.ts";

const BOUND = duration("5s");
const LEASE = 4_995 as Milliseconds;
const NOW = instant(1_800_000_000_000);

async function setUp() {
  const store = memory();
  await store.open();
  const clocks = new HandClocks();
  const clock = fakeClock(NOW);
  let head = seq(0);
  const settling = new Settling({ feed: store.feed, clock, clocks, bound: BOUND, holder: "me", head: () => head });
  const ask = (holder: string, from: number): unknown => {
    const { fromMark } = store.feed.since(seq(from)) as LogPage;
    return store.feed.confirm({ holder, from: seq(from), mark: fromMark ?? "", lease: LEASE }, NOW);
  };
  const end = (): Promise<Seq> => Promise.resolve(store.feed.append("user", "u", NOW));
  /** Waits for the end of what ended last, and says whether that is over after this much time. */
  const over = async (settled: Promise<void>, after: number): Promise<boolean> => {
    let done = false;
    void settled.then(() => (done = true));
    for (let passed = 0; passed < after; passed += 15) {
      await turns();
      clocks.pass(15);
      clock.advance(15);
    }
    await turns();
    return done;
  };
  return { store, clocks, clock, settling, ask, end, over, setHead: (to: Seq) => (head = to) };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

describe("waiting until nobody can accept what has ended", () => {
  it("is over at once where nobody ever held a lease", async () => {
    const { settling, end, over } = await setUp();
    await settling.look();
    expect(await over(settling.settled(await end()), 0)).toBe(true);
  });

  it("is over as soon as each holder has applied it", async () => {
    const { settling, clocks, ask, end, over } = await setUp();
    await settling.look();
    ask("one", 0);
    ask("two", 0);
    await settling.look();
    clocks.pass(10_000);
    ask("one", 0);
    ask("two", 0);
    const settled = settling.settled(await end());
    expect(await over(settled, 1_000)).toBe(false);
    ask("one", 1);
    expect(await over(settled, 1_000)).toBe(false);
    ask("two", 1);
    expect(await over(settled, 30)).toBe(true);
  });

  it("asks the holders for their word at once, and once", async () => {
    const { store, settling, ask, end, over } = await setUp();
    const woken: boolean[] = [];
    await store.feed.listen((isAwaited) => void woken.push(isAwaited));
    await settling.look();
    await settling.settled(await end());
    await turns();
    expect(woken).toEqual([false]);
    ask("one", 1);
    const settled = settling.settled(await end());
    expect(await over(settled, 90)).toBe(false);
    expect(woken).toEqual([false, false, true]);
    ask("one", 2);
    expect(await over(settled, 30)).toBe(true);
  });

  it("is over when the lease of one that says nothing any more has surely run out, and not before", async () => {
    const { settling, ask, end, over } = await setUp();
    await settling.look();
    ask("silent", 0);
    const settled = settling.settled(await end());
    const term = leaseSurelyOver(LEASE);
    expect(await over(settled, term - 30)).toBe(false);
    expect(await over(settled, 60)).toBe(true);
  });

  it("waits for one that asks and asks without ever having applied it no longer than for a silent one: it is answered with the end", async () => {
    const { settling, ask, end, over } = await setUp();
    await settling.look();
    ask("deaf", 0);
    const settled = settling.settled(await end());
    for (let second = 0; second < 4; second += 1) {
      expect(await over(settled, 1_000)).toBe(false);
      ask("deaf", 0);
    }
    expect(await over(settled, leaseSurelyOver(LEASE) - 4 * 1_005 - 30)).toBe(false);
    ask("deaf", 0);
    expect(await over(settled, 60)).toBe(true);
  });

  it("does not wait for one that died long ago, once that has been seen", async () => {
    const { settling, clocks, ask, end, over } = await setUp();
    await settling.look();
    ask("dead", 0);
    await settling.look();
    clocks.pass(60_000);
    await settling.look();
    expect(await over(settling.settled(await end()), 0)).toBe(true);
  });

  it("does not wait for the process itself", async () => {
    const { settling, ask, end, over } = await setUp();
    await settling.look();
    ask("me", 0);
    expect(await over(settling.settled(await end()), 0)).toBe(true);
  });

  it("waits the whole term after a start where leases were held: some may have been lost with what the store lost", async () => {
    const { settling, ask, end, over } = await setUp();
    ask("one", 0);
    await settling.look();
    ask("one", 1);
    const settled = settling.settled(await end());
    expect(await over(settled, 4_900)).toBe(false);
    expect(await over(settled, 200)).toBe(true);
  });

  it("does not take a position of another log for one of its own: a store that was put back has other entries by the same numbers", async () => {
    const { store, settling, ask, end, over } = await setUp();
    await settling.look();
    ask("one", 0);
    const settled = settling.settled(await end());
    await store.feed.confirm({ holder: "one", from: seq(1), mark: "of another log", lease: LEASE }, NOW);
    expect(await over(settled, 1_000)).toBe(false);
    ask("one", 1);
    expect(await over(settled, 30)).toBe(true);
  });

  it("waits the whole term after a fail-over: who held a lease before, the store may have lost", async () => {
    const { store, settling, clocks, end, over } = await setUp();
    await settling.look();
    clocks.pass(60_000);
    await store.feed.raiseEpoch(seq(0), seq(0), NOW);
    const settled = settling.settled(await end());
    expect(await over(settled, 4_900)).toBe(false);
    expect(await over(settled, 200)).toBe(true);
    expect(await over(settling.settled(await end()), 0)).toBe(true);
  });

  it("fails when the store can't be asked: then nobody knows", async () => {
    const { store, settling, end } = await setUp();
    await settling.look();
    const ended = await end();
    await store.close();
    await expect(settling.settled(ended)).rejects.toThrow(StoreUnavailable);
  });
});
