import assert from "node:assert/strict";
import { seq } from "../../core/ids.ts";
import type { Hold, LeaseHolder } from "../../core/ports.ts";
import { duration, instant } from "../../core/time.ts";
import { drain, text } from "./bench.ts";
import type { Bench, Cases } from "./bench.ts";

// How processes keep up with the log: by asking before each decision, or from afar, under a lease.

/** How long a store may take to wake whoever listens before it counts as not waking at all. */
const SOON = duration("3s");

/** Every way in which the log grows, in an order in which each of them does. */
async function appends(t: Bench): Promise<readonly (() => unknown)[]> {
  const { store, now } = t;
  const user = await t.account();
  const { sid } = await t.start({ userId: user.id });
  return [
    () => store.feed.append("invalidate-user", user.id, now),
    () => store.users.setRoles(user.id, ["reader"], now),
    () => store.sessions.renew(sid, t.renewal()),
    () => store.sessions.end({ sid }, now),
    () => store.sessions.endAll(user.id, null, now),
  ];
}

/** Null for a store that nobody can ask before each decision: the cases about asking say nothing of it. */
function asking({ store }: Bench): (() => Promise<boolean>) | null {
  const { moved } = store.feed;
  return moved === null ? null : async () => await moved();
}

/** Counts how often it was woken, and waits for the next time. */
class Sleeper {
  woken = 0;
  isAwaited = false;
  #next = (): void => {};

  readonly wake = (isAwaited: boolean): void => {
    this.woken += 1;
    this.isAwaited = isAwaited;
    this.#next();
  };

  /** @param work what has to wake it, within {@link SOON}. */
  async wakes(work: () => unknown): Promise<boolean> {
    const before = this.woken;
    const soon = new Promise<void>((resolve) => {
      this.#next = resolve;
      setTimeout(resolve, SOON).unref();
    });
    await work();
    if (this.woken === before) await soon;
    return this.woken > before;
  }
}

function hold(given: Partial<Hold> = {}): Hold {
  return { holder: text(12), from: seq(0), mark: "", lease: duration("5s"), ...given };
}

/** Where the log ends, and its mark there. */
async function position({ store }: Bench): Promise<Pick<Hold, "from" | "mark">> {
  const { head, mark } = await store.feed.since(seq(0));
  return { from: head, mark };
}

async function held({ store }: Bench, name: string): Promise<LeaseHolder | undefined> {
  return (await store.feed.holders()).find(({ holder }) => holder === name);
}

export const keepingUp: Cases = {
  "Moved is true at first, and after every commit; asked again it is false": async (t) => {
    const moved = asking(t);
    if (moved === null) return;
    assert.equal(await moved(), true);
    assert.equal(await moved(), false);
    for (const append of await appends(t)) {
      await moved();
      assert.equal(await moved(), false);
      await append();
      assert.equal(await moved(), true);
    }
  },

  "Reading moves nothing": async (t) => {
    const moved = asking(t);
    if (moved === null) return;
    const { sid, userId } = await t.start();
    await moved();
    await t.store.sessions.find(sid);
    await t.store.sessions.list(userId, t.now);
    await t.store.feed.since(seq(0));
    await t.store.feed.holders();
    assert.equal(await moved(), false);
  },

  "Whoever listens is woken soon after anything was appended": async (t) => {
    const sleeper = new Sleeper();
    const writes = await appends(t);
    const stop = await t.store.feed.listen(sleeper.wake);
    for (const append of writes) assert.ok(await sleeper.wakes(append), String(append));
    stop();
  },

  "Whoever holds a lease and listens hears when its word is awaited, and no wait in mere news": async (t) => {
    if (t.store.feed.moved !== null) return;
    const sleeper = new Sleeper();
    const stop = await t.store.feed.listen(sleeper.wake);
    assert.ok(await sleeper.wakes(() => t.store.feed.append("invalidate-user", t.userId(), t.now)));
    assert.equal(sleeper.isAwaited, false);
    assert.ok(await sleeper.wakes(() => t.store.feed.hurry()));
    assert.equal(sleeper.isAwaited, true);
    stop();
  },

  "Whoever has stopped listening is woken no more, and nobody else with them": async (t) => {
    const [one, two] = [new Sleeper(), new Sleeper()];
    const stopOne = await t.store.feed.listen(one.wake);
    const stopTwo = await t.store.feed.listen(two.wake);
    stopOne();
    const before = one.woken;
    assert.ok(await two.wakes(() => t.store.feed.append("invalidate-user", t.userId(), t.now)));
    assert.equal(one.woken, before);
    stopTwo();
  },

  "A confirm gives the page since a position, and the clock of the store's machine, if that is another": async (t) => {
    const { feed } = t.store;
    const from = await feed.append("invalidate-user", t.userId(), t.now);
    await feed.append("invalidate-user", t.userId(), t.now);
    const { storeClock, ...page } = await feed.confirm(hold({ from }), t.now);
    assert.deepEqual(page, await feed.since(from));
    assert.equal(page.entries.length, 1);
    assert.ok(storeClock === null || Number.isSafeInteger(storeClock));
  },

  "A holder stands there with what it had applied and for how long it was given leave; its latest word counts": async (t) => {
    const { feed } = t.store;
    const before = await position(t);
    await feed.append("invalidate-user", t.userId(), t.now);
    const first = hold(before);
    await feed.confirm(first, t.now);
    const { beat: firstBeat, ...rest } = (await held(t, first.holder)) ?? {};
    assert.deepEqual(rest, { holder: first.holder, applied: first.from, lease: first.lease });
    const now = await position(t);
    await feed.confirm({ ...first, ...now, lease: duration("1s") }, t.now);
    const { beat, ...then } = (await held(t, first.holder)) ?? {};
    assert.deepEqual(then, { holder: first.holder, applied: now.from, lease: duration("1s") });
    assert.ok(beat !== undefined && beat.length >= 16 && beat !== firstBeat);
  },

  "What a holder has applied of another log counts for nothing": async (t) => {
    const { feed } = t.store;
    const before = await position(t);
    await feed.append("invalidate-user", t.userId(), t.now);
    const { from, mark } = await position(t);
    const others = [
      { from, mark: before.mark },
      { from, mark: "" },
      { from: seq(from + 1), mark },
      { from: before.from, mark },
    ];
    for (const other of others) {
      const asks = hold(other);
      await feed.confirm(asks, t.now);
      assert.equal((await held(t, asks.holder))?.applied, 0, JSON.stringify(other));
    }
  },

  "A beat never comes again, whatever a holder says": async (t) => {
    const same = hold();
    const beats = new Set<string | undefined>();
    for (let nth = 0; nth < 20; nth += 1) {
      await t.store.feed.confirm(same, t.now);
      beats.add((await held(t, same.holder))?.beat);
      if (nth === 9) await t.store.feed.pruneHolders(instant(t.now + 1));
    }
    assert.equal(beats.size, 20);
  },

  "Whoever ends something and then asks for the holders misses none that has not been told of it": async (t) => {
    const { feed } = t.store;
    for (let round = 0; round < 60; round += 1) {
      const asks = hold(await position(t));
      const endAndAsk = async () => ({ ended: await feed.append("invalidate-user", "u", t.now), holders: await feed.holders() });
      const [page, { ended, holders }] = await Promise.all([feed.confirm(asks, t.now), endAndAsk()]);
      const told = page.head >= ended;
      assert.ok(told || holders.some(({ holder }) => holder === asks.holder));
    }
  },

  "Pruning forgets the holders that asked last before, to the millisecond, and no others": async (t) => {
    const { feed } = t.store;
    await drain(() => feed.pruneHolders(instant(t.now + 1)));
    const [old, kept] = [hold(), hold()];
    await feed.confirm(old, instant(t.now - 9));
    await feed.confirm(kept, instant(t.now - 9));
    await feed.confirm(kept, t.now);
    assert.equal(await feed.pruneHolders(t.now), 1);
    assert.equal(await held(t, old.holder), undefined);
    assert.notEqual(await held(t, kept.holder), undefined);
  },
};
