import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { seq } from "../../src/core/ids.ts";
import { BOUND, LEASE, setUp, standing, turns } from "./far-store.ts";

describe("deciding under a lease", () => {
  it("asks nobody while the lease holds, and is synchronous", async () => {
    const { store, clocks, revocations, lives } = await setUp();
    await revocations.open();
    expect(store.confirms).toEqual([0]);
    store.append();
    clocks.pass(LEASE - 1);
    expect(lives()).toBe(true);
    expect(revocations.left()).toBeCloseTo(1);
    expect(store.confirms.length).toBe(1);
  });

  it("asks when the lease has run out, and goes by the answer", async () => {
    const { store, clocks, revocations, lives } = await setUp();
    await revocations.open();
    store.append();
    clocks.pass(LEASE);
    expect(await lives()).toBe(false);
    expect(store.confirms.length).toBe(2);
    expect(lives()).toBe(false);
  });

  it("can't decide when the lease has run out and the store does not answer; it can again when it does", async () => {
    const { store, clocks, revocations, lives } = await setUp();
    await revocations.open();
    clocks.pass(LEASE);
    store.down = true;
    await expect(lives()).rejects.toThrow(StoreUnavailable);
    store.down = false;
    expect(await lives()).toBe(true);
  });

  it("does not decide before it has ever heard from the store", async () => {
    const { store, revocations, lives } = await setUp();
    store.down = true;
    await expect(revocations.open()).rejects.toThrow(StoreUnavailable);
    await expect(lives()).rejects.toThrow(StoreUnavailable);
  });

  it("looks at the lease after it has judged: a pause in the middle of that counts", async () => {
    const { store, clocks, revocations } = await setUp();
    await revocations.open();
    store.append();
    let pauses = 1;
    const verdict = revocations.decide(() => {
      const lives = !revocations.ended(standing);
      if (pauses-- > 0) clocks.pass(8_000);
      return lives;
    });
    expect(await verdict).toBe(false);
  });

  it("looks at it again after a judgement that had to wait", async () => {
    const { store, clocks, revocations } = await setUp();
    await revocations.open();
    let judged = 0;
    const verdict = revocations.decide(async () => {
      const lives = !revocations.ended(standing);
      judged += 1;
      if (judged === 1) {
        store.append();
        clocks.pass(LEASE);
      }
      await Promise.resolve();
      return lives;
    });
    expect(await verdict).toBe(false);
    expect(judged).toBe(2);
  });

  it("runs from when the question was sent, however late the answer comes", async () => {
    const { store, clocks, revocations, lives } = await setUp();
    store.held = [];
    const opening = revocations.open();
    await turns();
    clocks.pass(3_000);
    store.held.shift()?.();
    store.held = null;
    await opening;
    expect(revocations.left()).toBeCloseTo(LEASE - 3_000);
    expect(lives()).toBe(true);
  });

  it("asks at every heartbeat, and keeps the lease", async () => {
    const { store, revocations, pass } = await setUp();
    await revocations.open();
    for (let beat = 0; beat < 30; beat += 1) {
      pass(BOUND / 5);
      await turns();
    }
    expect(store.confirms.length).toBe(31);
    expect(revocations.left()).toBeCloseTo(LEASE);
    revocations.close();
    pass(10 * BOUND);
    await turns();
    expect(store.confirms.length).toBe(31);
  });

  it("does not heap up questions on a store that does not answer", async () => {
    const { store, revocations, pass } = await setUp();
    await revocations.open();
    store.held = [];
    pass(20 * BOUND);
    await turns();
    expect(store.confirms.length).toBe(1 + 3);
  });

  it("reads news at once, and without a word to the store when nobody waits for it", async () => {
    const { store, revocations, pass, lives } = await setUp();
    await revocations.open();
    store.append();
    store.news();
    await turns();
    expect(lives()).toBe(false);
    pass(100);
    await turns();
    expect(store.confirms).toEqual([0]);
  });

  it("no lease rests on news", async () => {
    const { store, clocks, revocations } = await setUp();
    await revocations.open();
    clocks.pass(LEASE - 10);
    store.append();
    store.news();
    await turns();
    expect(revocations.head).toBe(1);
    expect(revocations.left()).toBeCloseTo(10);
  });

  it("asks at once when there are news about keys, and reads the keys before they count", async () => {
    let isDown = true;
    const { store, revocations, pass } = await setUp(() => {
      if (isDown) throw new StoreUnavailable("down");
    });
    await revocations.open();
    store.append("key", "k");
    store.news();
    await turns();
    expect([revocations.head, revocations.keyRevoked("k")]).toEqual([0, false]);
    isDown = false;
    store.news();
    pass(20);
    await turns();
    expect([revocations.head, revocations.keyRevoked("k")]).toEqual([1, true]);
  });

  it("says to the store at once what it has applied when somebody waits for that, and then not too often", async () => {
    const { store, revocations, pass, lives } = await setUp();
    await revocations.open();
    store.append();
    store.news(true);
    await turns();
    expect(lives()).toBe(false);
    expect(store.confirms).toEqual([0, 1]);
    for (let nth = 0; nth < 5; nth += 1) store.news(true);
    await turns();
    expect(store.confirms).toEqual([0, 1, 1]);
    pass(100);
    await turns();
    pass(100);
    await turns();
    expect(store.confirms).toEqual([0, 1, 1, 1]);
  });

  it("of many who must read while a question is on its way one asks for all, and after them all", async () => {
    const { store, revocations } = await setUp();
    await revocations.open();
    store.held = [];
    const first = revocations.read();
    await turns();
    store.append();
    const others = Array.from({ length: 9 }, () => revocations.read());
    const [held] = [store.held];
    store.held = null;
    for (const go of held) go();
    await Promise.all([first, ...others]);
    expect(store.confirms.length).toBe(3);
    expect(revocations.ended(standing)).toBe(true);
  });

  it.each(["key", "invalidate-keys"] as const)("holds no lease on an entry `%s` before the keys have been read", async (kind) => {
    let down = true;
    const { store, clocks, revocations, lives } = await setUp(() => {
      if (down) throw new StoreUnavailable("down");
    });
    await revocations.open();
    store.append(kind, "k");
    clocks.pass(LEASE);
    await expect(lives()).rejects.toThrow(StoreUnavailable);
    expect(revocations.keyRevoked("k")).toBe(false);
    down = false;
    expect(await lives()).toBe(true);
    expect(revocations.keyRevoked("k")).toBe(kind === "key");
  });

  it("has no lease while its clock and the store's are minutes apart, and says what to do", async () => {
    const { store, clocks, said, revocations, lives } = await setUp();
    store.storeClock = () => clocks.wall();
    await revocations.open();
    clocks.pass(LEASE);
    store.storeClock = () => clocks.wall() - 301_000;
    await expect(lives()).rejects.toThrow(StoreUnavailable);
    expect(said).toEqual(["clocks_apart"]);
    store.storeClock = () => clocks.wall();
    expect(await lives()).toBe(true);
  });

  it("reads everything again when its clocks have disagreed", async () => {
    const { store, clocks, revocations, lives } = await setUp();
    store.append();
    await revocations.open();
    clocks.setWall(60_000);
    expect(await lives()).toBe(false);
    expect(store.confirms.slice(1)).toContain(0);
  });
});

describe("a position that has not been heard of here", () => {
  it("is asked for, and is there: another process was told of it before", async () => {
    const { store, revocations } = await setUp();
    await revocations.open();
    store.append();
    expect(await revocations.reaches(seq(1))).toBe(true);
    expect(revocations.ended(standing)).toBe(true);
  });

  it("is asked for, and is not there: the store lost writes, and a new epoch begins", async () => {
    const { said, revocations } = await setUp();
    await revocations.open();
    expect(await revocations.reaches(seq(7))).toBe(false);
    expect(said).toEqual(["store_rolled_back"]);
    expect(revocations.head).toBe(2 ** 40 + 1);
  });
});
