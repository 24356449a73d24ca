import assert from "node:assert/strict";
import { seq } from "../../core/ids.ts";
import type { Seq } from "../../core/ids.ts";
import { LEEWAY } from "../../core/limits.ts";
import type { LogKind } from "../../core/ports.ts";
import { instant, later } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";
import { drain, HOUR, MINUTE, race, text } from "./bench.ts";
import type { Cases } from "./bench.ts";

const EPOCH = 2 ** 40;

export const feed: Cases = {
  "Gives every entry with a seq in (from, head], in order": async (t) => {
    const from = await t.head();
    const given: [LogKind, string][] = [
      ["invalidate-user", t.userId()],
      ["key", text(8)],
      ["client", t.clientId()],
      ["invalidate-sid", t.sid()],
      ["user", t.userId()],
      ["invalidate-all", ""],
    ];
    const positions = [];
    for (const [kind, key] of given) positions.push(await t.store.feed.append(kind, key, t.now));
    for (let skip = 0; skip <= given.length; skip += 1) {
      const page = await t.store.feed.since(seq(from + skip));
      assert.deepEqual(
        page.entries.map(({ kind, key }) => [kind, key]),
        given.slice(skip),
      );
      assert.deepEqual(
        page.entries.map((entry) => entry.seq),
        positions.slice(skip),
      );
      assert.equal(page.head, from + given.length);
    }
  },

  "From the head, or from beyond it, there is nothing, and the head is said all the same": async (t) => {
    const head = await t.store.feed.append("invalidate-user", t.userId(), t.now);
    for (const from of [head, seq(head + 5)]) {
      const page = await t.store.feed.since(from);
      assert.deepEqual([page.entries, page.head], [[], head]);
    }
  },

  "Total order, no gap: of many at once each gets a position of its own": async (t) => {
    const keys = Array.from({ length: 25 }, () => t.userId());
    const entries = await t.entries(() => race(25, (index) => t.store.feed.append("invalidate-user", keys[index] ?? "", t.now)));
    assert.equal(entries.length, 25);
    assert.deepEqual(new Set(entries.map(({ key }) => key)), new Set(keys));
  },

  "Entries handed out are the caller's": async (t) => {
    const [entry] = await t.entries(async () => await t.store.feed.append("invalidate-user", "u", t.now));
    assert.ok(entry !== undefined);
    const before = { ...entry };
    Object.assign(entry, { kind: "global", key: "another" });
    assert.deepEqual((await t.store.feed.since(seq(before.seq - 1))).entries, [before]);
  },

  "The head never goes back": async (t) => {
    let last = await t.head();
    const { sid, userId } = await t.start();
    for (const write of [
      () => t.store.sessions.end({ sid }, t.now),
      () => t.store.sessions.endAll(userId, null, t.now),
      () => t.store.sessions.purge(later(t.now, MINUTE), 1_000),
      () => t.store.feed.prune(later(t.now, (9 * HOUR) as Milliseconds)),
      () => t.store.feed.append("global", "", t.now),
    ]) {
      await write();
      const head = await t.head();
      assert.ok(head >= last);
      last = head;
    }
  },

  "An entry keeps its time to the millisecond": async (t) => {
    const at = instant(t.now + 1);
    const [entry] = await t.entries(async () => await t.store.feed.append("invalidate-user", "u", at));
    assert.equal(entry?.at, at);
  },

  "An entry lives as long as the longest access token and a leeway": async (t) => {
    const longest = await t.store.feed.raiseAccessTtl(1 as Milliseconds);
    const ttl = (longest + HOUR + 1) as Milliseconds;
    await t.store.feed.raiseAccessTtl(ttl);
    const { sid } = await t.start();
    const writes = [
      () => t.store.sessions.end({ sid }, t.now),
      () => t.store.sessions.endAll(t.userId(), null, t.now),
      () => t.store.feed.append("client", t.clientId(), t.now),
    ];
    for (const write of writes) {
      const [entry] = await t.entries(async () => await write());
      assert.ok(entry !== undefined && entry.expiresAt > t.now + ttl + LEEWAY);
      assert.ok(entry.expiresAt <= t.now + ttl + LEEWAY + MINUTE);
    }
  },

  "The longest access-token life is raised and never lowered": async (t) => {
    const { feed } = t.store;
    const longest = await feed.raiseAccessTtl(1 as Milliseconds);
    const longer = (longest + 1) as Milliseconds;
    assert.equal(await feed.raiseAccessTtl(longer), longer);
    assert.equal(await feed.raiseAccessTtl(longest), longer);
    assert.equal(await feed.raiseAccessTtl(1 as Milliseconds), longer);
  },

  "The incarnation names this life of the store, and stays": async (t) => {
    const { incarnation } = await t.store.feed.since(seq(0));
    assert.ok(incarnation.length >= 16);
    await t.store.feed.append("global", "", t.now);
    await t.raiseEpoch();
    assert.equal((await t.store.feed.since(seq(0))).incarnation, incarnation);
  },

  "A mark names a position: each has its own, and it is the same from wherever it is read": async (t) => {
    const { feed } = t.store;
    assert.equal((await feed.since(seq(0))).fromMark, "");
    const marks = new Map<Seq, string>();
    for (let n = 0; n < 3; n += 1) {
      const at = await feed.append("invalidate-user", `somebody ${n}`, t.now);
      marks.set(at, (await feed.since(at)).mark);
    }
    assert.equal(new Set(marks.values()).size, 3);
    for (const [at, mark] of marks) {
      assert.ok(mark.length >= 16);
      assert.equal((await feed.since(at)).fromMark, mark);
    }
  },

  "What is no position of this log has no mark": async (t) => {
    const { feed } = t.store;
    const head = await feed.append("global", "", t.now);
    assert.equal((await feed.since(seq(head + 1))).fromMark, null);
    await feed.raiseEpoch(head, head, t.now);
    assert.equal((await feed.since(seq(head + 1))).fromMark, null);
  },

  "The head keeps its mark when its entry has gone": async (t) => {
    const { feed } = t.store;
    const head = await feed.append("global", "", t.now);
    const { mark } = await feed.since(head);
    await feed.append("global", "", t.now);
    const later = await feed.since(seq(0));
    await feed.prune(instant(Number.MAX_SAFE_INTEGER));
    const { fromMark, mark: kept, entries } = await feed.since(later.head);
    assert.deepEqual([fromMark, kept, entries.length], [later.mark, later.mark, 0]);
    assert.notEqual(kept, mark);
    assert.equal((await feed.since(head)).fromMark, null);
  },

  "A cutoff of a user, a client or all ends what began before it, and nothing that begins after": async (t) => {
    const clientId = t.clientId();
    for (const kind of ["user", "client", "global"] as const) {
      const other = await t.bystanders();
      const { sid, userId } = await t.start({ clientId });
      const key = { user: userId, client: clientId, global: "" }[kind];
      const cutoff = await t.store.feed.append(kind, key, t.now);
      assert.equal((await t.found(sid)).cutoff, cutoff);
      assert.equal(await t.lives(sid), false);
      if (kind !== "global") await other();
      assert.equal(await t.lives((await t.start({ clientId, userId })).sid), true);
    }
  },

  "An invalidation or the end of a key ends no session": async (t) => {
    const { sid, userId } = await t.start();
    const entries = [
      ["invalidate-sid", sid],
      ["invalidate-user", userId],
      ["invalidate-all", ""],
      ["key", sid],
    ] as const;
    for (const [kind, key] of entries) await t.store.feed.append(kind, key, t.now);
    assert.equal(await t.lives(sid), true);
  },

  "Log and record never disagree: a sid entry ends the session": async (t) => {
    const { sid, userId } = await t.start();
    const untouched = await t.bystanders(userId);
    const at = await t.store.feed.append("sid", sid, t.now);
    assert.equal((await t.record(sid)).endedSeq, at);
    await t.store.feed.append("sid", sid, t.now);
    assert.equal((await t.record(sid)).endedSeq, at, "the first end is the end");
    await untouched();
  },

  "A new epoch lifts every later position, and appends invalidate-all": async (t) => {
    const before = await t.store.feed.append("invalidate-user", t.userId(), t.now);
    const raised = await t.store.feed.raiseEpoch(before, before, t.now);
    assert.equal(Math.floor(raised / EPOCH), Math.floor(before / EPOCH) + 1);
    const page = await t.store.feed.since(before);
    assert.deepEqual(
      page.entries.map(({ kind, key, seq: at }) => [kind, key, at]),
      [["invalidate-all", "", raised]],
    );
    assert.equal(page.head, raised);
    assert.equal(await t.store.feed.append("invalidate-user", t.userId(), t.now), raised + 1);
  },

  "A new epoch is later than any that is said to have been reached": async (t) => {
    const head = await t.head();
    const above = seq(head + 5 * EPOCH);
    const raised = await t.store.feed.raiseEpoch(head, above, t.now);
    assert.ok(raised > above);
    assert.equal((raised - head - 1) % EPOCH, 0, "no position is left out within the epochs");
    assert.equal(await t.store.feed.raiseEpoch(raised, seq(1), t.now), raised + EPOCH + 1);
  },

  "A new epoch only if the head is still the one that was seen; of many at once one starts it": async (t) => {
    const seen = await t.head();
    const heads = await race(9, () => t.store.feed.raiseEpoch(seen, seen, t.now));
    assert.equal(new Set(heads).size, 1);
    assert.equal(await t.head(), heads[0]);
    assert.equal((await t.store.feed.since(seen)).entries.length, 1);
  },

  "A session outlives a new epoch": async (t) => {
    const { sid } = await t.start();
    await t.raiseEpoch();
    assert.equal(await t.lives(sid), true);
  },

  "Pruning deletes entries that expired before, to the millisecond; the head stays": async (t) => {
    const { feed } = t.store;
    const [entry] = await t.entries(async () => await feed.append("invalidate-user", "u", later(t.now, HOUR)));
    assert.ok(entry !== undefined);
    await drain(() => feed.prune(entry.expiresAt));
    assert.deepEqual((await feed.since(seq(entry.seq - 1))).entries, [entry]);
    assert.equal(await feed.prune(instant(entry.expiresAt + 1)), 1);
    const page = await feed.since(seq(0));
    assert.equal(page.head, entry.seq);
    assert.equal(
      page.entries.some((it) => it.seq === entry.seq),
      false,
    );
  },

  "A cutoff ends sessions even after its entry has been pruned": async (t) => {
    const { sid, userId } = await t.start();
    await t.store.sessions.endAll(userId, null, t.now);
    await t.store.feed.prune(later(t.now, (99 * HOUR) as Milliseconds));
    assert.equal(await t.lives(sid), false);
    assert.deepEqual(await t.listed(userId), []);
  },
};
