import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import type { Store } from "../../src/core/ports.ts";
import { memory } from "../../src/index.ts";
import { ISSUER, openHouse } from "./support.ts";
import type { Got, Hired, House, HouseParts } from "./support.ts";

const INTROSPECT = "/oauth/introspect";
const INACTIVE = '{"active":false}';
const ELSEWHERE = "https://reports.example.com";

interface Scene extends House {
  readonly asker: Hired;
  readonly ask: (token: string, asker?: Hired) => Promise<Got>;
}

async function scene(parts: HouseParts = {}): Promise<Scene> {
  const house = await openHouse(parts);
  const asker = await house.hire({ name: "Billing", scopes: [] });
  return { ...house, asker, ask: (token, by = asker) => house.call("POST", INTROSPECT, { form: { token }, headers: by.basic }) };
}

async function ownToken({ call }: House, { basic }: Hired, more: Readonly<Record<string, string>> = {}): Promise<string> {
  return (await call("POST", "/oauth/token", { form: { grant_type: "client_credentials", ...more }, headers: basic })).json.access_token;
}

describe("POST /oauth/introspect", () => {
  it("says of an access token what it says, and nothing of the inside", async () => {
    const { arrive, ask, engine } = await scene({ claims: { tenant: () => "acme", active: () => "no" } });
    const { got, sid } = await arrive("token");
    const answered = await ask(got.json.access_token);
    expect(answered.status).toBe(200);
    expect(answered.headers.get("cache-control")).toBe("no-store");
    expect(answered.headers.get("content-type")).toBe("application/json");
    const now = Math.floor(engine.clock.now() / 1_000);
    expect(answered.json).toEqual({
      active: true,
      token_type: "Bearer",
      iss: ISSUER,
      aud: ISSUER,
      sub: (got.json.user as { id: string }).id,
      client_id: "coatcheck",
      iat: now,
      exp: now + 300,
      jti: expect.any(String),
      sid,
      roles: [],
      auth_time: now,
      amr: ["pwd"],
      tenant: "acme",
    });
  });

  it("says of a refresh token whose it is and until when, and does not use it", async () => {
    const { arrive, ask, call, clock } = await scene();
    const { got, sid } = await arrive("token");
    const now = Math.floor(clock.now() / 1_000);
    for (let time = 0; time < 2; time++)
      expect((await ask(got.json.refresh_token)).json).toEqual({
        active: true,
        iss: ISSUER,
        sub: (got.json.user as { id: string }).id,
        client_id: "coatcheck",
        sid,
        iat: now,
        exp: now + 7 * 24 * 60 * 60,
      });
    const form = { grant_type: "refresh_token", refresh_token: got.json.refresh_token };
    expect((await call("POST", "/oauth/token", { form })).status).toBe(200);
  });

  it("says of a client's own token which client it is, and its scopes", async () => {
    const it = await scene();
    const client = await it.hire();
    const answered = await it.ask(await ownToken(it, client, { scope: "read" }));
    expect(answered.json).toMatchObject({
      active: true,
      token_type: "Bearer",
      sub: client.id,
      client_id: client.id,
      aud: ISSUER,
      scope: "read",
    });
    for (const name of ["sid", "roles", "auth_time", "amr", "rsq"]) expect(answered.json).not.toHaveProperty(name);
  });

  it("takes a hint and does not go by it", async () => {
    const { arrive, call, asker } = await scene();
    const { got } = await arrive("token");
    for (const token_type_hint of ["access_token", "refresh_token", "nonsense"])
      for (const token of [got.json.access_token, got.json.refresh_token])
        expect((await call("POST", INTROSPECT, { form: { token, token_type_hint, ...asker.form } })).json.active).toBe(true);
  });

  it.each(["", "abc", "a.b.c", "ccr_abc", "x".repeat(10_000), "\u0000", "{}"])("%j is no token of ours, or none at all", async (token) => {
    const { ask } = await scene();
    const got = await ask(token);
    if (token === "") expect(got).toMatchObject({ status: 400, json: { error: "invalid_request" } });
    else expect([got.status, got.text]).toEqual([200, INACTIVE]);
  });

  it("says nothing of a cookie's ticket, and nothing of a token that was bent", async () => {
    const { arrive, signIn, ask } = await scene();
    const ticket = (await arrive("cookie")).got.ticket as string;
    const { access_token, refresh_token } = (await signIn("token")).got.json;
    const bent = (text: string): string => text.slice(0, -1) + (text.endsWith("A") ? "Q" : "A");
    for (const token of [ticket, bent(access_token), `${access_token} `, bent(refresh_token), `${access_token}.`])
      expect((await ask(token)).text).toBe(INACTIVE);
  });

  it("says nothing of tokens for others than the asker", async () => {
    const it = await scene();
    const [stranger, client] = [await it.hire({ audiences: [ELSEWHERE] }), await it.hire({ audiences: [ELSEWHERE, ISSUER] })];
    const { got } = await it.arrive("token");
    const [theirs, ours] = [await ownToken(it, client), await ownToken(it, client, { resource: ISSUER })];
    const activeFor = async (asker: Hired): Promise<readonly boolean[]> =>
      Promise.all(
        [got.json.access_token, got.json.refresh_token, theirs, ours].map(async (token) => (await it.ask(token, asker)).json.active),
      );
    expect(await activeFor(it.asker)).toEqual([true, true, false, true]);
    expect(await activeFor(stranger)).toEqual([false, false, true, false]);
    expect(await activeFor(client)).toEqual([true, true, true, true]);
    expect((await it.ask(theirs)).text).toBe(INACTIVE);
    expect((await it.ask(got.json.refresh_token, stranger)).text).toBe(INACTIVE);
  });

  it("of a session that has ended nothing holds", async () => {
    const { arrive, ask, call } = await scene();
    const { got, headers } = await arrive("token");
    expect((await call("DELETE", "/auth/sessions", { headers })).status).toBe(200);
    for (const token of [got.json.access_token, got.json.refresh_token]) expect((await ask(token)).text).toBe(INACTIVE);
  });

  it("an access token that its session outlives holds no longer: refreshed away, spared, stale", async () => {
    const { arrive, ask, store, engine, clock } = await scene();
    const { got, sid } = await arrive("token");
    const { id } = got.json.user as { id: string };
    await store.users.setRoles(id as never, ["admin"], clock.now());
    expect((await ask(got.json.access_token)).text).toBe(INACTIVE);
    const refreshed = await engine.tokens.refresh(got.json.refresh_token, null, { ip: "", userAgent: "" });
    if (!refreshed.ok) throw new Error(refreshed.reason);
    expect((await ask(refreshed.issued.shown.accessToken)).json.active).toBe(true);
    await engine.sessions.endAll(id as never, sid as never, { ip: "", why: "ended_everywhere" });
    expect((await ask(refreshed.issued.shown.accessToken)).text).toBe(INACTIVE);
    expect((await ask(refreshed.issued.shown.refreshToken)).json.active).toBe(true);
  });

  it("of a disabled user nothing holds", async () => {
    const people = new Map([["ada", { id: "ada", roles: [], disabled: false }]]);
    const { ask, engine } = await scene({ users: { get: (id) => people.get(id) ?? null } });
    const device = { label: "", userAgent: "", ip: "" };
    const login = {
      user: people.get("ada") as never,
      rsq: 0 as never,
      amr: ["pwd"],
      carrier: "token",
      device,
      data: null,
      replaces: null,
    } as const;
    const { shown } = await engine.sessions.start(login);
    if (shown.carrier !== "token") throw new Error("no tokens");
    const both = async (): Promise<readonly boolean[]> =>
      Promise.all([shown.accessToken, shown.refreshToken].map(async (token) => (await ask(token)).json.active));
    expect(await both()).toEqual([true, true]);
    people.set("ada", { id: "ada", roles: [], disabled: true });
    expect(await both()).toEqual([false, false]);
    people.delete("ada");
    expect(await both()).toEqual([false, false]);
  });

  it("time is up for each kind when it is", async () => {
    const { arrive, ask, clock } = await scene();
    const { got } = await arrive("token");
    clock.advance("5m");
    expect((await ask(got.json.access_token)).text).toBe(INACTIVE);
    expect((await ask(got.json.refresh_token)).json.active).toBe(true);
    clock.advance("7d");
    expect((await ask(got.json.refresh_token)).text).toBe(INACTIVE);
  });

  it("a refresh token that was used holds for the grace alone; asking about it ends nothing", async () => {
    const { arrive, ask, call, clock } = await scene();
    const { got } = await arrive("token");
    const used = got.json.refresh_token;
    const next = await call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token: used } });
    expect((await ask(used)).json.active).toBe(true);
    clock.advance("11s");
    expect((await ask(used)).text).toBe(INACTIVE);
    expect((await ask(next.json.refresh_token)).json.active).toBe(true);
  });

  it.each(["removed", "disabled"] as const)("of a client that was %s nothing holds, and it is told nothing", async (how) => {
    const it = await scene();
    const client = await it.hire();
    const token = await ownToken(it, client);
    const now = it.clock.now();
    await (how === "removed" ? it.store.clients.remove(client.id, now) : it.store.clients.setDisabled(client.id, true, now));
    expect((await it.ask(token)).text).toBe(INACTIVE);
    expect(await it.ask(token, client)).toMatchObject({ status: 401, json: { error: "invalid_client" } });
  });

  it("is judged by the store, whatever memory was told", async () => {
    const store = memory();
    let deaf = false;
    // This process hears of no change any more: a check goes on by what it remembers.
    const feed = { ...store.feed, moved: () => !deaf && store.feed.moved?.() === true };
    const it = await scene({ store: { ...store, feed } });
    const [{ got, headers, sid }, client] = [await it.arrive("token"), await it.hire()];
    const own = await ownToken(it, client);
    for (const token of [got.json.access_token, own]) expect((await it.ask(token)).json.active).toBe(true);
    deaf = true;
    await store.sessions.end({ sid: sid as never }, it.clock.now());
    await store.feed.append("client", client.id, it.clock.now());
    expect(it.routes.check(headers)).toMatchObject({ ok: true });
    for (const token of [got.json.access_token, own, got.json.refresh_token]) expect((await it.ask(token)).text).toBe(INACTIVE);
  });

  it("a withdrawn key, and a token from a later log than the store's, prove nothing", async () => {
    const it = await scene();
    const { got } = await it.arrive("token");
    const { kid } = JSON.parse(Buffer.from(got.json.access_token.split(".")[0] as string, "base64url").toString()) as { kid: string };
    await it.store.feed.append("key", kid, it.clock.now());
    expect((await it.ask(got.json.access_token)).text).toBe(INACTIVE);

    const other = await scene();
    const verdict = await other.engine.clients.prove(other.asker, { ip: "" });
    if (!verdict.ok) throw new Error(verdict.reason);
    const ahead = { ...verdict.proof, head: (verdict.proof.head + 5) as never };
    const { accessToken } = await other.engine.oauth.issue(ahead, { scopes: [], audience: ISSUER }, { ip: "" });
    expect((await other.ask(accessToken)).text).toBe(INACTIVE);
  });

  it("is for clients with a secret alone", async () => {
    const { arrive, call, asker } = await scene();
    const { got, headers } = await arrive("token");
    const token = got.json.access_token;
    const nobody = [{ form: { token } }, { form: { token, client_id: "coatcheck" } }, { form: { token, client_id: asker.id } }];
    for (const sent of [...nobody, { form: { token }, headers }, { form: { token, ...asker.form, client_secret: "wrong" } }]) {
      const refused = await call("POST", INTROSPECT, sent);
      expect(refused).toMatchObject({ status: 401, json: { error: "invalid_client" } });
      expect(refused.headers.get("www-authenticate")).toContain("Basic");
      expect(refused.text).not.toContain("active");
    }
  });

  it("takes a form by POST alone", async () => {
    const { call, asker } = await scene();
    expect((await call("GET", `${INTROSPECT}?token=abc`, { headers: asker.basic })).status).toBe(405);
    expect((await call("POST", INTROSPECT, { json: { token: "abc" }, headers: asker.basic })).status).toBe(415);
    expect((await call("POST", `${INTROSPECT}?token=abc`, { form: {}, headers: asker.basic })).status).toBe(400);
  });

  it.each(["sessions.find", "feed.since", "users.byId", "clients.byId"])("is 503 with %s away, never inactive", async (away) => {
    const store = memory();
    let isAway = false;
    const cut = (port: "sessions" | "feed" | "users" | "clients") =>
      new Proxy(store[port], {
        get: (target, method) => {
          if (isAway && away === `${port}.${String(method)}`) throw new StoreUnavailable(new Error("cut off"));
          return Reflect.get(target, method) as unknown;
        },
      });
    const ports = { sessions: cut("sessions"), feed: cut("feed"), users: cut("users"), clients: cut("clients") };
    const it = await scene({ store: { ...store, ...(ports as Store) } });
    const { got } = await it.arrive("token");
    isAway = true;
    const refused = await it.ask(got.json.access_token);
    expect(refused).toMatchObject({ status: 503, json: { error: "temporarily_unavailable", code: "store_unavailable" } });
    expect(refused.headers.get("retry-after")).toBe("1");
  });
});
