import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import type { MaybePromise } from "../../src/core/maybe.ts";
import type { TwoTimes } from "../../src/revocation/freshness.ts";
import { LEASE, setUp, standing, turns } from "./far-store.ts";

describe("while its clock and the store's are minutes apart", () => {
  async function apart(by: number) {
    const scene = await setUp();
    scene.store.storeClock = () => scene.clocks.wall();
    await scene.revocations.open();
    scene.clocks.pass(LEASE);
    scene.store.storeClock = () => scene.clocks.wall() + by;
    return { ...scene, times: [] as TwoTimes[] };
  }

  it.each([-3_600_000, 3_600_000])("looks up each decision by both clocks, and all that the store has: %s", async (by) => {
    const { store, clock, clocks, revocations, times, said, lives } = await apart(by);
    const judge = (two: TwoTimes): boolean => times.push(two) > 0 && !revocations.ended(standing);
    const lookUp = (): MaybePromise<boolean> => revocations.decide(() => !revocations.ended(standing), judge);
    expect(await lookUp()).toBe(true);
    const [here, there] = [clock.now(), clocks.wall() + by];
    expect(times).toEqual([{ earlier: Math.min(here, there), later: Math.max(here, there + LEASE) }]);
    const { length } = store.confirms;
    store.append();
    expect(await lookUp()).toBe(false);
    expect(store.confirms.slice(length)).toEqual(expect.arrayContaining([0]));
    expect(store.confirms.slice(length).every((from) => from === 0)).toBe(true);
    expect(revocations.left()).toBeLessThanOrEqual(0);
    expect(revocations.lapsed).toEqual({ asked: 2, apart: 2, unknown: 0 });
    // Whoever can't judge by two clocks doesn't; and it is said, but not each time.
    await expect(lives()).rejects.toThrow(StoreUnavailable);
    expect(revocations.lapsed).toEqual({ asked: 2, apart: 2, unknown: 1 });
    expect(said).toEqual(["clocks_apart"]);
  });

  it("asks anew for each: not even the question that is on its way will do", async () => {
    const { store, revocations, lives } = await apart(3_600_000);
    await expect(lives()).rejects.toThrow(StoreUnavailable);
    store.held = [];
    const early = revocations.read();
    await turns();
    store.append();
    const looked = revocations.decide(
      () => true,
      () => !revocations.ended(standing),
    );
    const held = store.held;
    store.held = null;
    for (const go of held) go();
    await expect(early).rejects.toThrow(StoreUnavailable);
    expect(await looked).toBe(false);
  });

  it("believes no answer that is older than a lease when it counts", async () => {
    const { clocks, revocations } = await apart(3_600_000);
    const looked = revocations.decide(
      () => true,
      () => {
        clocks.pass(LEASE);
        return true;
      },
    );
    await expect(looked).rejects.toThrow(StoreUnavailable);
  });

  it("believes no answer if its own clocks disagreed meanwhile", async () => {
    const { clocks, revocations } = await apart(3_600_000);
    const looked = revocations.decide(
      () => true,
      () => {
        clocks.setWall(60_000);
        return true;
      },
    );
    await expect(looked).rejects.toThrow(StoreUnavailable);
  });

  it("can't decide with the store away", async () => {
    const { store, revocations } = await apart(3_600_000);
    store.down = true;
    const looked = revocations.decide(
      () => true,
      () => true,
    );
    await expect(looked).rejects.toThrow(StoreUnavailable);
  });

  it("holds a lease again when the clocks have been set, having read everything", async () => {
    const { store, clocks, revocations, lives } = await apart(3_600_000);
    await expect(lives()).rejects.toThrow(StoreUnavailable);
    store.storeClock = () => clocks.wall();
    expect(await lives()).toBe(true);
    expect(store.confirms.at(-1)).toBe(0);
    expect(revocations.left()).toBeGreaterThan(0);
  });
});
