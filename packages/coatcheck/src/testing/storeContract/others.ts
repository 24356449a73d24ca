import assert from "node:assert/strict";
import type { AuditEvent, ThrottleRule } from "../../core/ports.ts";
import { instant, later } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";
import { drain, HOUR, MINUTE, race, text } from "./bench.ts";
import type { Bench, Cases } from "./bench.ts";

function rule(limit: number): ThrottleRule {
  return { key: text(9), limit, window: MINUTE };
}

export const throttles: Cases = {
  "There is room until the limit is reached; asking counts nothing": async (t) => {
    const { throttles } = t.store;
    const three = rule(3);
    for (let failures = 0; failures < 3; failures += 1) {
      for (let asked = 0; asked < 5; asked += 1) assert.equal(await throttles.blockedUntil([three], t.now), null);
      await throttles.count([three], t.now);
    }
    assert.equal(await throttles.blockedUntil([three], t.now), later(t.now, MINUTE));
  },

  "The window is counted from the first failure in it, to the millisecond": async (t) => {
    const { throttles } = t.store;
    const two = rule(2);
    await throttles.count([two], t.now);
    await throttles.count([two], instant(t.now + 59_000));
    const end = later(t.now, MINUTE);
    assert.equal(await throttles.blockedUntil([two], instant(end - 1)), end);
    assert.equal(await throttles.blockedUntil([two], end), null);
  },

  "The first failure after the window opens the next one": async (t) => {
    const { throttles } = t.store;
    const two = rule(2);
    const end = later(t.now, MINUTE);
    for (const at of [t.now, t.now, t.now, end]) await throttles.count([two], at);
    assert.equal(await throttles.blockedUntil([two], end), null);
    await throttles.count([two], instant(end + 5));
    assert.equal(await throttles.blockedUntil([two], instant(end + 6)), later(end, MINUTE));
  },

  "Of several full ones the last to have room again decides": async (t) => {
    const { throttles } = t.store;
    const [short, long, free] = [rule(1), { ...rule(1), window: HOUR }, rule(9)];
    await throttles.count([short, long, free], t.now);
    assert.equal(await throttles.blockedUntil([long, short, free], t.now), later(t.now, HOUR));
    assert.equal(await throttles.blockedUntil([short, long], t.now), later(t.now, HOUR));
    assert.equal(await throttles.blockedUntil([free, short], t.now), later(t.now, MINUTE));
    assert.equal(await throttles.blockedUntil([free], t.now), null);
  },

  "Counts of other keys are left alone": async (t) => {
    const { throttles } = t.store;
    const [mine, other] = [rule(1), rule(1)];
    await throttles.count([mine], t.now);
    assert.equal(await throttles.blockedUntil([other], t.now), null);
  },

  "Concurrent counts all count": async (t) => {
    const { throttles } = t.store;
    const twenty = rule(20);
    await race(19, () => throttles.count([twenty], t.now));
    assert.equal(await throttles.blockedUntil([twenty], t.now), null);
    await throttles.count([twenty], t.now);
    assert.notEqual(await throttles.blockedUntil([twenty], t.now), null);
  },

  "Taking counts one while there is room; then it says when there is room again, and counts nothing": async (t) => {
    const { throttles } = t.store;
    const three = rule(3);
    const end = later(t.now, MINUTE);
    assert.equal(await throttles.take(three, t.now), null);
    await throttles.count([three], t.now);
    assert.equal(await throttles.take(three, instant(t.now + 1)), null);
    assert.equal(await throttles.blockedUntil([three], t.now), end);
    for (let tries = 0; tries < 3; tries += 1) assert.equal(await throttles.take(three, instant(end - 1)), end);
    assert.equal(await throttles.blockedUntil([{ ...three, limit: 4 }], t.now), null);
    assert.equal(await throttles.take({ ...three, key: text(9) }, t.now), null);
    assert.equal(await throttles.take({ ...rule(0), window: HOUR }, t.now), later(t.now, HOUR));
  },

  "The first that is taken after the window opens the next one": async (t) => {
    const { throttles } = t.store;
    const two = rule(2);
    const end = later(t.now, MINUTE);
    for (const at of [t.now, instant(end - 1), end, instant(end + 5)]) assert.equal(await throttles.take(two, at), null);
    assert.equal(await throttles.take(two, instant(end + 6)), later(end, MINUTE));
  },

  "Of many who take at once no more get through than there is room for": async (t) => {
    const { throttles } = t.store;
    const seven = rule(7);
    const taken = await race(20, () => throttles.take(seven, t.now));
    assert.deepEqual(
      taken.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
      [...Array.from({ length: 7 }, () => null), ...Array.from({ length: 13 }, () => later(t.now, MINUTE))],
    );
  },

  "Forgetting forgets these counts and no others": async (t) => {
    const { throttles } = t.store;
    const [mine, other] = [rule(1), rule(1)];
    await throttles.count([mine, other], t.now);
    await throttles.forget([mine.key, text(9)]);
    assert.equal(await throttles.blockedUntil([mine], t.now), null);
    assert.notEqual(await throttles.blockedUntil([other], t.now), null);
  },

  "Pruning deletes counts whose window ended before, and none that still counts": async (t) => {
    const { throttles } = t.store;
    const [over, open] = [
      { ...rule(1), window: (MINUTE + 1) as Milliseconds },
      { ...rule(1), window: HOUR },
    ];
    const end = later(t.now, over.window);
    await drain(() => throttles.prune(end));
    await throttles.count([over, open], t.now);
    assert.equal(await throttles.prune(end), 0);
    assert.equal(await throttles.prune(instant(end + 1)), 1);
    assert.equal(await throttles.blockedUntil([over], t.now), null);
    assert.notEqual(await throttles.blockedUntil([open], t.now), null);
  },
};

function newEvent(t: Bench, given: Partial<AuditEvent> = {}): AuditEvent {
  return {
    at: t.now,
    event: `event-${text(6)}`,
    userId: t.userId(),
    sid: t.sid(),
    ip: "2001:db8::7",
    carrier: "token",
    detail: { why: ["reuse", { generation: 3 }] },
    ...given,
  };
}

export const audit: Cases = {
  "An event is kept as it is given": async (t) => {
    const full = newEvent(t);
    const bare = newEvent(t, { userId: null, sid: null, carrier: null, ip: "", detail: {} });
    for (const event of [full, bare]) {
      await t.store.audit.append(event);
      assert.deepEqual(await t.store.audit.list({ event: event.event }, 9), [event]);
    }
  },

  "The latest comes first; of the same instant, the one that was appended last": async (t) => {
    const userId = t.userId();
    const events = [2, 0, 1, 1].map((by) => newEvent(t, { userId, at: instant(t.now + by) }));
    for (const event of events) await t.store.audit.append(event);
    assert.deepEqual(await t.store.audit.list({ userId }, 9), [events[0], events[3], events[2], events[1]]);
  },

  "Filters by user, by event, by both, or not at all": async (t) => {
    const [latest] = await t.store.audit.list({}, 1);
    const at = instant((latest?.at ?? t.now) + 1);
    const one = newEvent(t, { at });
    const sameUser = newEvent(t, { at, userId: one.userId });
    const sameEvent = newEvent(t, { at, event: one.event });
    for (const event of [one, sameUser, sameEvent]) await t.store.audit.append(event);
    const { userId, event } = one;
    const list = async (filter: Parameters<typeof t.store.audit.list>[0]) => await t.store.audit.list(filter, 9);
    assert.deepEqual(await list({ userId: userId as never }), [sameUser, one]);
    assert.deepEqual(await list({ event }), [sameEvent, one]);
    assert.deepEqual(await list({ userId: userId as never, event }), [one]);
    assert.deepEqual((await list({})).slice(0, 3), [sameEvent, sameUser, one]);
  },

  "Gives at most as many as it is asked for": async (t) => {
    const userId = t.userId();
    for (let by = 0; by < 5; by += 1) await t.store.audit.append(newEvent(t, { userId, at: instant(t.now + by) }));
    const list = await t.store.audit.list({ userId }, 2);
    assert.deepEqual(
      list.map(({ at }) => at),
      [t.now + 4, t.now + 3],
    );
  },

  "Purging deletes what is before, and leaves what is not": async (t) => {
    const userId = t.userId();
    // Later than whatever other cases left.
    const [latest] = await t.store.audit.list({}, 1);
    const from = instant((latest?.at ?? t.now) + 1);
    const events = [0, 1, 2].map((by) => newEvent(t, { userId, at: instant(from + by) }));
    await drain(() => t.store.audit.purge(from, null, 1_000));
    for (const event of events) await t.store.audit.append(event);
    assert.equal(await t.store.audit.purge(from, null, 9), 0);
    assert.equal(await t.store.audit.purge(instant(from + 2), null, 9), 2);
    assert.deepEqual(await t.store.audit.list({ userId }, 9), [events[2]]);
  },

  "Purging by name deletes events of these names alone": async (t) => {
    const userId = t.userId();
    const [one, other, third] = [newEvent(t, { userId }), newEvent(t, { userId }), newEvent(t, { userId })] as const;
    for (const event of [one, other, third]) await t.store.audit.append(event);
    const after = instant(t.now + 1);
    assert.equal(await t.store.audit.purge(after, [], 9), 0);
    assert.equal(await t.store.audit.purge(after, [one.event, other.event, `no-${text(6)}`], 9), 2);
    assert.deepEqual(await t.store.audit.list({ userId }, 9), [third]);
  },

  "Purging deletes at most as many as it is told to": async (t) => {
    const event = `event-${text(6)}`;
    for (let by = 0; by < 3; by += 1) await t.store.audit.append(newEvent(t, { event }));
    const after = instant(t.now + 1);
    assert.deepEqual([await t.store.audit.purge(after, [event], 2), await t.store.audit.purge(after, [event], 2)], [2, 1]);
  },

  "Events are copied in and out": async (t) => {
    const event = newEvent(t);
    const given = structuredClone(event);
    await t.store.audit.append(given);
    Object.assign(given.detail, { why: "nothing" });
    const [out] = await t.store.audit.list({ event: event.event }, 1);
    Object.assign(out?.detail ?? {}, { why: "nothing" });
    assert.deepEqual(await t.store.audit.list({ event: event.event }, 1), [event]);
  },
};
