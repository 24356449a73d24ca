import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import type { Sid, UserId } from "../../src/core/ids.ts";
import type { Store } from "../../src/core/ports.ts";
import { isLive } from "../../src/core/session.ts";
import type { Found } from "../../src/core/session.ts";
import { duration } from "../../src/core/time.ts";
import { temporary } from "./open.ts";
import { ENGINES, storeAt } from "./processes/engines.ts";
import type { Place } from "./processes/engines.ts";
import { commonStart, startWorker } from "./processes/pool.ts";
import type { Worker } from "./processes/pool.ts";
import { newSession, newUser, NOW } from "./processes/records.ts";
import type { Answers, Task, TaskName } from "./processes/worker.ts";

const WORKERS = 3;
const LONG = 60_000;

const folder = temporary();
const workers: Worker[] = [];
let place: Place;
let shared: string;
let store: Store;

beforeAll(async () => {
  for (let count = 0; count < WORKERS; count += 1) workers.push(startWorker(folder.path("compiled")));
}, LONG);

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.stop()));
  folder.remove();
});

/** One task for each worker, all begun at the same moment. */
async function together<N extends TaskName>(task: (index: number) => Omit<Task<N>, "at">): Promise<Answers[N][]> {
  const at = commonStart();
  return await Promise.all(workers.map((worker, index) => worker.ask({ ...task(index), at } as Task<N>)));
}

async function logHasNoGap(): Promise<void> {
  const { entries, head } = await store.feed.since(seq(0));
  expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => (entries[0]?.seq ?? 0) + index));
  expect(head).toBe(entries.at(-1)?.seq);
}

async function found(sid: Sid): Promise<Found> {
  const it = await store.sessions.find(sid);
  if (it === null) throw new Error("the session is not there");
  return it;
}

interface Round {
  /** Logins whose answer was there before log-out-everywhere was called, that began after it had answered, and all others. */
  readonly before: number;
  readonly after: number;
  readonly overlapping: number;
  readonly refreshesAfter: number;
}

/** 20 logins in two processes, which also refresh, while the third logs the user out everywhere. */
async function raceOnce(): Promise<Round> {
  const user = newUser({});
  await store.users.create(user, "hash");
  const { sid } = (await store.sessions.start(newSession({ userId: user.id }), null, NOW)).session;
  const [first, second, ender] = workers as [Worker, Worker, Worker];
  const start = BigInt(commonStart());
  const soon = String(start + BigInt(Math.floor(Math.random() * 12e6)));
  const at = String(start);

  const one = async (worker: Worker): Promise<[Answers["logIn"], Answers["refresh"]]> => {
    const logins = [...(await worker.ask({ name: "logIn", userId: user.id, times: 5, at }))];
    const refreshes = await worker.ask({ name: "refresh", sid, times: 5 });
    logins.push(...(await worker.ask({ name: "logIn", userId: user.id, times: 5 })));
    return [logins, refreshes];
  };
  const [mark, ...both] = await Promise.all([ender.ask({ name: "endAll", userId: user.id, at: soon }), one(first), one(second)]);
  const [called, answered] = [BigInt(mark.began), BigInt(mark.done)];

  const logins = both.flatMap(([them]) => them);
  const live = new Set<Sid>();
  for (const login of logins) {
    const it = await found(login.sid);
    if (isLive(it)) live.add(login.sid);
    if (BigInt(login.done) < called) expect(isLive(it), "it was there before, so it has ended").toBe(false);
    if (BigInt(login.began) > answered) expect(isLive(it), "it began afterwards, so it lives").toBe(true);
    expect(isLive(it)).toBe(login.rsq >= mark.seq);
  }
  const listed = (await store.sessions.list(user.id, NOW)).map((it) => it.sid);
  expect(new Set(listed)).toEqual(live);
  expect(isLive(await found(sid))).toBe(false);

  const late = both.flatMap(([, them]) => them).filter(({ began }) => BigInt(began) > answered);
  expect(late.every(({ kind }) => kind === "refuse")).toBe(true);
  const before = logins.filter(({ done }) => BigInt(done) < called).length;
  const after = logins.filter(({ began }) => BigInt(began) > answered).length;
  return { before, after, overlapping: logins.length - before - after, refreshesAfter: late.length };
}

describe.each(ENGINES)("$name:", ({ isHere, open }) => {
  describe.skipIf(!isHere)("real processes", () => {
    beforeAll(async () => {
      place = await open();
      shared = await place.fresh();
      store = storeAt(shared);
      await store.open();
    }, LONG);

    afterAll(async () => {
      await together<"close">(() => ({ name: "close" }));
      await store.close();
      await place.remove();
    });

    describe("processes that open a fresh store at the same moment", () => {
      it("make it once, and all see the same life of it, 10 times", { timeout: LONG }, async () => {
        for (let round = 0; round < 10; round += 1) {
          const address = await place.fresh();
          const opened = await together<"open">(() => ({ name: "open", address }));
          expect(new Set(opened.map(({ incarnation }) => incarnation)).size).toBe(1);
          await together<"close">(() => ({ name: "close" }));
        }
      });
    });

    describe("processes on one store", () => {
      beforeAll(async () => {
        await together<"open">(() => ({ name: "open", address: shared }));
      }, LONG);

      it("of many with the same generation exactly one rotates, 20 times", { timeout: LONG }, async () => {
        const { sid } = (await store.sessions.start(newSession({}), null, NOW)).session;
        for (let generation = 0; generation < 20; generation += 1) {
          const kinds = await together<"rotateOnce">(() => ({ name: "rotateOnce", sid, generation }));
          expect(kinds.toSorted()).toEqual(["replay", "replay", "rotate"]);
        }
        expect((await found(sid)).session.rotation.generation).toBe(20);
      });

      it("of many who want an address exactly one gets it, 10 times", { timeout: LONG }, async () => {
        for (let round = 0; round < 10; round += 1) {
          const got = await together<"signUp">(() => ({ name: "signUp", email: `wanted-${round}@example.org` }));
          expect(got.filter(Boolean)).toEqual([true]);
        }
      });

      it("all end with the same signing key, 10 times", { timeout: LONG }, async () => {
        for (let round = 0; round < 10; round += 1) {
          const kids = await together<"ensureKey">(() => ({ name: "ensureKey", alg: `alg-${round}` }));
          expect(new Set(kids.map((list) => list.toSorted().join())).size).toBe(1);
          expect(kids[0]).toHaveLength(round + 1);
        }
      });

      it("concurrent counts all count", { timeout: LONG }, async () => {
        await together<"fail">(() => ({ name: "fail", key: "shared", times: 10 }));
        const rule = { key: "shared", window: duration("1m") };
        expect(await store.throttles.blockedUntil([{ ...rule, limit: 10 * WORKERS }], NOW)).not.toBeNull();
        expect(await store.throttles.blockedUntil([{ ...rule, limit: 10 * WORKERS + 1 }], NOW)).toBeNull();
      });

      it("no more get through than there is room for", { timeout: LONG }, async () => {
        const taken = await together<"take">(() => ({ name: "take", key: "taken", limit: 20, times: 10 }));
        expect(taken.reduce((sum, times) => sum + times, 0)).toBe(20);
      });

      it("what one of them commits, another sees as moved, and in the log", { timeout: LONG }, async () => {
        const [worker] = workers as [Worker];
        const { head } = await store.feed.since(seq(0));
        const { moved } = store.feed;
        await moved?.();
        // Where that can be known without asking another machine.
        if (moved !== null) expect(await moved()).toBe(false);
        const { seq: mark } = await worker.ask({ name: "endAll", userId: "somebody" as UserId });
        if (moved !== null) expect([await moved(), await moved()]).toEqual([true, false]);
        expect((await store.feed.since(head)).entries).toMatchObject([{ seq: mark, kind: "user", key: "somebody" }]);
      });

      it(
        "log-out-everywhere ends each login and refresh of other processes or comes before it, 10 times with 20 logins",
        { timeout: LONG },
        async () => {
          const sum = { before: 0, overlapping: 0, after: 0, refreshesAfter: 0 };
          for (let round = 0; round < 10; round += 1) {
            const counts = await raceOnce();
            for (const name of Object.keys(sum) as (keyof Round)[]) sum[name] += counts[name];
          }
          console.log(`log-out-everywhere against 200 logins: ${JSON.stringify(sum)}`);
          expect(sum.before + sum.overlapping + sum.after).toBe(200);
          await logHasNoGap();
        },
      );
    });
  });
});
