import { describe, expect, it } from "vitest";
import { Activity } from "../../src/carriers/activity.ts";
import { KnownSessions } from "../../src/carriers/cookie/known.ts";
import type { KnownSession } from "../../src/carriers/cookie/known-session.ts";
import { newRecord } from "../../src/carriers/record.ts";
import { sharedClaims, sharedList } from "../../src/carriers/sharing.ts";
import { VerifiedTokens } from "../../src/carriers/token/verified.ts";
import { seq } from "../../src/core/ids.ts";
import type { Sid, UserId } from "../../src/core/ids.ts";
import type { MaybePromise } from "../../src/core/maybe.ts";
import type { JsonValue } from "../../src/core/session.ts";
import { RecentRows } from "../../src/core/rows.ts";
import type { Found } from "../../src/core/session.ts";
import { duration } from "../../src/core/time.ts";
import type { Instant } from "../../src/core/time.ts";
import { sha256, sha256Text } from "../../src/crypto/hash.ts";
import { systemRandom } from "../../src/server/random.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { SILENT } from "../support/engine.ts";
import { CLAIMS } from "./access-tokens.ts";

const MINUTE = 60_000;

/** The cache on a store whose answers come when they are let go, and a log of which the test says what is in it. */
async function world() {
  const [store, clock] = [memory(), fakeClock()];
  await store.open();
  const waiting: (() => void)[] = [];
  const state = { reads: 0, later: false, changed: false, ended: false };
  const find = (sid: Sid): MaybePromise<Found | null> => {
    state.reads += 1;
    const found = store.sessions.find(sid) as Found | null;
    return state.later ? new Promise((resolve) => waiting.push(() => resolve(found))) : found;
  };
  const known = new KnownSessions({
    sessions: { ...store.sessions, find },
    users: { get: (id) => ({ id, roles: ["member"], disabled: false }) },
    claims: {},
    revocations: { changedSince: () => state.changed, ended: () => state.ended },
    activity: new Activity(store.sessions, { idle: duration("7d"), absolute: duration("30d") }, SILENT),
    maxAge: duration("5m"),
  });
  const now = clock.now();
  const login = { userId: "ann" as UserId, rsq: seq(0), amr: ["pwd"], device: { label: "", userAgent: "", ip: "" }, data: null };
  const deadlines = { expiresAt: (now + 60 * MINUTE) as Instant, idleExpiresAt: (now + 3 * MINUTE) as Instant };
  const start = async (secretHash: Uint8Array | null = sha256("s")): Promise<Sid> => {
    const record = newRecord({ random: systemRandom }, login, { carrier: "cookie", secretHash }, deadlines, now);
    return (await store.sessions.start(record, null, now)).session.sid;
  };
  const arrive = (): void => waiting.shift()?.();
  /** Reads at once what the store says at once, and promises it all the same. */
  const ask = async (sid: Sid): Promise<KnownSession | null> => known.read(sid, clock.now());
  return { known, store, clock, state, start, arrive, waiting, ask };
}

describe("sessions that are remembered", () => {
  it("are asked of the store once, however many ask at the same time", async () => {
    const { ask, state, start, arrive } = await world();
    const sid = await start();
    state.later = true;
    const all = Array.from({ length: 5 }, () => ask(sid));
    arrive();
    expect((await Promise.all(all)).map((it) => it?.who.kind)).toEqual(Array(5).fill("user"));
    expect(state.reads).toBe(1);
  });

  it("are read again, once for all who joined late, when the log has said something since", async () => {
    const { ask, state, start, arrive, waiting } = await world();
    const sid = await start();
    state.later = true;
    const [first, ...late] = Array.from({ length: 4 }, () => ask(sid));
    state.changed = true;
    arrive();
    await first;
    await expect.poll(() => waiting.length).toBe(1);
    arrive();
    await Promise.all(late);
    expect(state.reads).toBe(2);
  });

  it("call nobody idle who joined a read that was begun before they were active elsewhere", async () => {
    const { ask, store, clock, state, start, arrive, waiting } = await world();
    const sid = await start();
    state.later = true;
    const first = ask(sid);
    await store.sessions.touch([{ sid, lastSeenAt: clock.now(), idleExpiresAt: (clock.now() + 50 * MINUTE) as Instant }]);
    clock.advance(4 * MINUTE);
    const second = ask(sid);
    arrive();
    await first;
    await expect.poll(() => waiting.length).toBe(1);
    arrive();
    expect((await second)?.idleExpiresAt).toBeGreaterThan(clock.now());
  });

  it("fail for all who wait for a read that fails, and are asked again by the next", async () => {
    const { known, clock, state, start } = await world();
    const sid = await start();
    const down = new KnownSessions({
      ...{ claims: {}, users: { get: () => null }, revocations: { changedSince: () => false, ended: () => false }, maxAge: duration("5m") },
      sessions: { find: () => Promise.reject(new Error("down")) } as never,
      activity: { pendingIdle: () => 0 } as never,
    });
    const askIt = async (): Promise<KnownSession | null> => down.read(sid, clock.now());
    expect((await Promise.allSettled([askIt(), askIt()])).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    await expect(askIt()).rejects.toThrow("down");
    expect(state.reads).toBe(0);
    expect((await known.read(sid, clock.now()))?.sid).toBe(sid);
  });

  it("have ended if this process has heard so, though the store has lost it since", async () => {
    const { ask, state, start } = await world();
    state.ended = true;
    expect((await ask(await start()))?.who.kind).toBe("ended");
  });

  it("are known to be absent for two seconds and no longer", async () => {
    const { ask, clock, state } = await world();
    const sid = "AAAAAAAAAAAAAAAAAAAAAA" as Sid;
    for (const wait of [0, 1_999, 1]) {
      clock.advance(wait);
      expect(await ask(sid)).toBeNull();
    }
    expect(state.reads).toBe(1);
    clock.advance(1);
    expect(await ask(sid)).toBeNull();
    expect(state.reads).toBe(2);
    clock.advance(-1_000);
    await ask(sid);
    expect(state.reads).toBe(3); // a clock that went back makes nothing young
  });

  it("are none if no ticket opens them", async () => {
    const { ask, start } = await world();
    expect(await ask(await start(null))).toBeNull();
  });

  it("are believed for the time that the log keeps its entries, counted from before the read", async () => {
    const { ask, known, clock, state, start, arrive } = await world();
    const sid = await start();
    state.later = true;
    const read = ask(sid);
    clock.advance(4 * MINUTE);
    arrive();
    await read;
    expect(known.get(sid, clock.now())).not.toBeNull();
    clock.advance(MINUTE);
    expect(known.get(sid, clock.now())).not.toBeNull();
    clock.advance(1);
    expect(known.get(sid, clock.now())).toBeNull();
    clock.advance(-5 * MINUTE - 2);
    expect(known.get(sid, clock.now())).toBeNull();
  });
});

describe("rows of a table that forgets", () => {
  const table = (capacity: number): RecentRows<string, { value: string; words: Uint32Array }> =>
    new RecentRows(capacity, 2, (piece, nth) => ({
      value: piece.values[nth] as string,
      words: piece.words.subarray(4 * nth, 4 * nth + 4),
    }));

  it("keep every bit, be it no number, when they are used again and move on", () => {
    const rows = table(1_000);
    const bits = (nth: number): number[] => [0xffffffff - nth, 0xfff7ffff, nth, 0x7ff00001];
    for (let nth = 0; nth < 1_000; nth++) rows.set(`key ${nth}`, `value ${nth}`).words.set(bits(nth));
    rows.set("one more", "");
    for (let nth = 0; nth < 1_000; nth += 3) {
      const { value, words } = rows.get(`key ${nth}`) as { value: string; words: Uint32Array };
      expect([value, ...words]).toEqual([`value ${nth}`, ...bits(nth)]);
    }
  });

  it("are never more than twice the capacity, and those in use stay", () => {
    const rows = table(10);
    rows.set("used", "it");
    for (let nth = 0; nth < 1_000; nth++) {
      rows.set(`key ${nth}`, "");
      expect(rows.get("used")?.value).toBe("it");
      expect(rows.size).toBeLessThanOrEqual(20);
    }
    expect(rows.get("key 1")).toBeNull();
    expect(rows.get("key 999")?.value).toBe("");
  });
});

describe("what is equal and frozen", () => {
  it("is kept once, and only if it can't be written into", () => {
    expect(sharedList(["a", "b"])).toBe(sharedList(["a", "b"]));
    expect(sharedList(["a\0b"])).not.toEqual(sharedList(["a", "b"]));
    expect(sharedClaims({ plan: "x" })).toBe(sharedClaims({ plan: "x" }));
    const deep = (): Record<string, JsonValue> => ({ tenant: { name: "x" } });
    expect(sharedClaims(deep())).not.toBe(sharedClaims(deep()));
    for (const it of [sharedList(["a"]), sharedClaims({ plan: "x" }), sharedClaims(deep())]) expect(Object.isFrozen(it)).toBe(true);
  });
});

describe("tokens that are remembered", () => {
  it("say what they said, though each had an audience of its own", () => {
    const tokens = new VerifiedTokens(sha256Text);
    const key = (nth: number): ReturnType<VerifiedTokens["keyOf"]> => tokens.keyOf(`token ${nth}`);
    for (let nth = 0; nth <= 10_000; nth++) tokens.add(key(nth), "kid", { ...CLAIMS, aud: `https://${nth}.example.com` });
    expect(tokens.size).toBe(1);
    expect(tokens.get(key(1))).toBeNull();
    expect(tokens.get(key(10_000))).toMatchObject({ aud: "https://10000.example.com", kid: "kid", exp: CLAIMS.exp, rsq: CLAIMS.rsq });
  });
});
