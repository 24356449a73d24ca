import { describe, expect, it } from "vitest";
import { revokeSigningKeys, rotateSigningKey } from "../../src/carriers/token/key-changes.ts";
import { openSigningKey } from "../../src/carriers/token/keys.ts";
import { readClaims } from "../../src/carriers/token/claims.ts";
import type { AccessClaims } from "../../src/carriers/token/claims.ts";
import { parseProof, writeProof } from "../../src/carriers/token/credential.ts";
import { PUBLISH_LEAD, ROTATE_EVERY } from "../../src/core/key-schedule.ts";
import { instant, later } from "../../src/core/time.ts";
import type { Milliseconds } from "../../src/core/time.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";
import type { SigningKey } from "../../src/crypto/signing.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { TEST_MASTER } from "../support/engine.ts";
import { credential, refused, world } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { MINUTE, audited, kidOf, pair, refreshed, shownBy } from "./key-support.ts";

/** The private key, as whoever stole file and secret has it. */
async function stolen({ composed }: World): Promise<SigningKey> {
  const [record] = await composed.engine.store.keys.list();
  const key = record && openSigningKey(record, deriveSecrets([TEST_MASTER]));
  if (!key) throw new Error("there is no key to steal");
  return key;
}

/** A token that nobody has refused yet, made now with a stolen key. */
function forge(key: SigningKey, like: string, it: World): string {
  const claims = readClaims(parseProof(like)?.payload as Uint8Array) as AccessClaims;
  const now = it.clock.now();
  return writeProof(key, {
    ...claims,
    iat: now,
    exp: later(now, MINUTE as Milliseconds),
    jti: "forged",
    rsq: it.composed.revocations.head,
  });
}

async function checked(it: World, token: string): Promise<unknown> {
  return it.composed.engine.carriers.token.check(token, it.clock.now());
}

describe("a signing key that is revoked", () => {
  it("takes what it signed with it, at the next request of every process; sessions and refresh tokens live on", async () => {
    const { both, byHand, clock } = await pair();
    const [a, b] = both;
    const [token, cookie] = [await a.logIn("token"), await a.logIn("cookie")];
    for (const it of both) expect([it.check(token).ok, it.check(cookie).ok]).toEqual([true, true]);

    const { key, revoked } = await byHand(revokeSigningKeys);
    expect(revoked).toEqual([kidOf(token)]);
    for (const it of both) {
      expect(it.check(token)).toEqual(refused("forged"));
      expect(it.check(cookie).ok).toBe(true);
      expect(await shownBy(it)).toEqual([key.kid]);
      expect(await it.composed.engine.carriers.token.identify(credential(token), clock.now())).toBe(null);
    }
    const next = await refreshed(b, token);
    expect(kidOf(next)).toBe(key.kid);
    for (const it of both) expect(it.check(next)).toMatchObject({ ok: true, principal: { sid: token.session.sid } });
    expect(await audited(a, "key_revoked")).toEqual([{ kid: kidOf(token), by: "command" }]);
    expect(await audited(a, "key_rotated")).toMatchObject([{ kid: key.kid, by: "command" }]);
  });

  it("is not used for the next login of a process that has not been asked anything since", async () => {
    const { both, byHand } = await pair();
    const [a, b] = both;
    const { key } = await byHand(revokeSigningKeys);
    const issued = await b.logIn("token");
    expect(kidOf(issued)).toBe(key.kid);
    expect(a.check(issued).ok).toBe(true);
  });

  it("helps a thief nothing, neither in processes that knew it nor in one that starts when the log has forgotten it", async () => {
    const { both, byHand, clock, file } = await pair();
    const [a, b] = both;
    const token = await a.logIn("token");
    const key = await stolen(a);
    expect(await checked(b, forge(key, credential(token), b))).toMatchObject({ ok: true });
    await byHand(revokeSigningKeys);

    clock.advance(60 * MINUTE);
    await clock.tick();
    await a.composed.engine.store.feed.prune(instant(8_640_000_000_000_000));
    const fresh = await world({ store: sqlite(file), clock });
    for (const it of [a, b, fresh]) {
      expect(await checked(it, forge(key, credential(token), it))).toEqual(refused("forged"));
      expect(await shownBy(it)).not.toContain(key.kid);
    }
    // Nor does a clock that goes back to before it was revoked bring it back.
    clock.advance(-120 * MINUTE);
    for (const it of [a, b, fresh]) expect(await checked(it, forge(key, credential(token), it))).toEqual(refused("forged"));
  });

  it("is refused by a process that slept until the log had been pruned", async () => {
    const { both, byHand, clock } = await pair();
    const [awake, asleep] = both;
    const token = await awake.logIn("token");
    const key = await stolen(awake);
    expect(asleep.check(token).ok).toBe(true);
    await byHand(revokeSigningKeys);
    clock.advance(60 * MINUTE);
    await awake.composed.engine.store.feed.prune(instant(clock.now() + 60 * MINUTE));
    expect(await checked(asleep, forge(key, credential(token), asleep))).toEqual(refused("forged"));
  });

  it("leaves nothing in the store to sign with, and its kid is never given again", async () => {
    const { both, byHand, clock } = await pair();
    const { keys } = both[0].composed.engine.store;
    const [before] = await keys.list();
    await byHand(revokeSigningKeys);
    const [tombstone] = await keys.list();
    expect(tombstone).toEqual({ ...before, sealed: null, revokedAt: clock.now() });
    await expect(async () => keys.change(() => ({ add: before ? [before] : [] }), clock.now())).rejects.toThrow("this kid already");

    // Not by any schedule either.
    clock.advance(2 * ROTATE_EVERY);
    await clock.tick();
    clock.advance(ROTATE_EVERY);
    await clock.tick();
    expect((await keys.list())[0]).toEqual(tombstone);
  });

  it("takes the others with it, the retired and the next: whoever could read one could read all", async () => {
    const { both, byHand, clock } = await pair();
    const [a] = both;
    await byHand(rotateSigningKey);
    clock.advance(PUBLISH_LEAD);
    await byHand(rotateSigningKey);
    const three = await shownBy(a);
    expect(three).toHaveLength(3);
    const { key, revoked } = await byHand(revokeSigningKeys);
    expect(revoked.toSorted()).toEqual(three.toSorted());
    expect(await shownBy(a)).toEqual([key.kid]);
  });

  it("has one successor, though two ask for it at once, and that one lives", async () => {
    const { both, byHand } = await pair();
    const outcomes = await Promise.all([byHand(revokeSigningKeys), byHand(revokeSigningKeys)]);
    expect(outcomes.filter(({ revoked }) => revoked.length === 1)).toHaveLength(1);
    expect(new Set(outcomes.map(({ key }) => key.kid)).size).toBe(1);
    expect(await shownBy(both[0])).toEqual([outcomes[0]?.key.kid]);
  });
});
