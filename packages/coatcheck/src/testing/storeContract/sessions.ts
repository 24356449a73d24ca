import assert from "node:assert/strict";
import { isLive } from "../../core/session.ts";
import type { Found } from "../../core/session.ts";
import { instant, later } from "../../core/time.ts";
import { bytes, HOUR, MINUTE, race, refusesMistake, rotate } from "./bench.ts";
import type { Cases } from "./bench.ts";

export const starting: Cases = {
  "Inserts the record, to the millisecond and the byte": async (t) => {
    for (const given of [{}, { carrier: "token", secretHash: null, data: null, amr: [] } as const]) {
      const session = await t.newSession(given);
      const before = await t.bystanders(session.userId);
      const found = await t.store.sessions.start(session, null, t.now);
      assert.deepEqual(found.session, { ...session, endedSeq: null });
      assert.deepEqual(await t.found(session.sid), found);
      assert.equal(found.head, await t.head());
      await before();
    }
  },

  "Starting appends nothing by itself": async (t) => {
    assert.deepEqual(await t.appended(() => t.start()), []);
  },

  "Ends the session that it replaces, this user's or anybody else's, in the same transaction": async (t) => {
    const userId = t.userId();
    for (const replaced of [await t.start({ userId }), await t.start()]) {
      const session = await t.newSession({ userId });
      const untouched = await t.bystanders(userId);
      assert.deepEqual(await t.appended(async () => await t.store.sessions.start(session, replaced.sid, t.now)), [`sid ${replaced.sid}`]);
      assert.equal(await t.lives(replaced.sid), false);
      assert.equal(await t.lives(session.sid), true);
      await untouched();
    }
  },

  "Replaces nothing that is absent or has ended": async (t) => {
    const ended = await t.start();
    await t.store.sessions.end({ sid: ended.sid }, t.now);
    const before = await t.record(ended.sid);
    for (const sid of [t.sid(), ended.sid]) {
      const session = await t.newSession();
      assert.deepEqual(await t.appended(async () => await t.store.sessions.start(session, sid, t.now)), []);
    }
    assert.deepEqual(await t.record(ended.sid), before);
  },

  "A cutoff that was committed after the proof has ended the new record already": async (t) => {
    const userId = t.userId();
    const session = await t.newSession({ userId });
    const { seq } = await t.store.sessions.endAll(userId, null, t.now);
    const found = await t.store.sessions.start(session, null, t.now);
    assert.equal(found.session.rsq, session.rsq);
    assert.equal(found.cutoff, seq);
    assert.equal(isLive(found), false);
    assert.deepEqual(await t.listed(userId), []);
  },

  "A sid that is there already is the caller's mistake, and nothing is written": async (t) => {
    const [first, replaced] = [await t.start(), await t.start()];
    const again = await t.newSession({ sid: first.sid });
    assert.deepEqual(await t.appended(() => refusesMistake(() => t.store.sessions.start(again, replaced.sid, t.now))), []);
    assert.deepEqual(await t.record(first.sid), first);
    assert.equal(await t.lives(replaced.sid), true);
  },

  "Values handed in are copied": async (t) => {
    const session = await t.newSession();
    const given = structuredClone(session);
    await t.store.sessions.start(given, null, t.now);
    given.salt.fill(0);
    (given.secretHash as Uint8Array).fill(0);
    (given.rotation.wonBy as Uint8Array).fill(0);
    (given.amr as string[]).push("more");
    (given.data as { basket: unknown[] }).basket.push("more");
    Object.assign(given.device, { label: "another" });
    assert.deepEqual(await t.record(session.sid), { ...session, endedSeq: null });
  },

  "Values handed out are the caller's": async (t) => {
    const { sessions } = t.store;
    const session = await t.newSession();
    const { sid } = session;
    const renewal = t.renewal();
    const outs: (() => Promise<Found["session"] | undefined>)[] = [
      async () => (await sessions.start(session, null, t.now)).session,
      () => t.record(sid),
      async () => (await sessions.list(session.userId, t.now))[0],
      async () => (await sessions.renew(sid, renewal))?.session,
      async () => (await sessions.refresh(sid, (found) => rotate(found, t.now), t.now))?.session,
      async () => {
        const seen: Found[] = [];
        await sessions.refresh(sid, (found) => (seen.push(found), { kind: "refuse", reason: "forged" }), t.now);
        return seen[0]?.session;
      },
    ];
    for (const out of outs) {
      const handedOut = await out();
      assert.ok(handedOut !== undefined);
      const before = structuredClone(handedOut);
      scribble(handedOut);
      assert.deepEqual(await t.record(sid), before);
    }
  },
};

/** Changes everything in a record that can be changed in place. */
function scribble(record: Found["session"]): void {
  record.salt.fill(0);
  record.secretHash?.fill(0);
  record.rotation.wonBy?.fill(0);
  (record.amr as string[]).push("more");
  (record.data as { basket: unknown[] }).basket.push("more");
  Object.assign(record.device, { label: "another" });
  Object.assign(record.rotation, { generation: 99 });
  Object.assign(record, { userId: "another", lastSeenAt: 0 });
}

export const finding: Cases = {
  "Finds the record whether it lives or not": async (t) => {
    const { sid } = await t.start();
    await t.store.sessions.end({ sid }, t.now);
    assert.equal((await t.record(sid)).sid, sid);
    assert.equal(await t.lives(sid), false);
  },

  "The head is the log's, as it stands now": async (t) => {
    const { sid } = await t.start();
    const head = await t.store.feed.append("invalidate-user", t.userId(), t.now);
    assert.equal((await t.found(sid)).head, head);
  },

  "The cutoff is the latest over all scopes that the session stands in": async (t) => {
    const { feed } = t.store;
    const clientId = t.clientId();
    const { sid, userId } = await t.start({ clientId });
    const scopes = [
      ["user", userId],
      ["client", clientId],
      ["global", ""],
    ] as const;
    for (const [kind, key] of [...scopes, ...scopes.toReversed()]) {
      const cutoff = await feed.append(kind, key, t.now);
      assert.equal((await t.found(sid)).cutoff, cutoff, kind);
    }
  },

  "A cutoff of another user or client is not this session's": async (t) => {
    const { sid, userId, clientId } = await t.start();
    const { cutoff } = await t.found(sid);
    await t.store.feed.append("user", t.userId(), t.now);
    await t.store.feed.append("user", clientId, t.now);
    await t.store.feed.append("client", userId, t.now);
    assert.equal((await t.found(sid)).cutoff, cutoff);
    assert.equal(await t.lives(sid), true);
  },
};

export const renewing: Cases = {
  "Applies the renewal and moves the generation by one": async (t) => {
    const session = await t.start();
    const untouched = await t.bystanders(session.userId);
    const renewal = t.renewal();
    const found = await t.store.sessions.renew(session.sid, renewal);
    const rotation = { generation: 4, wonBy: null, rotatedAt: renewal.lastSeenAt, replays: 0 };
    assert.deepEqual(found?.session, { ...session, ...renewal, rotation });
    assert.deepEqual(await t.found(session.sid), found);
    await untouched();
  },

  "A token's session has no secret to replace: null leaves what is there": async (t) => {
    for (const secretHash of [null, bytes(32)]) {
      const { sid } = await t.start({ secretHash });
      const found = await t.store.sessions.renew(sid, t.renewal({ secretHash: null }));
      assert.deepEqual(found?.session.secretHash, secretHash);
      assert.equal(found?.session.rotation.generation, 4);
    }
  },

  "Appends an invalidate entry for the sid": async (t) => {
    const { sid } = await t.start();
    assert.deepEqual(await t.appended(async () => await t.store.sessions.renew(sid, t.renewal())), [`invalidate-sid ${sid}`]);
    assert.equal(await t.lives(sid), true);
  },

  "Renewing what is absent or no longer lives is null and writes nothing": async (t) => {
    const [ended, cut] = [await t.start(), await t.start()];
    await t.store.sessions.end({ sid: ended.sid }, t.now);
    await t.store.sessions.endAll(cut.userId, null, t.now);
    for (const sid of [ended.sid, cut.sid]) {
      const before = await t.record(sid);
      assert.deepEqual(await t.appended(async () => assert.equal(await t.store.sessions.renew(sid, t.renewal()), null)), []);
      assert.deepEqual(await t.record(sid), before);
    }
    const absent = t.sid();
    assert.deepEqual(await t.appended(async () => assert.equal(await t.store.sessions.renew(absent, t.renewal()), null)), []);
    assert.equal(await t.store.sessions.find(absent), null);
  },

  "Of renewals at once each counts": async (t) => {
    const { sid } = await t.start();
    await race(8, () => t.store.sessions.renew(sid, t.renewal()));
    assert.equal((await t.record(sid)).rotation.generation, 3 + 8);
  },
};

export const touching: Cases = {
  "Each value becomes the later of the stored and the given one": async (t) => {
    const session = await t.start();
    const untouched = await t.bystanders(session.userId);
    const { sid, lastSeenAt, idleExpiresAt } = session;
    const touches = [
      [later(lastSeenAt, MINUTE), later(idleExpiresAt, MINUTE)],
      [instant(lastSeenAt - 1), later(idleExpiresAt, HOUR)],
      [later(lastSeenAt, HOUR), instant(0)],
    ] as const;
    for (const [seen, idle] of touches) {
      const before = await t.record(sid);
      await t.store.sessions.touch([{ sid, lastSeenAt: seen, idleExpiresAt: idle }]);
      const after = {
        ...before,
        lastSeenAt: instant(Math.max(before.lastSeenAt, seen)),
        idleExpiresAt: instant(Math.max(before.idleExpiresAt, idle)),
      };
      assert.deepEqual(await t.record(sid), after);
    }
    await untouched();
  },

  "Many are touched at once, each with its own values": async (t) => {
    const sessions = [await t.start(), await t.start(), await t.start()];
    const touches = sessions.map(({ sid }, index) => ({
      sid,
      lastSeenAt: instant(t.now + index),
      idleExpiresAt: instant(t.now + 2 * HOUR + index),
    }));
    await t.store.sessions.touch(touches);
    await t.store.sessions.touch([]);
    for (const { sid, ...values } of touches) assert.deepEqual({ ...(await t.record(sid)), ...values }, await t.record(sid));
  },

  "Touching never inserts": async (t) => {
    const sid = t.sid();
    await t.store.sessions.touch([{ sid, lastSeenAt: t.now, idleExpiresAt: later(t.now, HOUR) }]);
    assert.equal(await t.store.sessions.find(sid), null);
  },

  "Touching never revives": async (t) => {
    const [ended, cut] = [await t.start(), await t.start()];
    await t.store.sessions.end({ sid: ended.sid }, t.now);
    await t.store.sessions.endAll(cut.userId, null, t.now);
    for (const { sid, userId } of [ended, cut]) {
      const before = await t.record(sid);
      await t.store.sessions.touch([{ sid, lastSeenAt: later(t.now, HOUR), idleExpiresAt: later(t.now, (9 * HOUR) as never) }]);
      assert.deepEqual(await t.record(sid), before);
      assert.equal(await t.lives(sid), false);
      assert.deepEqual(await t.listed(userId), []);
    }
  },

  "Touching appends nothing": async (t) => {
    const { sid } = await t.start();
    const touch = { sid, lastSeenAt: later(t.now, HOUR), idleExpiresAt: later(t.now, HOUR) };
    assert.deepEqual(await t.appended(async () => await t.store.sessions.touch([touch])), []);
  },
};
