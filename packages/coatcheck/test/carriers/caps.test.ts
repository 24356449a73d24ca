import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CAPS } from "../../src/carriers/caps.ts";
import type { CoatcheckError } from "../../src/core/errors.ts";
import { seq } from "../../src/core/ids.ts";
import type { UserId } from "../../src/core/ids.ts";
import type { CarrierName } from "../../src/core/session.ts";
import { duration } from "../../src/core/time.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { FROM, MINUTE, refreshTokenOf, world } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { REPOSITORY } from "../tools/project.ts";

const ANN = "ann" as UserId;
const { starts, renewals } = CAPS;
const WINDOW = duration(starts.window);

const from = (it: World) => ({ ip: "192.0.2.1", userAgent: "test", device: "Test", at: it.clock.now() });

/** Logs in and out again and again. @returns how often it was let in. */
async function flood(it: World, times: number, userId = "ann"): Promise<number> {
  let entered = 0;
  for (let nth = 0; nth < times; nth++) {
    const issued = await it.logIn(nth % 2 === 0 ? "cookie" : "token", userId).catch(refusalOnly);
    if (issued === null) continue;
    entered += 1;
    await it.composed.engine.sessions.end({ sid: issued.session.sid }, { ...FROM, why: "sign_out" });
  }
  return entered;
}

function refusalOnly(error: CoatcheckError): null {
  expect(error).toMatchObject({ code: "too_many_sessions", status: 429 });
  return null;
}

async function entriesOf(it: World, kind: string): Promise<number> {
  const { entries } = await it.composed.engine.store.feed.since(seq(0));
  return entries.filter((entry) => entry.kind === kind).length;
}

describe("the table", () => {
  it("is what the docs print, and leaves room for a hundred logins of one account", () => {
    expect(Object.entries(CAPS).map(([name, { limit, window }]) => `${name} ${limit}/${window}`)).toEqual([
      "starts 300/20m",
      "renewals 300/20m",
    ]);
    expect(starts.limit).toBeGreaterThanOrEqual(100);
    const docs = readFileSync(join(REPOSITORY, "docs/security.md"), "utf8");
    for (const { counts, per, limit, window } of Object.values(CAPS))
      expect(docs).toContain(`| ${counts} | ${per} | ${limit} | ${window} |`);
  });
});

describe("a flood of logins and logouts by one account", () => {
  it("leaves the log bounded, in each window", async () => {
    const it = await world();
    expect(await flood(it, 2 * starts.limit)).toBe(starts.limit);
    expect(await entriesOf(it, "sid")).toBe(starts.limit);
    it.clock.advance(20 * MINUTE);
    expect(await flood(it, starts.limit + 50)).toBe(starts.limit);
    // What the first could hit has run out, and housekeeping takes it away when it comes to it.
    expect(await entriesOf(it, "sid")).toBeLessThanOrEqual(2 * starts.limit);
  });

  it("says when it goes on, and then does", async () => {
    const it = await world();
    await it.logIn("cookie");
    it.clock.advance(MINUTE);
    await flood(it, starts.limit);
    await expect(it.logIn("cookie")).rejects.toMatchObject({ details: { retryAfter: 19 * 60 } });
    it.clock.advance(18 * MINUTE);
    it.clock.advance(59_000);
    await expect(it.logIn("cookie")).rejects.toMatchObject({ details: { retryAfter: 1 } });
    it.clock.advance(1_000);
    expect(it.check(await it.logIn("cookie"))).toMatchObject({ ok: true });
  });

  it("is nobody else's concern", async () => {
    const it = await world();
    await flood(it, starts.limit + 1);
    expect(await flood(it, 100, "bob")).toBe(100);
  });

  it("is counted over all processes, and over their restarts", async () => {
    const store = memory();
    const first = await world({ store });
    expect(await flood(first, starts.limit - 1)).toBe(starts.limit - 1);
    const second = await world({ store, clock: first.clock });
    expect(await flood(second, 5)).toBe(1);
    expect(await flood(first, 5)).toBe(0);
  });

  it("is no more than the limit when all come at once", async () => {
    const it = await world();
    const all = await Promise.all(Array.from({ length: starts.limit + 40 }, () => it.logIn("cookie").catch(refusalOnly)));
    expect(all.filter((issued) => issued !== null)).toHaveLength(starts.limit);
  });

  it("is in the trail", async () => {
    const it = await world();
    await flood(it, starts.limit + 1);
    expect(await it.composed.engine.store.audit.list({ event: "session_refused" }, 9)).toMatchObject([
      { userId: "ann", sid: null, ip: "192.0.2.1", detail: { reason: "too_many_sessions", device: "Test" } },
    ]);
  });

  it("is let be where the throttle is off", async () => {
    const it = await world({ options: { throttle: "off" } });
    expect(await flood(it, starts.limit + 5)).toBe(starts.limit + 5);
    expect(it.asked).not.toContain("throttles.take");
  });
});

describe("with the cap used up", () => {
  /** Somebody has used up all that Ann has, of both kinds, while she is logged in on each carrier. */
  async function exhausted() {
    const it = await world();
    const [cookie, token, other] = [await it.logIn("cookie"), await it.logIn("token"), await it.logIn("cookie")];
    await flood(it, starts.limit);
    const { store, sessions } = it.composed.engine;
    const rule = { key: "renewals:ann", limit: renewals.limit, window: WINDOW };
    for (let nth = 0; nth < renewals.limit; nth++) await store.throttles.count([rule], it.clock.now());
    await expect(it.logIn("cookie")).rejects.toMatchObject({ code: "too_many_sessions" });
    return { it, sessions, cookie, token, other };
  }

  it("those who are in stay in, and refresh", async () => {
    const { it, cookie, token } = await exhausted();
    expect(it.check(cookie)).toMatchObject({ ok: true });
    expect(it.check(token)).toMatchObject({ ok: true });
    const { tokens } = it.composed.engine;
    expect(await tokens.refresh(refreshTokenOf(token), null, from(it))).toMatchObject({ ok: true });
  });

  it("one session can be ended", async () => {
    const { it, sessions, cookie, other } = await exhausted();
    expect(await sessions.end({ sid: other.session.sid, userId: ANN }, FROM)).toMatchObject({ ended: 1 });
    expect(it.check(other)).toEqual({ ok: false, reason: "ended" });
    expect(it.check(cookie)).toMatchObject({ ok: true });
  });

  it("all can be ended, again and again", async () => {
    const { it, sessions, cookie, token } = await exhausted();
    for (let nth = 0; nth < 2; nth++) await sessions.endAll(ANN, null, FROM);
    for (const issued of [cookie, token]) expect(it.check(issued)).toMatchObject({ ok: false });
  });

  it("a user can be disabled, and a changed role is heard of", async () => {
    const { it, cookie } = await exhausted();
    const { store } = it.composed.engine;
    await store.feed.append("invalidate-user", ANN, it.clock.now());
    await store.feed.append("user", ANN, it.clock.now());
    expect(it.check(cookie)).toEqual({ ok: false, reason: "ended" });
  });

  it.each(["cookie", "token"] as const)(
    "no credential is renewed without a limit, and no session spared: %s",
    async (carrier: CarrierName) => {
      const { it, sessions, ...issued } = await exhausted();
      const { session } = issued[carrier];
      const before = await entriesOf(it, "invalidate-sid");
      const refused = { code: "too_many_requests", details: { retryAfter: WINDOW / 1_000 } };
      await expect(sessions.confirm(session, from(it))).rejects.toMatchObject(refused);
      await expect(sessions.changePassword(session, { expect: "a", passwordHash: "b" }, from(it))).rejects.toMatchObject(refused);
      await expect(sessions.endAll(ANN, session.sid, FROM)).rejects.toMatchObject(refused);
      expect(await entriesOf(it, "invalidate-sid")).toBe(before);
      expect(await entriesOf(it, "user")).toBe(0);
      expect(await it.composed.engine.store.audit.list({ event: "session_refused" }, 3)).toMatchObject(
        Array.from({ length: 3 }, () => ({ userId: ANN, sid: session.sid, detail: { reason: "too_many_requests" } })),
      );
      it.clock.advance(20 * MINUTE);
      expect(await sessions.confirm(session, from(it))).not.toBeNull();
    },
  );
});

describe("a flood of proofs by somebody who is logged in", () => {
  it("leaves the log bounded", async () => {
    const it = await world();
    const { sessions } = it.composed.engine;
    const { session } = await it.logIn("cookie");
    let renewed = 0;
    for (let nth = 0; nth < renewals.limit + 50; nth++)
      renewed += await sessions.confirm(session, from(it)).then(
        () => 1,
        () => 0,
      );
    expect(renewed).toBe(renewals.limit);
    expect(await entriesOf(it, "invalidate-sid")).toBe(renewals.limit);
    // Whoever only signs in is not hit by it.
    expect(await it.logIn("cookie")).toBeDefined();
  });
});
