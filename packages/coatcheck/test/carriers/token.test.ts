import { describe, expect, it } from "vitest";
import type { Issued } from "../../src/carriers/carrier.ts";
import { seq } from "../../src/core/ids.ts";
import type { UserId } from "../../src/core/ids.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { engineOn } from "../support/engine.ts";
import { DAY, FROM, MINUTE, changed, credential, device, refreshTokenOf, refused, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

describe("the token carrier alone", () => {
  const from = { ip: "192.0.2.1", userAgent: "test", device: "Test" };
  const refresh = ({ composed }: World, issued: Issued) => composed.engine.tokens.refresh(refreshTokenOf(issued), null, from);

  it("expires, remembered or not, and is refreshed", async () => {
    const it = await world();
    const issued = await it.logIn("token");
    expect(it.check(issued).ok).toBe(true);
    it.clock.advance(5 * MINUTE);
    expect(it.check(issued)).toEqual(refused("expired"));
    const refreshed = await refresh(it, issued);
    expect(refreshed.ok && it.check(refreshed.issued).ok).toBe(true);
  });

  it("is refreshed neither past the idle nor past the absolute limit, and its access tokens end with them", async () => {
    const it = await world();
    let issued = await it.logIn("token");
    for (let day = 6; day < 30; day += 6) {
      it.clock.advance(6 * DAY);
      const refreshed = await refresh(it, issued);
      if (!refreshed.ok) throw new Error(refreshed.reason);
      ({ issued } = refreshed);
    }
    it.clock.advance(6 * DAY - MINUTE);
    const last = await refresh(it, issued);
    expect(last.ok && last.issued.shown).toMatchObject({ expiresIn: MINUTE });
    it.clock.advance(MINUTE);
    expect(last.ok && (await refresh(it, last.issued))).toMatchObject(refused("expired"));
    const idle = await it.logIn("token");
    it.clock.advance(7 * DAY);
    expect(await refresh(it, idle)).toMatchObject(refused("idle"));
  });

  it("is stale after a changed role, and says the new role when refreshed", async () => {
    const it = await world();
    const issued = await it.logIn("token");
    it.people.set("ann", { id: "ann", roles: ["admin"], disabled: false });
    await changed(it, "ann");
    expect(it.check(issued)).toEqual(refused("stale"));
    const refreshed = await refresh(it, issued);
    expect(refreshed.ok && it.check(refreshed.issued)).toMatchObject({ ok: true, principal: { roles: ["admin"] } });
  });

  it("is not refreshed for a user who is disabled or gone", async () => {
    const it = await world();
    const issued = await it.logIn("token");
    it.people.set("ann", { id: "ann", roles: [], disabled: true });
    expect(await refresh(it, issued)).toMatchObject(refused("disabled"));
    it.people.delete("ann");
    expect(await refresh(it, issued)).toMatchObject(refused("disabled"));
  });

  it("loses its access tokens but not its session when it is spared by keep", async () => {
    const it = await world();
    const issued = await it.logIn("token");
    await it.composed.engine.sessions.endAll("ann" as UserId, issued.session.sid, FROM);
    expect(it.check(issued).ok).toBe(false);
    const refreshed = await refresh(it, issued);
    expect(refreshed.ok && it.check(refreshed.issued).ok).toBe(true);
  });

  it("S3: reuse ends the whole session and leaves a trace", async () => {
    const it = await world();
    const issued = await it.logIn("token");
    const refreshed = await refresh(it, issued);
    it.clock.advance(10_001);
    expect(await refresh(it, issued)).toMatchObject(refused("reuse"));
    expect(refreshed.ok && it.check(refreshed.issued)).toEqual(refused("ended"));
    expect(refreshed.ok && (await refresh(it, refreshed.issued))).toMatchObject(refused("ended"));
    expect(await it.composed.engine.store.audit.list({ event: "refresh_reused" }, 9)).toMatchObject([
      { userId: "ann", sid: issued.session.sid, detail: { ended: true } },
    ]);
  });

  it("refuses a token from a later log than the store's, sounds the alarm and starts a new epoch", async () => {
    const [ahead, it] = [await world(), await world()];
    await ahead.composed.engine.sessions.endAll("bob" as UserId, null, FROM);
    await ahead.composed.revocations.sync();
    // The same keys as the store that was rolled back: its rows, without its last log entry.
    const keys = await ahead.composed.engine.store.keys.list();
    const rolledBack = memory();
    await rolledBack.open();
    await rolledBack.keys.change(() => ({ add: keys }), ahead.clock.now());
    const back = await world({ store: rolledBack, clock: ahead.clock });
    const issued = await ahead.logIn("token");
    expect(await back.composed.engine.carriers.token.check(credential(issued), back.clock.now())).toEqual(refused("ahead"));
    expect(back.alarms).toEqual(["store_rolled_back"]);
    expect(back.composed.revocations.head).toBeGreaterThanOrEqual(seq(2 ** 40));
    expect(back.check(issued)).toEqual(refused("stale"));
    expect(it.alarms).toEqual([]);
  });

  it("is under 560 characters with the default claims", async () => {
    const composed = await engineOn({ store: memory(), options: { issuer: "https://login.example.com" } });
    const user = { id: "usr_0123456789abcdefghijkl", roles: ["member", "admin"], disabled: false };
    const issued = await composed.engine.sessions.start({
      user,
      rsq: seq(2 ** 40 + 123_456),
      amr: ["pwd"],
      carrier: "token",
      device,
      data: null,
      replaces: null,
    });
    expect(credential(issued).length).toBeLessThan(560);
    await composed.close();
  });

  it("T14: what is remembered of one token is never taken for another", async () => {
    const it = await world();
    const [one, two] = [await it.logIn("token"), await it.logIn("token", "bob")];
    for (const issued of [one, two, one, two]) {
      expect(it.check(issued)).toMatchObject({ ok: true, principal: { userId: issued.session.userId, sid: issued.session.sid } });
    }
    const [head, body] = credential(one).split(".");
    const [, , signature] = credential(two).split(".");
    expect(await it.composed.engine.carriers.token.check(`${head}.${body}.${signature}`, it.clock.now())).toEqual(refused("forged"));
  });

  it("T12: refuses another issuer's and another audience's token, though the keys are the same", async () => {
    const store = memory();
    const clock = fakeClock();
    const it = await world({ store, clock });
    const issued = await it.logIn("token");
    for (const [options, reason] of [
      [{ issuer: "https://other.example.com" }, "forged"],
      [{ audience: "reports" }, "wrong_audience"],
    ] as const) {
      const other = await engineOn({ store, clock, users: { get: () => null }, options });
      expect(await other.engine.carriers.token.check(credential(issued), clock.now())).toEqual(refused(reason));
    }
  });
});
