import assert from "node:assert/strict";
import type { Sid, UserId } from "../../core/ids.ts";
import { instant, later } from "../../core/time.ts";
import { drain, HOUR, MINUTE, race, rotate } from "./bench.ts";
import type { Bench, Cases } from "./bench.ts";

export const endingOne: Cases = {
  "Ends the one session and appends one sid entry": async (t) => {
    const { sid, userId, ...rest } = await t.start();
    const untouched = await t.bystanders(userId);
    const entries = await t.entries(async () => {
      const outcome = await t.store.sessions.end({ sid }, t.now);
      assert.deepEqual(outcome, { ended: 1, seq: await t.head() });
    });
    assert.deepEqual(
      entries.map(({ kind, key, at }) => ({ kind, key, at })),
      [{ kind: "sid", key: sid, at: t.now }],
    );
    assert.deepEqual(await t.record(sid), { ...rest, sid, userId, endedSeq: entries[0]?.seq });
    assert.equal(await t.lives(sid), false);
    await untouched();
  },

  "With a user id only if it is that user's": async (t) => {
    const { sid, userId } = await t.start();
    const other = await t.account();
    assert.deepEqual(
      await t.appended(async () => {
        assert.deepEqual(await t.store.sessions.end({ sid, userId: other.id }, t.now), { ended: 0, seq: await t.head() });
      }),
      [],
    );
    assert.equal(await t.lives(sid), true);
    assert.equal((await t.store.sessions.end({ sid, userId }, t.now)).ended, 1);
    assert.equal(await t.lives(sid), false);
  },

  "Ended 0, and nothing appended, if it is absent or has ended already": async (t) => {
    const [ended, cut] = [await t.start(), await t.start()];
    await t.store.sessions.end({ sid: ended.sid }, t.now);
    await t.store.sessions.endAll(cut.userId, null, t.now);
    const before = [await t.record(ended.sid), await t.record(cut.sid)];
    for (const sid of [ended.sid, cut.sid, t.sid()]) {
      assert.deepEqual(
        await t.appended(async () => {
          assert.deepEqual(await t.store.sessions.end({ sid }, t.now), { ended: 0, seq: await t.head() });
        }),
        [],
      );
    }
    assert.deepEqual([await t.record(ended.sid), await t.record(cut.sid)], before);
  },

  "A session past its deadlines still is ended": async (t) => {
    const { sid } = await t.start({ expiresAt: instant(t.now - 1), idleExpiresAt: instant(t.now - 1) });
    assert.equal((await t.store.sessions.end({ sid }, t.now)).ended, 1);
  },

  "Of many who end it at once exactly one did": async (t) => {
    const { sid } = await t.start();
    const outcomes = await race(20, () => t.store.sessions.end({ sid }, t.now));
    assert.equal(outcomes.filter(({ ended }) => ended === 1).length, 1);
  },

  "Ending is final under any race": async (t) => {
    const { sid } = await t.start();
    await race(20, (index) => {
      if (index === 9) return t.store.sessions.end({ sid }, t.now);
      if (index % 3 === 0) return t.store.sessions.renew(sid, t.renewal());
      if (index % 3 === 1) return t.store.sessions.refresh(sid, (found) => rotate(found, t.now), t.now);
      return t.store.sessions.touch([{ sid, lastSeenAt: later(t.now, HOUR), idleExpiresAt: later(t.now, HOUR) }]);
    });
    assert.equal(await t.lives(sid), false);
  },
};

/** Three devices of one user. */
async function devices(t: Bench): Promise<{ userId: UserId; sids: Sid[] }> {
  const userId = t.userId();
  const sids = [await t.start({ userId }), await t.start({ userId, carrier: "token", secretHash: null }), await t.start({ userId })].map(
    ({ sid }) => sid,
  );
  return { userId, sids };
}

export const endingAll: Cases = {
  "Ends every session of the user, both carriers, with one user cutoff": async (t) => {
    const untouched = await t.bystanders();
    const { userId, sids } = await devices(t);
    const entries = await t.entries(async () => {
      assert.deepEqual(await t.store.sessions.endAll(userId, null, t.now), { ended: 3, seq: await t.head() });
    });
    assert.deepEqual(
      entries.map(({ kind, key, at }) => ({ kind, key, at })),
      [{ kind: "user", key: userId, at: t.now }],
    );
    for (const sid of sids) assert.equal(await t.lives(sid), false);
    assert.deepEqual(await t.listed(userId), []);
    await untouched();
  },

  "It counts the sessions that list would have shown": async (t) => {
    const { userId, sids } = await devices(t);
    await t.start({ userId, idleExpiresAt: t.now });
    await t.start({ userId, expiresAt: t.now });
    await t.store.sessions.end({ sid: sids[0] as Sid }, t.now);
    assert.equal((await t.store.sessions.endAll(userId, null, t.now)).ended, 2);
    assert.equal((await t.store.sessions.endAll(userId, null, t.now)).ended, 0);
  },

  "The kept session lives on, its rsq moved to the cutoff, and is not counted": async (t) => {
    const { userId, sids } = await devices(t);
    const [keep, ...others] = sids as [Sid, Sid, Sid];
    const before = await t.record(keep);
    const outcome = await t.store.sessions.endAll(userId, keep, t.now);
    assert.equal(outcome.ended, 2);
    assert.deepEqual(await t.record(keep), { ...before, rsq: outcome.seq });
    assert.ok(outcome.seq > before.rsq, "what was made from it before the cutoff dies");
    assert.equal(await t.lives(keep), true);
    for (const sid of others) assert.equal(await t.lives(sid), false);
  },

  "To keep another user's session spares nothing and moves nothing": async (t) => {
    const { userId, sids } = await devices(t);
    const other = await t.start();
    assert.equal((await t.store.sessions.endAll(userId, other.sid, t.now)).ended, 3);
    assert.deepEqual(await t.record(other.sid), other);
    for (const sid of sids) assert.equal(await t.lives(sid), false);
  },

  "To keep a session that has ended revives nothing": async (t) => {
    const { userId, sids } = await devices(t);
    const [ended, cut] = sids as [Sid, Sid, Sid];
    await t.store.sessions.end({ sid: ended }, t.now);
    await t.store.sessions.endAll(userId, ended, t.now);
    await t.store.sessions.endAll(userId, cut, t.now);
    for (const sid of sids) assert.equal(await t.lives(sid), false);
  },

  "The mark is made even when there is no session yet: a login under way is ended by it": async (t) => {
    const userId = t.userId();
    const underWay = await t.newSession({ userId });
    assert.deepEqual(await t.appended(async () => await t.store.sessions.endAll(userId, null, t.now)), [`user ${userId}`]);
    await t.store.sessions.start(underWay, null, t.now);
    assert.equal(await t.lives(underWay.sid), false);
  },

  "A login that rests on a later proof lives": async (t) => {
    const { userId } = await devices(t);
    await t.store.sessions.endAll(userId, null, t.now);
    const { sid } = await t.start({ userId });
    assert.equal(await t.lives(sid), true);
    assert.deepEqual(await t.listed(userId), [sid]);
  },

  "Whatever runs at the same moment is ended by it or began after it": async (t) => {
    const { userId, sids } = await devices(t);
    const [sid] = sids as [Sid, Sid, Sid];
    const logins = await race(21, async (index) => {
      if (index === 10) return await t.store.sessions.endAll(userId, null, t.now);
      if (index % 2 === 0) return await t.store.sessions.refresh(sid, (found) => rotate(found, t.now), t.now);
      return await t.start({ userId });
    });
    const mark = logins[10] as { seq: number };
    for (const it of await t.store.sessions.list(userId, t.now)) assert.ok(it.rsq >= mark.seq);
    for (const one of sids) assert.equal(await t.lives(one), false);
  },
};

export const purging: Cases = {
  "Deletes what ended before, to the millisecond, and nothing else": async (t) => {
    const before = later(t.now, MINUTE);
    await drain(() => t.store.sessions.purge(before, 1_000));
    const untouched = await t.bystanders();
    const [early, late] = [await t.start(), await t.start()];
    await t.store.sessions.end({ sid: early.sid }, instant(before - 1));
    await t.store.sessions.end({ sid: late.sid }, before);
    assert.equal(await t.store.sessions.purge(before, 1_000), 1);
    assert.equal(await t.store.sessions.find(early.sid), null);
    assert.equal(await t.lives(late.sid), false);
    await untouched();
  },

  "Deletes what passed a deadline before, whichever came first": async (t) => {
    const before = later(t.now, MINUTE);
    await drain(() => t.store.sessions.purge(before, 1_000));
    const [just, far] = [instant(before - 1), later(before, HOUR)];
    const gone = [await t.start({ expiresAt: just, idleExpiresAt: far }), await t.start({ expiresAt: far, idleExpiresAt: just })];
    const kept = [await t.start({ expiresAt: before, idleExpiresAt: far }), await t.start({ expiresAt: far, idleExpiresAt: before })];
    assert.equal(await t.store.sessions.purge(before, 1_000), 2);
    for (const { sid } of gone) assert.equal(await t.store.sessions.find(sid), null);
    for (const { sid } of kept) assert.equal(await t.lives(sid), true);
  },

  "Deletes what a cutoff of any scope ended before, and spares who was kept": async (t) => {
    const { sessions, feed } = t.store;
    const [before, just] = [later(t.now, MINUTE), instant(t.now + MINUTE - 1)];
    await drain(() => sessions.purge(before, 1_000));
    const untouched = await t.bystanders();
    const clientId = t.clientId();
    const gone = [await t.start(), await t.start(), await t.start({ clientId })] as const;
    const keep = await t.start({ userId: gone[0].userId });
    const late = await t.start();
    await sessions.endAll(gone[0].userId, keep.sid, just);
    await sessions.endAll(gone[1].userId, null, just);
    await feed.append("client", clientId, just);
    await feed.append("invalidate-user", keep.userId, just);
    await sessions.endAll(late.userId, null, before);
    assert.equal(await sessions.purge(before, 1_000), gone.length);
    for (const { sid } of gone) assert.equal(await sessions.find(sid), null);
    assert.equal(await t.lives(keep.sid), true);
    assert.equal(await t.lives(late.sid), false);
    await untouched();
  },

  "Deletes what a later cutoff of the same scope ended, too": async (t) => {
    const { sessions, feed } = t.store;
    const before = later(t.now, MINUTE);
    await drain(() => sessions.purge(before, 1_000));
    const userId = t.userId();
    for (let round = 0; round < 3; round += 1) {
      const { sid } = await t.start({ userId });
      await sessions.endAll(userId, null, t.now);
      assert.equal(await sessions.purge(before, 1_000), 1);
      assert.equal(await sessions.find(sid), null);
    }
    const { sid } = await t.start();
    await feed.append("global", "", t.now);
    await drain(() => sessions.purge(before, 1_000));
    assert.equal(await sessions.find(sid), null);
  },

  "Deletes at most as many as it is told": async (t) => {
    await drain(() => t.store.sessions.purge(later(t.now, MINUTE), 1_000));
    const { userId } = await devices(t);
    await t.store.sessions.endAll(userId, null, t.now);
    for (let ended = 0; ended < 2; ended += 1) await t.store.sessions.end({ sid: (await t.start()).sid }, t.now);
    const counts = [];
    for (let round = 0; round < 3; round += 1) counts.push(await t.store.sessions.purge(later(t.now, MINUTE), 3));
    assert.deepEqual(counts, [3, 2, 0]);
  },

  "Purging appends nothing": async (t) => {
    const { sid } = await t.start();
    await t.store.sessions.end({ sid }, t.now);
    assert.deepEqual(await t.appended(async () => await t.store.sessions.purge(later(t.now, MINUTE), 1_000)), []);
  },
};
