import * as fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { BUILT_IN_CLIENT, parseSid, seq } from "../../src/core/ids.ts";
import type { Sid, UserId } from "../../src/core/ids.ts";
import { isLive } from "../../src/core/session.ts";
import { instant } from "../../src/core/time.ts";
import { RevocationTable } from "../../src/revocation/table.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { COOKIE, EMAIL, ISSUER, openHouse, PASSWORD, shown } from "../http/support.ts";
import type { House, Visitor } from "../http/support.ts";
import { openMemory, openSqlite, temporary } from "../stores/open.ts";
import { startServer, withServer } from "../support/server.ts";
import { closeWorlds, credential, world } from "../support/world.ts";

const CARRIERS = ["cookie", "token"] as const;
const NEW_PASSWORD = "violet otter harbour 42";

const status = async ({ call }: House, headers: Readonly<Record<string, string>>): Promise<number> =>
  (await call("GET", "/auth/me", { headers })).status;
const withCookie = (ticket: string): Readonly<Record<string, string>> => ({ cookie: `${COOKIE}=${ticket}`, origin: ISSUER });

describe("S1 session fixation (CVE-2022-25896, CVE-2021-41246)", () => {
  const INVENTED = ["A".repeat(75), "A".repeat(74) + "Q", "", "null", "session", "A".repeat(22)];

  it("a value that the server never made is never adopted: at sign-in, sign-up, confirm and after", async () => {
    const house = await openHouse();
    await house.arrive();
    for (const planted of INVENTED) {
      const got = await house.call("POST", "/auth/sign-in", { json: { email: EMAIL, password: PASSWORD }, headers: withCookie(planted) });
      expect(got.status).toBe(200);
      expect(got.ticket).not.toBe(planted);
      expect(await status(house, withCookie(planted))).toBe(401);
    }
    const got = await house.call("POST", "/auth/sign-up", {
      json: { email: "eve@example.com", password: PASSWORD },
      headers: withCookie(INVENTED[0] as string),
    });
    expect(got.status).toBe(201);
    expect(await status(house, withCookie(INVENTED[0] as string))).toBe(401);
  });

  it("a session that an attacker planted gets nobody else's login: another sid, another secret, and the planted one ends", async () => {
    const house = await openHouse();
    await house.arrive("cookie", "mallory@example.com");
    const planted = await house.call("POST", "/auth/sign-in", { json: { email: "mallory@example.com", password: PASSWORD } });
    await house.arrive();
    const victim = await house.call("POST", "/auth/sign-in", { json: { email: EMAIL, password: PASSWORD }, headers: shown(planted) });
    expect(victim.json.session.sid).not.toBe(planted.json.session.sid);
    expect(victim.ticket).not.toBe(planted.ticket);
    expect(await status(house, shown(planted))).toBe(401);
    expect((await house.call("GET", "/auth/me", { headers: shown(victim) })).json.user["email"]).toBe(EMAIL);
  });

  it.each(["confirm", "password"] as const)("what was known before /auth/%s is worth nothing after it", async (step) => {
    const house = await openHouse();
    for (const carrier of CARRIERS) {
      const email = `${carrier}@example.com`;
      const before = await house.arrive(carrier, email);
      const json = step === "confirm" ? { password: PASSWORD } : { current: PASSWORD, new: NEW_PASSWORD };
      const got = await house.call("POST", `/auth/${step}`, { json, headers: before.headers });
      expect(got.status).toBe(200);
      expect(await status(house, before.headers)).toBe(401);
      expect(await status(house, shown(got))).toBe(200);
    }
  });

  it("a sid opens nothing, wherever it is put", async () => {
    const house = await openHouse();
    const { sid } = await house.arrive();
    for (const headers of [withCookie(sid), { authorization: `Bearer ${sid}` }, { "x-session-id": sid }, { cookie: `sid=${sid}` }])
      expect(await status(house, headers)).toBe(401);
    expect((await house.call("GET", `/auth/me?sid=${sid}`)).status).toBe(401);
  });
});

describe("S2 a log-out that does not log out (CVE-2024-31999, CVE-2024-35220)", { timeout: 120_000 }, () => {
  it.each(CARRIERS)(
    "%s: dead for every call that begins after the answer, fifty in flight or not, and after a restart",
    async (carrier) => {
      await withServer(async (server) => {
        const post = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
          fetch(server.url + path, {
            method: "POST",
            headers: { "content-type": "application/json", ...headers },
            body: JSON.stringify(body),
          });
        const answer = await post("/auth/sign-up", { email: EMAIL, password: PASSWORD, carrier });
        const body = (await answer.json()) as { readonly access_token?: string; readonly refresh_token?: string };
        const headers: Record<string, string> =
          carrier === "token"
            ? { authorization: `Bearer ${body.access_token}` }
            : { cookie: (answer.headers.get("set-cookie") as string).split(";", 1)[0] as string, origin: server.url };
        const me = async (url: string): Promise<number> => (await fetch(`${url}/auth/me`, { headers })).status;
        const refresh = async (url: string): Promise<number> => {
          const form = new URLSearchParams({ grant_type: "refresh_token", refresh_token: body.refresh_token ?? "" });
          return (await fetch(`${url}/oauth/token`, { method: "POST", body: form })).status;
        };
        expect(await me(server.url)).toBe(200);

        const inFlight = Array.from({ length: 50 }, () => me(server.url));
        const out = await post("/auth/sign-out", {}, headers);
        expect(out.status).toBe(204);
        const after = await Promise.all(Array.from({ length: 50 }, () => me(server.url)));
        expect(new Set(after)).toEqual(new Set([401]));
        expect([200, 401]).toEqual(expect.arrayContaining([...new Set(await Promise.all(inFlight))]));
        // What was in flight has revived nothing, here or in the store.
        expect(await me(server.url)).toBe(401);
        if (carrier === "token") expect(await refresh(server.url)).toBe(400);

        const next = await startServer(server.folder);
        expect(await me(next.url)).toBe(401);
        if (carrier === "token") expect(await refresh(next.url)).toBe(400);
        await next.stop();
      });
    },
  );
});

describe("S2 a log-out that memory does not hear of", () => {
  it.each(CARRIERS)(
    "%s: what was let in a moment ago is not, in the process that ended it, in its neighbour and in a new one",
    async (carrier) => {
      const folder = temporary();
      const open = (): Promise<House> => openHouse({ store: sqlite(folder.path("x.db")) });
      const [here, there] = [await open(), await open()];
      const ada = await here.arrive(carrier);
      const verdicts = async (...houses: readonly House[]): Promise<readonly boolean[]> =>
        Promise.all(houses.map(async ({ routes }) => (await routes.check(credentialsOf(ada))).ok));
      // Twice, so that both remember: the session, and the token's signature.
      for (let count = 0; count < 2; count++) expect(await verdicts(here, there)).toEqual([true, true]);
      expect((await here.call("POST", "/auth/sign-out", { headers: ada.headers })).status).toBe(204);
      const later = await open();
      expect(await verdicts(here, there, later)).toEqual([false, false, false]);
      for (const house of [here, there, later]) await house.close();
      folder.remove();
    },
  );

  function credentialsOf({ headers }: Visitor): { cookie?: string; authorization?: string } {
    const { cookie, authorization } = headers;
    return { ...(cookie === undefined ? {} : { cookie }), ...(authorization === undefined ? {} : { authorization }) };
  }
});

describe("S5 cutoffs combined wrongly (GHSA-83c4-ffjp-mxp9)", { timeout: 60_000 }, () => {
  const append = fc.record({
    kind: fc.constantFrom("global", "client", "user", "sid"),
    key: fc.constantFrom("ann", "bob", "coatcheck", "another-client"),
  });

  it.each([
    ["memory", openMemory],
    ["sqlite", openSqlite],
  ])(
    "on %s a session lives if nothing of any of its scopes came after it: the latest cutoff counts, whatever the order",
    async (_, openStore) => {
      await fc.assert(
        fc.asyncProperty(fc.array(append, { minLength: 1, maxLength: 6 }), fc.integer({ min: 0, max: 6 }), async (entries, at) => {
          const { store, close } = await openStore();
          const it = await world({ store });
          const { engine } = it.composed;
          const marks: { readonly kind: string; readonly key: string; readonly seq: number }[] = [];
          const logins: { readonly who: string; readonly login: Awaited<ReturnType<typeof it.logIn>> }[] = [];
          const logEverybodyIn = async (): Promise<void> => {
            await it.composed.revocations.sync();
            for (const who of ["ann", "bob"]) for (const carrier of CARRIERS) logins.push({ who, login: await it.logIn(carrier, who) });
          };
          for (const [index, { kind, key }] of entries.entries()) {
            if (index === Math.min(at, entries.length - 1)) await logEverybodyIn();
            const target = kind === "sid" ? (logins[index % 2]?.login.session.sid ?? key) : kind === "global" ? "" : key;
            const position = await engine.store.feed.append(kind, target, it.clock.now());
            marks.push({ kind, key: target, seq: position });
          }
          for (const { who, login } of logins) {
            const { sid, rsq } = login.session;
            const scopes = new Set(["global ", `client ${BUILT_IN_CLIENT}`, `user ${who}`]);
            const cutoff = Math.max(0, ...marks.filter((it) => scopes.has(`${it.kind} ${it.key}`)).map((it) => it.seq));
            const lives = rsq >= cutoff && !marks.some((it) => it.kind === "sid" && it.key === sid);
            expect(it.check(login).ok).toBe(lives);
            const found = await engine.store.sessions.find(sid);
            expect(found !== null && isLive(found)).toBe(lives);
            expect((await engine.sessions.list(who as UserId)).some((row) => row.sid === sid)).toBe(lives);
            const { shown } = login;
            if (shown.carrier === "token")
              expect((await engine.tokens.refresh(shown.refreshToken, null, { ip: "", userAgent: "" })).ok).toBe(lives);
          }
          await closeWorlds();
          await close();
        }),
        { numRuns: 40 },
      );
    },
  );

  it("in memory the latest of each scope counts in whatever order the log is heard, and a session's own end is final", () => {
    const sids = [parseSid("A".repeat(22)), parseSid("B".repeat(21) + "A")] as readonly Sid[];
    const heard = fc.record({
      kind: fc.constantFrom("global", "client", "user", "sid"),
      whose: fc.nat(1),
      seq: fc.integer({ min: 1, max: 9 }).map(seq),
    } as const);
    fc.assert(
      fc.property(fc.array(heard, { maxLength: 8 }), fc.integer({ min: 0, max: 9 }), (entries, rsq) => {
        const keys = { global: ["", ""], client: ["web", "app"], user: ["ann", "bob"], sid: sids } as const;
        const table = new RevocationTable();
        for (const { kind, whose, seq } of entries)
          table.apply({ kind, key: keys[kind][whose] as string, seq, expiresAt: instant(1), at: instant(0) });
        const hers = entries.filter(({ kind, whose }) => kind === "global" || whose === 0);
        const ended = hers.some(({ kind, seq }) => kind === "sid" || seq > rsq);
        const standing = { sid: sids[0] as Sid, userId: "ann" as UserId, clientId: "web" as typeof BUILT_IN_CLIENT, rsq: seq(rsq) };
        expect(table.ended(standing)).toBe(ended);
      }),
    );
  });

  it("a smaller cutoff never lowers a larger one, and cutoffs of strangers hit nobody", async () => {
    const it = await world();
    const login = await it.logIn("token", "ann", seq(0));
    await it.composed.engine.store.feed.append("user", "bob", it.clock.now());
    await it.composed.engine.store.feed.append("client", "another", it.clock.now());
    expect(it.check(login).ok).toBe(true);
    await it.composed.engine.store.feed.append("global", "", it.clock.now());
    await it.composed.engine.store.feed.append("user", "bob", it.clock.now());
    expect(it.check(login)).toEqual({ ok: false, reason: "ended" });
    expect(credential(login)).not.toBe("");
  });
});

describe("S7 sessions that survive a change of who may log in (GHSA-2vg6-77g8-24mp)", () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  type Change = (house: House, by: Visitor) => Promise<unknown>;
  const idOf = ({ got }: Visitor): UserId => got.json.user["id"] as UserId;
  const CHANGES: Readonly<Record<string, Change>> = {
    "a new password": (house, by) =>
      house.call("POST", "/auth/password", { json: { current: PASSWORD, new: NEW_PASSWORD }, headers: by.headers }),
    "log out everywhere": (house, by) => house.call("DELETE", "/auth/sessions", { headers: by.headers }),
    "log out elsewhere": (house, by) => house.call("DELETE", "/auth/sessions?keep=current", { headers: by.headers }),
    "a disabled account": async ({ store, clock }, by) => store.users.setDisabled(idOf(by), true, clock.now()),
    "disabled, and enabled again": async ({ store, clock }, by) => {
      await store.users.setDisabled(idOf(by), true, clock.now());
      await store.users.setDisabled(idOf(by), false, clock.now());
    },
    "an end by its sid": async (house, by) => {
      const { json } = await house.call("GET", "/auth/sessions", { headers: by.headers });
      for (const { sid } of json.sessions.filter(({ current }) => current !== true))
        await house.engine.sessions.end({ sid: sid as Sid }, { ip: "", why: "ended_by_application" });
    },
  };

  describe.each([
    ["memory", openMemory],
    ["sqlite", openSqlite],
  ] as const)("on %s", (_, openStore) => {
    it.each(Object.keys(CHANGES))("%s ends the others on both carriers, by access and by refresh", async (name) => {
      const { store, close } = await openStore();
      closing.push(close);
      const house = await openHouse({ store });
      const owner = await house.arrive("token");
      const [cookie, token] = [await house.signIn("cookie"), await house.signIn("token")];
      for (const { headers } of [owner, cookie, token]) expect(await status(house, headers)).toBe(200);

      await (CHANGES[name] as Change)(house, owner);
      expect(await status(house, cookie.headers)).toBe(401);
      expect(await status(house, token.headers)).toBe(401);
      const form = { grant_type: "refresh_token", refresh_token: token.got.json.refresh_token };
      expect((await house.call("POST", "/oauth/token", { form })).json.error).toBe("invalid_grant");
      // A second process that comes later says the same: nothing of it lives in one memory alone.
      const other = await openHouse({ store });
      for (const { headers } of [cookie, token]) expect(await status(other, headers)).toBe(401);
    });
  });
});
