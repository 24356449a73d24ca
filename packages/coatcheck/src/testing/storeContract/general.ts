import assert from "node:assert/strict";
import { StoreUnavailable } from "../../core/errors.ts";
import type { ClientId, Seq, Sid, UserId } from "../../core/ids.ts";
import { instant } from "../../core/time.ts";
import { text } from "./bench.ts";
import type { Bench, Cases } from "./bench.ts";

/** One call of each method, with arguments that find nothing. */
function everyCall({ store, now }: Bench): Readonly<Record<string, () => unknown>> {
  const { sessions, feed, users, clients, keys, throttles, audit } = store;
  const sid = text(16) as Sid;
  const userId = text(16) as UserId;
  const clientId = text(16) as ClientId;
  return {
    ping: () => store.ping(),
    "sessions.find": () => sessions.find(sid),
    "sessions.refresh": () => sessions.refresh(sid, () => ({ kind: "refuse", reason: "ended" }), now),
    "sessions.touch": () => sessions.touch([{ sid, lastSeenAt: now, idleExpiresAt: now }]),
    "sessions.list": () => sessions.list(userId, now),
    "sessions.end": () => sessions.end({ sid }, now),
    "sessions.endAll": () => sessions.endAll(userId, null, now),
    "sessions.purge": () => sessions.purge(instant(0), 1),
    "feed.since": () => feed.since(0 as Seq),
    ...(feed.moved === null ? {} : { "feed.moved": feed.moved }),
    "feed.listen": async () => (await feed.listen(() => {}))(),
    // Where nobody holds a lease there is nobody to be told.
    ...(feed.moved === null ? { "feed.hurry": () => feed.hurry() } : {}),
    "feed.confirm": () => feed.confirm({ holder: sid, from: 0 as Seq, mark: "", lease: 1 as never }, now),
    "feed.holders": () => feed.holders(),
    "feed.append": () => feed.append("invalidate-user", userId, now),
    "users.byEmail": () => users.byEmail("nobody@example.org"),
    "users.setDisabled": () => users.setDisabled(userId, true, now),
    "clients.byId": () => clients.byId(clientId),
    "clients.list": () => clients.list(),
    "clients.setDisabled": () => clients.setDisabled(clientId, true, now),
    "clients.remove": () => clients.remove(clientId, now),
    "keys.list": () => keys.list(),
    "keys.change": () => keys.change(() => ({}), now),
    "throttles.blockedUntil": () => throttles.blockedUntil([{ key: "k", limit: 1, window: 1 as never }], now),
    "throttles.take": () => throttles.take({ key: "k", limit: 0, window: 1 as never }, now),
    "throttles.forget": () => throttles.forget(["k"]),
    "audit.list": () => audit.list({}, 1),
  };
}

export const general: Cases = {
  "What is absent is null, or an empty list": async (t) => {
    const { sessions, users, clients, throttles, audit } = t.store;
    const [sid, userId] = [t.sid(), t.userId()];
    assert.equal(await sessions.find(sid), null);
    assert.equal(await sessions.renew(sid, t.renewal()), null);
    assert.equal(await sessions.refresh(sid, () => assert.fail("there is nothing to judge"), t.now), null);
    assert.deepEqual(await sessions.list(userId, t.now), []);
    assert.equal(await users.byId(userId), null);
    assert.equal(await users.byEmail(`${userId}@example.org`), null);
    assert.equal(await users.rehash(userId, "a", "b"), false);
    assert.equal(await clients.byId(t.clientId()), null);
    assert.equal(await throttles.blockedUntil([{ key: userId, limit: 1, window: 1_000 as never }], t.now), null);
    assert.deepEqual(await audit.list({ userId }, 9), []);
  },

  "What is malformed is null too": async (t) => {
    const { sessions, users, clients } = t.store;
    for (const nonsense of ["", "'", "%", "a\u0000b", "x".repeat(10_000), "__proto__"]) {
      assert.equal(await sessions.find(nonsense as Sid), null);
      assert.equal(await sessions.renew(nonsense as Sid, t.renewal()), null);
      assert.deepEqual(await sessions.list(nonsense as UserId, t.now), []);
      assert.equal((await sessions.end({ sid: nonsense as Sid }, t.now)).ended, 0);
      assert.equal(await users.byEmail(nonsense), null);
      assert.equal(await users.byId(nonsense as UserId), null);
      assert.equal(await clients.byId(nonsense as ClientId), null);
    }
  },

  "A store that is closed is an outage, whatever is asked of it": async (t) => {
    const calls = Object.entries(everyCall(t));
    await t.store.close();
    for (const [name, call] of calls) await assert.rejects(async () => await call(), StoreUnavailable, name);
  },

  "A store that is open can be asked anything, and pinged": async (t) => {
    for (const call of Object.values(everyCall(t))) await call();
  },

  "Opening what is open, and closing what is closed, changes nothing": async (t) => {
    const { sid } = await t.start();
    await t.store.open();
    assert.equal(await t.lives(sid), true);
    await t.store.close();
    await t.store.close();
  },
};
