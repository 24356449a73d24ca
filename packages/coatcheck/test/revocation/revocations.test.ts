import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { seq } from "../../src/core/ids.ts";
import type { ClientId, Sid, UserId } from "../../src/core/ids.ts";
import type { MaybePromise } from "../../src/core/maybe.ts";
import type { Clock, Feed, Log, LogEntry, LogKind, LogPage } from "../../src/core/ports.ts";
import { instant } from "../../src/core/time.ts";
import { HandClocks } from "./clocks.ts";
import { Revocations } from "../../src/revocation/revocations.ts";

const clock: Clock = { now: () => instant(0), every: () => () => {} };
const standing = { sid: "s" as Sid, userId: "u" as UserId, clientId: "c" as ClientId, rsq: seq(0) };
const entry = (n: number, key = "s"): LogEntry => ({ kind: "sid", key, seq: seq(n), expiresAt: instant(9), at: instant(0) });

/** A log that the test moves by hand, answering at once or when told. */
class HandFeed {
  entries: LogEntry[] = [];
  life = "one";
  pruned = 0;
  head = 0;
  dirty = false;
  down = false;
  reads = 0;
  raised: number[] = [];
  later: (() => void)[] | null = null;

  append(key = "s", kind: LogKind = "sid"): void {
    this.head += 1;
    this.entries.push({ ...entry(this.head, key), kind });
    this.dirty = true;
  }

  port(): Feed {
    const page = (from: number): LogPage => {
      if (this.down) throw new StoreUnavailable("down");
      this.reads += 1;
      return {
        entries: this.entries.filter((it) => it.seq > from && it.seq <= this.head),
        head: seq(this.head),
        mark: `${this.life} ${this.head}`,
        fromMark: from === 0 ? "" : from > this.head || from <= this.pruned ? null : `${this.life} ${from}`,
        incarnation: "the store",
      };
    };
    return {
      moved: () => {
        const moved = this.dirty;
        this.dirty = false;
        return moved;
      },
      since: (from): MaybePromise<LogPage> => {
        const answer = page(from);
        if (this.later === null) return answer;
        return new Promise((resolve) => this.later?.push(() => resolve(answer)));
      },
      listen: () => () => {},
      hurry: () => {},
      confirm: (hold) => ({ ...page(hold.from), storeClock: null }),
      holders: () => [],
      pruneHolders: () => 0,
      append: () => seq(0),
      raiseAccessTtl: (ttl) => ttl,
      raiseEpoch: (seen) => {
        this.raised.push(seen);
        this.head = 2 ** 40 + 1;
        return seq(this.head);
      },
      prune: () => 0,
    };
  }
}

function setUp(readKeys: () => MaybePromise<void> = () => undefined) {
  const feed = new HandFeed();
  const alarms: string[] = [];
  const log: Log = { info: () => {}, warn: () => {}, error: (event) => void alarms.push(event) };
  return {
    feed,
    alarms,
    revocations: new Revocations({ feed: feed.port(), clock, clocks: new HandClocks(), log, holder: "me", readKeys }),
  };
}

describe("keeping up with the log", () => {
  it("is synchronous when the store is, and reads only when the store moved", async () => {
    const { feed, revocations } = setUp();
    expect(revocations.sync()).toBeUndefined();
    expect(feed.reads).toBe(1);
    await revocations.sync();
    expect(feed.reads).toBe(1);
    feed.append();
    await revocations.sync();
    expect(feed.reads).toBe(2);
    expect(revocations.ended(standing)).toBe(true);
    expect(revocations.head).toBe(1);
  });

  it("tries again after an unreadable log: that is not an empty one", async () => {
    const { feed, revocations } = setUp();
    await revocations.sync();
    feed.append();
    feed.down = true;
    expect(() => revocations.sync()).toThrow(StoreUnavailable);
    expect(() => revocations.sync()).toThrow(StoreUnavailable);
    feed.down = false;
    await revocations.sync();
    expect(revocations.ended(standing)).toBe(true);
  });

  it.each(["key", "invalidate-keys"] as const)(
    "reads the keys before it goes by an entry `%s`, and again while they are out of reach",
    async (kind) => {
      const seen: number[] = [];
      let down = true;
      const { feed, revocations } = setUp(() => {
        seen.push(revocations.head);
        if (down) throw new StoreUnavailable("down");
      });
      feed.append();
      await revocations.sync();
      expect(seen).toEqual([]);
      feed.append("k", kind);
      expect(() => revocations.sync()).toThrow(StoreUnavailable);
      expect(() => revocations.sync()).toThrow(StoreUnavailable);
      down = false;
      await revocations.sync();
      await revocations.sync();
      expect(seen).toEqual([1, 1, 1]);
      expect(revocations.head).toBe(2);
      expect(revocations.keyRevoked("k")).toBe(kind === "key");
    },
  );

  it("does not take a page for the news that came while it was on its way", async () => {
    const { feed, revocations } = setUp();
    await revocations.sync();
    feed.later = [];
    feed.append("first");
    const one = revocations.sync();
    feed.append("s");
    const two = revocations.sync();
    feed.later.shift()?.();
    await one;
    expect(revocations.ended(standing)).toBe(false);
    await Promise.resolve();
    await Promise.resolve();
    feed.later.shift()?.();
    await two;
    expect(revocations.ended(standing)).toBe(true);
  });

  it("keeps what it knows when the head goes back, sounds the alarm and starts a new epoch", async () => {
    const { feed, alarms, revocations } = setUp();
    feed.append();
    feed.append("gone");
    await revocations.sync();
    feed.entries.pop();
    feed.head = 1;
    feed.dirty = true;
    await revocations.sync();
    expect(alarms).toEqual(["store_rolled_back"]);
    expect(feed.raised).toEqual([1]);
    expect(revocations.head).toBe(2 ** 40 + 1);
    expect(revocations.ended({ ...standing, sid: "gone" as Sid })).toBe(true);
  });

  it("sounds the alarm too when the store has written as much again since it went back", async () => {
    const { feed, alarms, revocations } = setUp();
    feed.append();
    await revocations.sync();
    feed.life = "two";
    feed.entries = [entry(1, "a"), entry(2, "b")];
    feed.head = 2;
    feed.dirty = true;
    await revocations.sync();
    for (const sid of ["s", "a", "b"]) expect(revocations.ended({ ...standing, sid: sid as Sid }), sid).toBe(true);
    expect(alarms).toEqual(["store_rolled_back"]);
    expect(feed.raised).toEqual([2]);
  });

  it("reads everything again, and sounds no alarm, when the store has pruned the position that it is at", async () => {
    const { feed, alarms, revocations } = setUp();
    feed.append();
    await revocations.sync();
    feed.append("a");
    feed.pruned = 1;
    await revocations.sync();
    for (const sid of ["s", "a"]) expect(revocations.ended({ ...standing, sid: sid as Sid }), sid).toBe(true);
    expect(alarms).toEqual([]);
    expect(revocations.head).toBe(2);
  });
});
