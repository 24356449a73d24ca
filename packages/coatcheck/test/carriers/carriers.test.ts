import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Issued } from "../../src/carriers/carrier.ts";
import type { Composed } from "../../src/compose.ts";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { seq } from "../../src/core/ids.ts";
import type { UserId } from "../../src/core/ids.ts";
import { isPromise } from "../../src/core/maybe.ts";
import type { Store } from "../../src/core/ports.ts";
import type { CarrierName } from "../../src/core/session.ts";
import { instant } from "../../src/core/time.ts";
import type { UserView } from "../../src/core/users.ts";
import type { Verdict } from "../../src/core/verdict.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { fakeClock } from "../../src/testing/clock.ts";
import { engineOn } from "../support/engine.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const FROM = { ip: "192.0.2.1", why: "ended_by_user" } as const;
const device = { label: "Test", userAgent: "test", ip: "192.0.2.1" };

const open: Composed[] = [];
afterEach(async () => {
  for (const composed of open.splice(0)) await composed.close();
});

interface World {
  readonly clock: ReturnType<typeof fakeClock>;
  readonly people: Map<string, UserView>;
  readonly composed: Composed;
  readonly alarms: string[];
  /** How often the store was asked, by port and method. */
  readonly asked: string[];
  logIn(carrier: CarrierName, userId?: string): Promise<Issued>;
  check(issued: Issued): Verdict;
}

/** Notes every call of the store. */
function watched(store: Store, asked: string[]): Store {
  const ports = ["sessions", "feed", "users", "keys", "throttles", "audit"] as const;
  const seen = Object.fromEntries(
    ports.map((name) => [
      name,
      new Proxy(store[name], {
        get: (port, method) => {
          const call = Reflect.get(port, method);
          return typeof call !== "function" ? call : (...args: unknown[]) => {
            asked.push(`${name}.${String(method)}`);
            return Reflect.apply(call, port, args);
          };
        },
      }),
    ]),
  );
  return { name: store.name, open: () => store.open(), ping: () => store.ping(), close: () => store.close(), ...seen } as Store;
}

async function world({ store = memory(), clock = fakeClock(), grace = "10s" as const } = {}): Promise<World> {
  const asked: string[] = [];
  const alarms: string[] = [];
  const people = new Map<string, UserView>([["ann", { id: "ann", roles: ["member"], disabled: false }], ["bob", { id: "bob", roles: [], disabled: false }]]);
  const composed = await engineOn({
    store: watched(store, asked),
    clock,
    users: { get: (id) => people.get(id) ?? null },
    claims: { tenant: () => "acme" },
    log: { info: () => {}, warn: () => {}, error: (event) => void alarms.push(event) },
    options: { grace },
  });
  open.push(composed);
  const { engine, revocations } = composed;
  return {
    ...{ clock, people, composed, alarms, asked },
    logIn: (carrier, userId = "ann") =>
      engine.sessions.start({ user: people.get(userId) as UserView, rsq: revocations.head, amr: ["pwd"], carrier, device, data: null, replaces: null }),
    check: (issued) => {
      const verdict = engine.carriers[issued.session.carrier].check(credential(issued), clock.now());
      if (isPromise(verdict)) throw new Error("the check was not synchronous");
      return verdict;
    },
  };
}

function credential({ shown }: Issued): string {
  return shown.carrier === "cookie" ? shown.ticket : shown.accessToken;
}

function refreshTokenOf({ shown }: Issued): string {
  return shown.carrier === "token" ? shown.refreshToken : "";
}

const changed = async ({ composed, clock }: World, userId: string) => composed.engine.store.feed.append("invalidate-user", userId, clock.now());
const refused = (reason: string) => ({ ok: false, reason });

describe.each(["cookie", "token"] as const)("the %s carrier", (carrier) => {
  it("says who it is: the same principal as the other carrier's", async () => {
    const it = await world();
    const issued = await it.logIn(carrier);
    const { sid, clientId } = issued.session;
    const authTime = instant(Math.floor(it.clock.now() / 1_000) * 1_000);
    expect(it.check(issued)).toMatchObject({ ok: true, principal: { userId: "ann", sid, clientId, carrier, roles: ["member"], amr: ["pwd"], claims: { tenant: "acme" } } });
    const verdict = it.check(issued);
    expect(verdict.ok && Math.abs(verdict.principal.authTime - authTime)).toBeLessThan(1_000);
  });

  it("asks the store nothing but whether it moved, from the second check on", async () => {
    const it = await world();
    const issued = await it.logIn(carrier);
    it.check(issued);
    it.asked.length = 0;
    for (let request = 0; request < 100; request++) expect(it.check(issued).ok).toBe(true);
    expect(new Set(it.asked)).toEqual(new Set(["feed.moved"]));
  });

  it("refuses what was never made here without asking the store about it", async () => {
    const it = await world();
    const text = credential(await it.logIn(carrier));
    it.asked.length = 0;
    for (let at = 0; at < text.length; at += 7) {
      const forged = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
      if (forged === text) continue;
      const verdict = await it.composed.engine.carriers[carrier].check(forged, it.clock.now());
      expect(verdict, `changed at ${at}`).toMatchObject({ ok: false });
    }
    for (const junk of ["", " ", "x", `${text} `, ` ${text}`, `${text}.`, text.slice(1), "..", "\0".repeat(75), "é".repeat(75), "A".repeat(100_000)]) {
      expect(await it.composed.engine.carriers[carrier].check(junk, it.clock.now())).toEqual(refused("malformed"));
    }
    expect(it.asked.filter((call) => call.startsWith("sessions."))).toEqual([]);
  });

  it("is refused from the next check on when its session ended, and no other session is", async () => {
    const it = await world();
    const [mine, other, bobs] = [await it.logIn(carrier), await it.logIn(carrier), await it.logIn(carrier, "bob")];
    for (const issued of [mine, other, bobs]) expect(it.check(issued).ok).toBe(true);
    await it.composed.engine.sessions.end({ sid: mine.session.sid }, FROM);
    expect(it.check(mine)).toEqual(refused("ended"));
    expect(it.check(mine)).toEqual(refused("ended"));
    for (const issued of [other, bobs]) expect(it.check(issued).ok).toBe(true);
  });

  it("is refused when everything of its user ended, and nobody else's is", async () => {
    const it = await world();
    const [mine, bobs] = [await it.logIn(carrier), await it.logIn(carrier, "bob")];
    it.check(mine);
    expect(await it.composed.engine.sessions.endAll("ann" as UserId, null, FROM)).toMatchObject({ ended: 1 });
    expect(it.check(mine)).toEqual(refused("ended"));
    expect(it.check(bobs).ok).toBe(true);
    expect(it.check(await it.logIn(carrier)).ok).toBe(true);
  });

  it("is born dead when a cutoff came between its proof and its session", async () => {
    const it = await world();
    const proved = it.composed.revocations.head;
    await it.composed.engine.sessions.endAll("ann" as UserId, null, FROM);
    const user = it.people.get("ann") as UserView;
    const late = await it.composed.engine.sessions.start({ user, rsq: proved, amr: ["pwd"], carrier, device, data: null, replaces: null });
    expect(it.check(late)).toEqual(refused("ended"));
    if (carrier === "token") expect(await it.composed.engine.tokens.refresh(refreshTokenOf(late), null, { ip: "", userAgent: "" })).toMatchObject(refused("ended"));
  });

  it("gets a new credential when the person proves themselves again; the old one is dead", async () => {
    const it = await world();
    const before = await it.logIn(carrier);
    it.check(before);
    it.clock.advance(10 * 1_000);
    const after = (await it.composed.engine.sessions.confirm(before.session, FROM)) as Issued;
    expect(after.session).toMatchObject({ sid: before.session.sid, createdAt: before.session.createdAt, authTime: it.clock.now() });
    expect(it.check(before).ok).toBe(false);
    expect(it.check(after)).toMatchObject({ ok: true, principal: { sid: before.session.sid } });
  });

  it("is not renewed once it has ended", async () => {
    const it = await world();
    const issued = await it.logIn(carrier);
    await it.composed.engine.sessions.end({ sid: issued.session.sid }, FROM);
    expect(await it.composed.engine.sessions.confirm(issued.session, FROM)).toBeNull();
    expect(it.check(issued)).toEqual(refused("ended"));
  });

  it("throws when it can't be known, and lets in again when it can", async () => {
    const store = memory();
    let down = false;
    const feed = new Proxy(store.feed, {
      get: (port, method) => {
        if (down) throw new StoreUnavailable("cut off");
        return Reflect.get(port, method);
      },
    });
    const it = await world({ store: { name: "memory:", open: () => store.open(), ping: () => store.ping(), close: () => store.close(), sessions: store.sessions, feed, users: store.users, keys: store.keys, throttles: store.throttles, audit: store.audit } });
    const issued = await it.logIn(carrier);
    it.check(issued);
    down = true;
    expect(() => it.check(issued)).toThrow(StoreUnavailable);
    down = false;
    expect(it.check(issued).ok).toBe(true);
  });

  it("is ended by another process on the same file at the next check", async () => {
    const folder = await mkdtemp(join(tmpdir(), "coatcheck-carriers-"));
    const file = join(folder, "two.db");
    const [one, two] = [await world({ store: sqlite(file) }), await world({ store: sqlite(file) })];
    const issued = await one.logIn(carrier);
    expect(one.check(issued).ok).toBe(true);
    expect(two.check(issued).ok).toBe(true);
    await two.composed.engine.sessions.end({ sid: issued.session.sid }, FROM);
    expect(one.check(issued)).toEqual(refused("ended"));
    for (const composed of open.splice(0)) await composed.close();
    await rm(folder, { recursive: true });
  });

  it("says which session an authentic credential is of, dead or alive, and nothing of any other", async () => {
    const it = await world();
    const issued = await it.logIn(carrier);
    const identify = (text: string) => it.composed.engine.carriers[carrier].identify(text, it.clock.now());
    await it.composed.engine.sessions.end({ sid: issued.session.sid }, FROM);
    it.clock.advance(40 * DAY);
    expect(await identify(credential(issued))).toBe(issued.session.sid);
    expect(await identify(credential(issued).slice(0, -1))).toBeNull();
    expect(await identify("")).toBeNull();
  });
});

describe("the cookie carrier alone", () => {
  it("lives as long as somebody is active, and no longer than the absolute limit", async () => {
    const it = await world();
    const issued = await it.logIn("cookie");
    for (let day = 6; day < 30; day += 6) {
      it.clock.advance(6 * DAY);
      expect(it.check(issued).ok, `day ${day}`).toBe(true);
    }
    it.clock.advance(6 * DAY - 1);
    expect(it.check(issued).ok).toBe(true);
    it.clock.advance(1);
    expect(it.check(issued)).toEqual(refused("expired"));
  });

  it("goes idle to the millisecond", async () => {
    const it = await world();
    const issued = await it.logIn("cookie");
    it.clock.advance(7 * DAY - 1);
    const second = await it.logIn("cookie");
    expect(it.check(issued).ok).toBe(true);
    it.clock.advance(7 * DAY);
    expect(it.check(second)).toEqual(refused("idle"));
  });

  it("takes nobody for idle who was active in another process", async () => {
    const folder = await mkdtemp(join(tmpdir(), "coatcheck-carriers-"));
    const [file, clock] = [join(folder, "two.db"), fakeClock()];
    const [one, two] = [await world({ store: sqlite(file), clock }), await world({ store: sqlite(file), clock })];
    const issued = await one.logIn("cookie");
    two.check(issued);
    clock.advance(7 * DAY - 2 * MINUTE);
    expect(one.check(issued).ok).toBe(true);
    clock.advance(10 * MINUTE);
    expect(two.check(issued).ok).toBe(true);
    for (const composed of open.splice(0)) await composed.close();
    await rm(folder, { recursive: true });
  });

  it("sees a changed role, and a disabled user, at the next check", async () => {
    const it = await world();
    const issued = await it.logIn("cookie");
    it.check(issued);
    it.people.set("ann", { id: "ann", roles: ["admin"], disabled: false });
    await changed(it, "ann");
    expect(it.check(issued)).toMatchObject({ ok: true, principal: { roles: ["admin"] } });
    it.people.set("ann", { id: "ann", roles: ["admin"], disabled: true });
    await changed(it, "ann");
    expect(it.check(issued)).toEqual(refused("disabled"));
  });

  it("is 75 characters", async () => {
    const it = await world();
    expect(credential(await it.logIn("cookie"))).toMatch(/^[\w-]{75}$/);
  });

  it("believes nothing for longer than the log keeps its entries", async () => {
    const it = await world();
    const issued = await it.logIn("cookie");
    it.check(issued);
    it.asked.length = 0;
    it.clock.advance(5 * MINUTE + 1);
    it.check(issued);
    expect(it.asked).toContain("sessions.find");
  });

  it("is spared by keep, on the same cookie", async () => {
    const it = await world();
    const [mine, other] = [await it.logIn("cookie"), await it.logIn("cookie")];
    it.check(mine);
    await it.composed.engine.sessions.endAll("ann" as UserId, mine.session.sid, FROM);
    expect(it.check(mine).ok).toBe(true);
    expect(it.check(other)).toEqual(refused("ended"));
  });
});

describe("the token carrier alone", () => {
  const from = { ip: "192.0.2.1", userAgent: "test" };
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
    expect(await it.composed.engine.store.audit.list({ event: "refresh_reused" }, 9)).toMatchObject([{ userId: "ann", sid: issued.session.sid, detail: { ended: true } }]);
  });

  it("refuses a token from a later log than the store's, sounds the alarm and starts a new epoch", async () => {
    const [ahead, it] = [await world(), await world()];
    await ahead.composed.engine.sessions.endAll("bob" as UserId, null, FROM);
    await ahead.composed.revocations.sync();
    // The same keys as the store that was rolled back: its rows, without its last log entry.
    const keys = await ahead.composed.engine.store.keys.list();
    const rolledBack = memory();
    rolledBack.open();
    await rolledBack.keys.ensure(keys[0] as (typeof keys)[0]);
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
    open.push(composed);
    const user = { id: "usr_0123456789abcdefghijkl", roles: ["member", "admin"], disabled: false };
    const issued = await composed.engine.sessions.start({ user, rsq: seq(2 ** 40 + 123_456), amr: ["pwd"], carrier: "token", device, data: null, replaces: null });
    expect(credential(issued).length).toBeLessThan(560);
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
    for (const [options, reason] of [[{ issuer: "https://other.example.com" }, "forged"], [{ audience: "reports" }, "wrong_audience"]] as const) {
      const other = await engineOn({ store, clock, users: { get: () => null }, options });
      expect(await other.engine.carriers.token.check(credential(issued), clock.now())).toEqual(refused(reason));
    }
  });
});
