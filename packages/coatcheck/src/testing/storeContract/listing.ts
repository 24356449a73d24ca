import assert from "node:assert/strict";
import type { SessionRecord } from "../../core/session.ts";
import { instant, later } from "../../core/time.ts";
import { HOUR, rotate } from "./bench.ts";
import type { Cases } from "./bench.ts";

export const listing: Cases = {
  "Lists this user's live sessions and nobody else's": async (t) => {
    const userId = t.userId();
    await t.bystanders();
    const [one, two, ended] = [
      await t.start({ userId }),
      await t.start({ userId, carrier: "token", secretHash: null }),
      await t.start({ userId }),
    ];
    await t.store.sessions.end({ sid: ended.sid }, t.now);
    const list = await t.store.sessions.list(userId, t.now);
    assert.deepEqual(new Map(list.map((it) => [it.sid, it])), new Map([one, two].map((it) => [it.sid, it])));
  },

  "Lists only those with both deadlines ahead, to the millisecond": async (t) => {
    const userId = t.userId();
    const at = instant(t.now + 900);
    const absolute = await t.start({ userId, expiresAt: at, idleExpiresAt: at });
    const idle = await t.start({ userId, idleExpiresAt: at });
    assert.deepEqual(new Set(await t.listed(userId, instant(at - 1))), new Set([absolute.sid, idle.sid]));
    assert.deepEqual(await t.listed(userId, at), []);
    const early = await t.start({ userId, expiresAt: at });
    assert.deepEqual(await t.listed(userId, instant(at - 1)).then((sids) => sids.includes(early.sid)), true);
    assert.deepEqual(await t.listed(userId, at), []);
  },

  "Lists the latest activity first": async (t) => {
    const userId = t.userId();
    const seen = [3, 1, 2].map((by) => instant(t.now + by));
    const sids = [];
    for (const lastSeenAt of seen) sids.push((await t.start({ userId, lastSeenAt })).sid);
    assert.deepEqual(await t.listed(userId), [sids[0], sids[2], sids[1]]);
    await t.store.sessions.touch([{ sid: sids[1] as never, lastSeenAt: instant(t.now + 9), idleExpiresAt: instant(0) }]);
    assert.deepEqual(await t.listed(userId), [sids[1], sids[0], sids[2]]);
  },

  "Everybody's live sessions are listed, latest activity first, at most as many as asked": async (t) => {
    const seen = [5, 7, 6].map((by) => instant(t.now + by * HOUR));
    const mine = [];
    for (const lastSeenAt of seen) mine.push(await t.start({ lastSeenAt, expiresAt: later(t.now, (9 * HOUR) as never) }));
    const [ended, cut] = [await t.start(), await t.start()];
    await t.store.sessions.end({ sid: ended.sid }, t.now);
    await t.store.sessions.endAll(cut.userId, null, t.now);
    const over = await t.start({ idleExpiresAt: t.now });
    const all = await t.store.sessions.recent(t.now, 100_000);
    const [first, second, third] = mine as [SessionRecord, SessionRecord, SessionRecord];
    const sids = mine.map(({ sid }) => sid);
    assert.deepEqual(
      all.filter(({ sid }) => sids.includes(sid)),
      [second, third, first],
    );
    assert.deepEqual(
      all.map(({ lastSeenAt }) => lastSeenAt),
      all.map(({ lastSeenAt }) => lastSeenAt).toSorted((a, b) => b - a),
    );
    for (const { sid } of [ended, cut, over]) assert.ok(!all.some((it) => it.sid === sid));
    assert.deepEqual(await t.store.sessions.recent(t.now, 2), all.slice(0, 2));
  },

  "Each listed record is as find gives it, a rotation included": async (t) => {
    const { sid, userId } = await t.start();
    await t.store.sessions.refresh(sid, (found) => rotate(found, t.now), t.now);
    assert.deepEqual(await t.store.sessions.list(userId, t.now), [await t.record(sid)]);
  },
};
