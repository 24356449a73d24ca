import { describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import { LEEWAY } from "../../src/core/limits.ts";
import { duration } from "../../src/core/time.ts";
import type { Milliseconds } from "../../src/core/time.ts";
import { openMemory, openSqlite } from "./open.ts";
import { NOW } from "./processes/records.ts";

// What is promised of a fresh store alone, which the contract can't ask: there, others may have been before.
describe.each([
  ["memory", openMemory],
  ["sqlite", openSqlite],
] as const)("a fresh %s store", (_, openStore) => {
  it("begins at 0, in epoch 0, and counts from 1; a new epoch goes on counting", async () => {
    const { store, close } = await openStore();
    expect(await store.feed.since(seq(0))).toMatchObject({ entries: [], head: 0 });
    expect(await store.feed.append("global", "", NOW)).toBe(1);
    expect(await store.feed.raiseEpoch(seq(1), seq(1), NOW)).toBe(2 ** 40 + 2);
    expect(await store.feed.append("global", "", NOW)).toBe(2 ** 40 + 3);
    await close();
  });

  it("keeps an entry for an access life of 5 minutes, the leeway and a minute, until a process names its own", async () => {
    const { store, close } = await openStore();
    const expiries = async (): Promise<number[]> => (await store.feed.since(seq(0))).entries.map(({ expiresAt }) => expiresAt - NOW);
    const margin = LEEWAY + duration("60s");
    await store.feed.append("global", "", NOW);
    expect(await store.feed.raiseAccessTtl(duration("1m"))).toBe(duration("1m"));
    await store.feed.append("global", "", NOW);
    expect(await store.feed.raiseAccessTtl(duration("10m"))).toBe(duration("10m"));
    await store.feed.append("global", "", NOW);
    expect(await expiries()).toEqual(["5m", "1m", "10m"].map((ttl) => (duration(ttl as "5m") + margin) as Milliseconds));
    await close();
  });

  it("names its own life: no two are called the same", async () => {
    const names = new Set<string>();
    for (let count = 0; count < 3; count += 1) {
      const { store, close } = await openStore();
      names.add((await store.feed.since(seq(0))).incarnation);
      await close();
    }
    expect(names.size).toBe(3);
  });

  it("has no users, no keys and no events", async () => {
    const { store, close } = await openStore();
    expect(await store.keys.list()).toEqual([]);
    expect(await store.audit.list({}, 9)).toEqual([]);
    await close();
  });
});
