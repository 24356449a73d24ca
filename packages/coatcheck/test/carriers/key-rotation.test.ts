import { expect, describe, it } from "vitest";
import { revokeSigningKeys, rotateSigningKey } from "../../src/carriers/token/key-changes.ts";
import { JWKS_MAX_AGE, PUBLISH_LEAD, ROTATE_EVERY, keyState } from "../../src/core/key-schedule.ts";
import type { Store } from "../../src/core/ports.ts";
import { iso } from "../../src/core/time.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { TEST_MASTER } from "../support/engine.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { DAY, HOUR, MINUTE, audited, jumpingClock, kidOf, pair, refreshed, shownBy } from "./key-support.ts";

const OTHER_MASTER = Uint8Array.from(TEST_MASTER, (byte) => byte ^ 0x55);
const TTL = 5 * MINUTE;
const LEEWAY = 30_000;

async function records({ composed }: World) {
  return composed.engine.store.keys.list();
}

async function opened(store: Store): Promise<Store> {
  await store.open();
  return store;
}

async function states(it: World): Promise<readonly string[]> {
  const keys = await records(it);
  return keys.map((key) => keyState(keys, key, it.clock.now()));
}

describe("the schedule of signing keys", () => {
  it("publishes for longer than anybody may keep the public keys, and than the housekeeping may be late", () => {
    expect(PUBLISH_LEAD).toBeGreaterThan(2 * JWKS_MAX_AGE);
    expect(PUBLISH_LEAD).toBeGreaterThan(10 * MINUTE);
    expect(ROTATE_EVERY).toBe(90 * DAY);
  });

  it("makes the first key at the first start, which signs at once; it is in the audit trail", async () => {
    const { both } = await pair();
    const [a, b] = both;
    const [key] = await records(a);
    expect(await shownBy(b)).toEqual([key?.kid]);
    expect(kidOf(await b.logIn("token"))).toBe(key?.kid);
    expect(await audited(a, "key_made")).toEqual([{ kid: key?.kid, alg: "ES256", signsFrom: iso(a.clock.now()), by: "start" }]);
  });

  it("publishes the next key an hour before it signs, and keeps the last until its last token has run out: nobody is logged out", async () => {
    const { clock, both } = await pair();
    const [a, b] = both;
    const [first] = await shownBy(a);

    clock.advance(ROTATE_EVERY - PUBLISH_LEAD - 1);
    await clock.tick();
    expect(await shownBy(a)).toEqual([first]);

    clock.advance(1);
    await clock.tick(); // both processes, at the same moment
    const [, second] = await shownBy(a);
    expect(await shownBy(b)).toEqual([first, second]);
    expect(await records(a)).toHaveLength(2);
    expect(await states(a)).toEqual(["signing", "next"]);
    expect(await audited(a, "key_rotated")).toMatchObject([
      { kid: second, by: "schedule", signsFrom: iso((clock.now() + PUBLISH_LEAD) as never) },
    ]);

    clock.advance(PUBLISH_LEAD - 1);
    const last = await a.logIn("token");
    expect([kidOf(last), kidOf(await b.logIn("token"))]).toEqual([first, first]);
    const cookie = await a.logIn("cookie");

    clock.advance(1);
    for (const it of both) expect(kidOf(await it.logIn("token"))).toBe(second);
    expect(await states(a)).toEqual(["retired", "signing"]);

    // Its exp is in whole seconds: cut, so it may run out a part of one before its time.
    clock.advance(TTL - 1_000);
    await clock.tick();
    for (const it of both) expect(it.check(last).ok).toBe(true);
    for (const it of both) expect(it.check(cookie).ok).toBe(true);
    const next = await refreshed(b, last);
    expect(kidOf(next)).toBe(second);
    for (const it of both) expect(it.check(next).ok).toBe(true);

    clock.advance(1_000 + LEEWAY - 1);
    await clock.tick();
    for (const it of both) expect(await shownBy(it)).toEqual([first, second]);
    clock.advance(1);
    for (const it of both) expect(await shownBy(it)).toEqual([second]);
    await clock.tick();
    expect((await records(a)).map(({ kid }) => kid)).toEqual([second]);
    expect(await audited(a, "key_removed")).toEqual([{ kid: first }]);
  });

  it("makes a first key again in a store that was emptied beneath a server that runs", async () => {
    const clock = jumpingClock();
    const it = await world({ clock });
    const [key] = await shownBy(it);
    await it.composed.engine.store.keys.change(() => ({ remove: [key as string] }), clock.now());
    await expect(it.logIn("token")).rejects.toThrow("The store is out of reach");
    await clock.tick();
    expect(it.check(await it.logIn("token")).ok).toBe(true);
    expect(await shownBy(it)).not.toContain(key);
  });

  it("keeps a key for as long as the longest token that any process was ever told to make", async () => {
    const clock = jumpingClock();
    const store = memory();
    await world({ store, clock, options: { accessTtl: "1h" } });
    const it = await world({ store, clock });
    const [first] = await shownBy(it);
    clock.advance(ROTATE_EVERY - PUBLISH_LEAD);
    await clock.tick();
    clock.advance(PUBLISH_LEAD + HOUR + LEEWAY - 1);
    await clock.tick();
    expect(await shownBy(it)).toContain(first);
    clock.advance(1);
    expect(await shownBy(it)).not.toContain(first);
  });

  it("goes on for years: one key for each period, and never more than two at a time", async () => {
    const { clock, both } = await pair();
    const [a] = both;
    const seen = new Set<string>();
    for (let day = 0; day < 3 * 365; day += 1) {
      clock.advance(DAY);
      await clock.tick();
      const shown = await shownBy(a);
      expect(shown.length).toBeLessThanOrEqual(2);
      for (const kid of shown) seen.add(kid);
    }
    expect(seen.size).toBe(Math.floor((3 * 365) / 90) + 1);
  });

  it("turns to the other algorithm when the settings name one, as at any rotation: published first", async () => {
    const clock = jumpingClock();
    const store = memory();
    const before = await world({ store, clock });
    const old = await before.logIn("token");
    const after = await world({ store, clock, options: { alg: "EdDSA" } });
    expect(kidOf(await after.logIn("token"))).toBe(kidOf(old));
    expect((await records(after)).map(({ alg }) => alg)).toEqual(["ES256", "EdDSA"]);
    clock.advance(PUBLISH_LEAD);
    const made = await before.logIn("token");
    expect(after.check(made).ok).toBe(true);
    expect(after.check(await refreshed(before, old)).ok).toBe(true);
    expect(kidOf(made)).toBe((await records(after))[1]?.kid);
    await clock.tick();
    await world({ store, clock, options: { alg: "EdDSA" } });
    expect(await records(after)).toHaveLength(2);
  });
});

describe("a rotation by hand", () => {
  it("publishes the next key; of two at once, and while one waits for its time, there is one", async () => {
    const { clock, both, byHand } = await pair();
    const [a, b] = both;
    const outcomes = await Promise.all([byHand(rotateSigningKey), byHand(rotateSigningKey)]);
    expect(outcomes.filter(({ made }) => made)).toHaveLength(1);
    expect(outcomes[0]?.key.kid).toBe(outcomes[1]?.key.kid);
    clock.advance(PUBLISH_LEAD - 1);
    expect((await byHand(rotateSigningKey)).made).toBe(false);
    for (const it of [a, b]) expect(await shownBy(it)).toHaveLength(2);
    expect(await audited(a, "key_rotated")).toMatchObject([{ kid: outcomes[0]?.key.kid, by: "command" }]);

    clock.advance(1);
    expect(kidOf(await b.logIn("token"))).toBe(outcomes[0]?.key.kid);
    expect((await byHand(rotateSigningKey)).made).toBe(true);
  });

  it("is sealed under the secret of the present key: a process that does not know the new secret yet signs with it all the same", async () => {
    const { clock, both, byHand } = await pair();
    const secrets = deriveSecrets([OTHER_MASTER, TEST_MASTER]);
    const { key } = await byHand((parts) => rotateSigningKey({ ...parts, secrets }));
    clock.advance(PUBLISH_LEAD);
    for (const it of both) expect(kidOf(await it.logIn("token"))).toBe(key.kid);
  });

  it.each([
    ["the next key", rotateSigningKey],
    ["a key in place of those that are revoked", revokeSigningKeys],
  ] as const)("%s is not made under a secret that does not open the present one", async (_, change) => {
    const { both, byHand } = await pair();
    const before = await records(both[0]);
    const secrets = deriveSecrets([OTHER_MASTER]);
    await expect(byHand<unknown>((parts) => change({ ...parts, secrets }))).rejects.toThrow("sealed under another secret");
    expect(await records(both[0])).toEqual(before);
  });

  it("is heard at the next request, by a process that has done nothing meanwhile", async () => {
    const { clock, both, byHand } = await pair();
    const [a, b] = both;
    const { key } = await byHand(rotateSigningKey);
    clock.advance(PUBLISH_LEAD);
    const made = await a.logIn("token");
    expect(kidOf(made)).toBe(key.kid);
    expect(b.check(made).ok).toBe(true);
  });

  it("begins the schedule anew", async () => {
    const { clock, both, byHand } = await pair();
    clock.advance(60 * DAY);
    await byHand(rotateSigningKey);
    clock.advance(PUBLISH_LEAD + 31 * DAY);
    await clock.tick();
    expect(await shownBy(both[0])).toHaveLength(1);
    clock.advance(59 * DAY);
    await clock.tick();
    expect(await shownBy(both[0])).toHaveLength(2);
  });

  it("makes the first key of a store that has none, and that signs at once", async () => {
    const { clock, byHand } = await pair();
    const { keys } = await opened(memory());
    const { key, made } = await byHand((parts) => rotateSigningKey({ ...parts, keys }));
    expect({ made, signsFrom: key.signsFrom }).toEqual({ made: true, signsFrom: clock.now() });
    expect((await keys.list()).map(({ kid }) => kid)).toEqual([key.kid]);
  });
});

describe("clocks that jump", () => {
  it.each([
    ["ahead and back", 400 * DAY],
    ["back and ahead", -400 * DAY],
  ])("%s rotate once at most, and somebody signs all the time", async (_, jump) => {
    const { clock, both } = await pair();
    const [a, b] = both;
    for (const move of [jump, -jump, jump, -jump, 0]) {
      clock.advance(move);
      for (let round = 0; round < 3; round += 1) await clock.tick();
      const issued = await a.logIn("token");
      expect(b.check(issued).ok).toBe(true);
    }
    expect((await audited(a, "key_rotated")).length).toBe(jump > 0 ? 1 : 0);
  });

  it("a next key that a clock far ahead has made does not stand in the way of the schedule", async () => {
    const { clock, both } = await pair();
    const [a] = both;
    clock.advance(400 * DAY);
    await clock.tick();
    clock.advance(-400 * DAY);
    expect(await shownBy(a)).toHaveLength(2);
    clock.advance(ROTATE_EVERY - PUBLISH_LEAD);
    await clock.tick();
    expect(await shownBy(a)).toHaveLength(3);
    clock.advance(PUBLISH_LEAD);
    const issued = await a.logIn("token");
    expect(kidOf(issued)).toBe((await shownBy(a))[1]);
  });
});
