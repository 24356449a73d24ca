import assert from "node:assert/strict";
import type { RefreshDecision } from "../../core/ports.ts";
import type { Found } from "../../core/session.ts";
import { instant } from "../../core/time.ts";
import { bytes, race, rotate } from "./bench.ts";
import type { Cases } from "./bench.ts";

const REUSE: RefreshDecision = { kind: "end", reason: "reuse" };

export const refreshing: Cases = {
  "The judge sees the record with head and cutoff": async (t) => {
    const { sid } = await t.start();
    const seen: Found[] = [];
    const judge = (found: Found): RefreshDecision => {
      seen.push(structuredClone(found));
      return { kind: "refuse", reason: "forged" };
    };
    await t.store.feed.append("global", "", t.now);
    await t.store.sessions.refresh(sid, judge, t.now);
    assert.deepEqual(seen, [await t.found(sid)]);
  },

  "A rotation is written, and the outcome holds the record as it is afterwards": async (t) => {
    const session = await t.start();
    const untouched = await t.bystanders(session.userId);
    const decision = rotate(await t.found(session.sid), instant(t.now + 60_001));
    const outcome = await t.store.sessions.refresh(session.sid, () => decision, t.now);
    assert.ok(outcome !== null && decision.kind === "rotate");
    const { rotation, lastSeenAt, idleExpiresAt } = decision;
    assert.deepEqual(outcome.session, { ...session, rotation, lastSeenAt, idleExpiresAt });
    assert.deepEqual(outcome, { ...(await t.found(session.sid)), decision });
    await untouched();
  },

  "A replay counts itself and moves nothing else": async (t) => {
    const session = await t.start();
    const rotation = { ...session.rotation, replays: 7 };
    const outcome = await t.store.sessions.refresh(session.sid, () => ({ kind: "replay", rotation }), t.now);
    assert.deepEqual(outcome?.session, { ...session, rotation });
    assert.deepEqual(await t.record(session.sid), outcome?.session);
  },

  "A refusal writes nothing": async (t) => {
    const session = await t.start();
    const outcome = await t.store.sessions.refresh(session.sid, () => ({ kind: "refuse", reason: "too_often" }), t.now);
    assert.deepEqual(outcome?.decision, { kind: "refuse", reason: "too_often" });
    assert.deepEqual(await t.record(session.sid), session);
  },

  "Rotating, replaying and refusing append nothing": async (t) => {
    const { sid, rotation } = await t.start();
    const decisions: ((found: Found) => RefreshDecision)[] = [
      (found) => rotate(found, t.now),
      () => ({ kind: "replay", rotation }),
      () => ({ kind: "refuse", reason: "idle" }),
    ];
    for (const decide of decisions) {
      assert.deepEqual(await t.appended(async () => await t.store.sessions.refresh(sid, decide, t.now)), []);
    }
  },

  "A reuse ends the session and appends its entry in the same transaction": async (t) => {
    const { sid, userId } = await t.start();
    const untouched = await t.bystanders(userId);
    const entries = await t.entries(async () => {
      const outcome = await t.store.sessions.refresh(sid, () => REUSE, t.now);
      assert.equal(outcome?.session.endedSeq, outcome?.head);
    });
    assert.deepEqual(
      entries.map(({ kind, key, seq }) => ({ kind, key, seq })),
      [{ kind: "sid", key: sid, seq: await t.head() }],
    );
    assert.equal(await t.lives(sid), false);
    await untouched();
  },

  "A session ends once: a second reuse appends nothing and moves nothing": async (t) => {
    const { sid } = await t.start();
    await t.store.sessions.refresh(sid, () => REUSE, t.now);
    const before = await t.record(sid);
    assert.deepEqual(await t.appended(async () => await t.store.sessions.refresh(sid, () => REUSE, t.now)), []);
    assert.deepEqual(await t.record(sid), before);
  },

  "Of many with the same generation exactly one rotates": async (t) => {
    const { sid, rotation } = await t.start();
    const outcomes = await race(20, () => t.store.sessions.refresh(sid, onceFrom(rotation.generation), t.now));
    assert.equal(outcomes.filter((outcome) => outcome?.decision.kind === "rotate").length, 1);
    assert.equal(outcomes.filter((outcome) => outcome?.decision.kind === "replay").length, 19);
    const last = await t.record(sid);
    assert.equal(last.rotation.generation, rotation.generation + 1);
    assert.equal(last.rotation.replays, 19, "nobody came between reading and writing");
  },

  "A judge that throws leaves everything as it was, and its error passes": async (t) => {
    const session = await t.start();
    const mistake = new RangeError("a mistake in the judge");
    await assert.rejects(
      async () =>
        await t.store.sessions.refresh(
          session.sid,
          () => {
            throw mistake;
          },
          t.now,
        ),
      mistake,
    );
    assert.deepEqual(await t.record(session.sid), session);
    assert.equal((await t.store.sessions.refresh(session.sid, (found) => rotate(found, t.now), t.now))?.decision.kind, "rotate");
  },

  "Refreshing what has ended revives nothing, whatever the judge says": async (t) => {
    const [ended, cut] = [await t.start(), await t.start()];
    await t.store.sessions.end({ sid: ended.sid }, t.now);
    await t.store.sessions.endAll(cut.userId, null, t.now);
    for (const { sid, userId } of [ended, cut]) {
      await t.store.sessions.refresh(sid, (found) => rotate(found, t.now), t.now);
      assert.equal(await t.lives(sid), false);
      assert.deepEqual(await t.listed(userId), []);
    }
  },
};

/** Rotates from this generation, and replays for whoever comes later. */
function onceFrom(generation: number): (found: Found) => RefreshDecision {
  return (found) => {
    const { rotation } = found.session;
    if (rotation.generation === generation) return rotate(found, instant(rotation.rotatedAt + 1));
    return { kind: "replay", rotation: { ...rotation, wonBy: bytes(32), replays: rotation.replays + 1 } };
  };
}
