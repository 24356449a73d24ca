import assert from "node:assert/strict";
import type { KeyChange, SigningKeyRecord } from "../../core/ports.ts";
import { instant, later } from "../../core/time.ts";
import { bytes, HOUR, MINUTE, race, refusesMistake, text } from "./bench.ts";
import type { Bench, Cases } from "./bench.ts";

function newKey(t: Bench, given: Partial<SigningKeyRecord> = {}): SigningKeyRecord {
  return {
    kid: text(8),
    alg: `alg-${text(6)}`,
    publicJwk: '{"kty":"EC"}',
    sealed: bytes(48),
    createdAt: t.now,
    signsFrom: later(t.now, HOUR),
    revokedAt: null,
    ...given,
  };
}

async function add(t: Bench, ...keys: readonly SigningKeyRecord[]): Promise<void> {
  await t.store.keys.change(() => ({ add: keys }), t.now);
}

/** What the list has of these keys, in its own order. */
async function listed(t: Bench, ...keys: readonly SigningKeyRecord[]): Promise<readonly SigningKeyRecord[]> {
  return (await t.store.keys.list()).filter(({ kid }) => keys.some((key) => key.kid === kid));
}

async function changed(t: Bench, change: KeyChange): Promise<readonly string[]> {
  return t.appended(async () => await t.store.keys.change(() => change, later(t.now, MINUTE)));
}

export const keys: Cases = {
  "Adds a key, and gives all of them": async (t) => {
    const before = await t.store.keys.list();
    const key = newKey(t);
    const all = await t.store.keys.change(() => ({ add: [key] }), t.now);
    assert.deepEqual(
      all.filter(({ kid }) => kid === key.kid),
      [key],
    );
    assert.equal(all.length, before.length + 1);
    assert.deepEqual(await t.store.keys.list(), all);
  },

  "Decides from all of them, the revoked ones too": async (t) => {
    const [one, two] = [newKey(t), newKey(t)];
    await add(t, one, two);
    await changed(t, { revoke: [one.kid] });
    const all = await t.store.keys.list();
    let seen: readonly SigningKeyRecord[] = [];
    await t.store.keys.change((them) => {
      seen = structuredClone(them);
      return {};
    }, t.now);
    assert.deepEqual(seen, all);
    assert.equal(seen.filter(({ kid }) => [one.kid, two.kid].includes(kid)).length, 2);
  },

  "Of many who would add a key to what they saw exactly one adds it": async (t) => {
    const { alg } = newKey(t);
    const isMissing = (them: readonly SigningKeyRecord[]): boolean => !them.some((key) => key.alg === alg);
    const lists = await race(8, () => t.store.keys.change((them) => (isMissing(them) ? { add: [newKey(t, { alg })] } : {}), t.now));
    const kids = [...lists, await t.store.keys.list()].map((list) => list.filter((key) => key.alg === alg).map(({ kid }) => kid));
    assert.equal(new Set(kids.flat()).size, 1);
    assert.ok(kids.every((list) => list.length === 1));
  },

  "The oldest key comes first": async (t) => {
    const [young, old] = [newKey(t), newKey(t, { createdAt: instant(t.now - 1) })];
    await add(t, young);
    await add(t, old);
    assert.deepEqual(await listed(t, young, old), [old, young]);
    const times = (await t.store.keys.list()).map((key) => key.createdAt);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  },

  "Appends one `invalidate-keys` for whatever it writes, and nothing when it writes nothing": async (t) => {
    const key = newKey(t);
    assert.deepEqual(await changed(t, { add: [key, newKey(t)] }), ["invalidate-keys "]);
    assert.deepEqual(await changed(t, { reseal: new Map([[key.kid, bytes(48)]]) }), ["invalidate-keys "]);
    assert.deepEqual(await changed(t, {}), []);
    const unknown = text(8);
    assert.deepEqual(await changed(t, { revoke: [unknown], remove: [unknown], reseal: new Map([[unknown, bytes(9)]]) }), []);
    assert.deepEqual(await changed(t, { remove: [key.kid] }), ["invalidate-keys "]);
  },

  "Revoking appends a `key` entry for each, and erases the private half": async (t) => {
    const [one, two, neighbour] = [newKey(t), newKey(t), newKey(t)];
    await add(t, one, two, neighbour);
    assert.deepEqual(await changed(t, { revoke: [one.kid, two.kid] }), [`key ${one.kid}`, `key ${two.kid}`, "invalidate-keys "]);
    const revokedAt = later(t.now, MINUTE);
    assert.deepEqual(await listed(t, one, two, neighbour), [
      { ...one, sealed: null, revokedAt },
      { ...two, sealed: null, revokedAt },
      neighbour,
    ]);
  },

  "Entries about keys outlive everything: who slept through them must still come upon them": async (t) => {
    const key = newKey(t);
    await add(t, key);
    const entries = await t.entries(async () => await t.store.keys.change(() => ({ revoke: [key.kid] }), t.now));
    assert.equal(entries.length, 2);
    await t.store.feed.prune(instant(8_640_000_000_000_000));
    assert.deepEqual((await t.store.feed.since(0 as never)).entries.slice(-2), entries);
  },

  "A revoked key stays in the list for good": async (t) => {
    const key = newKey(t);
    await add(t, key);
    await changed(t, { revoke: [key.kid] });
    const before = await listed(t, key);
    for (const change of [{ remove: [key.kid] }, { revoke: [key.kid] }, { reseal: new Map([[key.kid, bytes(9)]]) }]) {
      assert.deepEqual(await changed(t, change), []);
    }
    assert.deepEqual(await listed(t, key), before);
  },

  "No key takes another's kid, also not a revoked one's, and then nothing is written": async (t) => {
    const [revoked, usable, fresh] = [newKey(t), newKey(t), newKey(t)];
    await add(t, revoked, usable);
    await changed(t, { revoke: [revoked.kid] });
    const before = await t.store.keys.list();
    for (const taken of [revoked, usable]) {
      await refusesMistake(() => t.store.keys.change(() => ({ add: [fresh, newKey(t, { kid: taken.kid })] }), t.now));
    }
    assert.deepEqual(await t.store.keys.list(), before);
  },

  "Removing takes that one away, and no other": async (t) => {
    const [gone, neighbour] = [newKey(t), newKey(t)];
    await add(t, gone, neighbour);
    await changed(t, { remove: [gone.kid] });
    assert.deepEqual(await listed(t, gone, neighbour), [neighbour]);
  },

  "Sealing again changes the private half of that one alone": async (t) => {
    const [one, neighbour] = [newKey(t), newKey(t)];
    const sealed = bytes(60);
    await add(t, one, neighbour);
    await changed(t, { reseal: new Map([[one.kid, sealed]]) });
    assert.deepEqual(await listed(t, one, neighbour), [{ ...one, sealed }, neighbour]);
  },

  "Keys are copied in and out": async (t) => {
    const key = newKey(t);
    const given = structuredClone(key);
    await add(t, given);
    given.sealed?.fill(0);
    for (const give of [() => t.store.keys.list(), () => t.store.keys.change(() => ({}), t.now)]) {
      const out = (await give()).find(({ kid }) => kid === key.kid);
      out?.sealed?.fill(0);
      assert.deepEqual(await listed(t, key), [key]);
    }
    const mine = (them: readonly SigningKeyRecord[]): SigningKeyRecord | undefined => them.find(({ kid }) => kid === key.kid);
    await t.store.keys.change((them) => {
      mine(them)?.sealed?.fill(0);
      return {};
    }, t.now);
    assert.deepEqual(await listed(t, key), [key]);
  },
};
