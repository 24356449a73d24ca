import { describe, expect, it } from "vitest";
import { parseJsonObject } from "../../src/crypto/json.ts";
import { ISSUER, openHouse } from "./support.ts";
import type { Got, Hired, House } from "./support.ts";

const TOKEN = "/oauth/token";
const grant_type = "client_credentials";
const REPORTS = "https://reports.example.com";

const grant = ({ call }: House, { form }: Hired, more: Readonly<Record<string, string>> = {}): Promise<Got> =>
  call("POST", TOKEN, { form: { grant_type, ...form, ...more } });
const bearer = (got: Got): Readonly<Record<string, string>> => ({ authorization: `Bearer ${got.json.access_token}` });
const payloadOf = ({ json }: Got): Readonly<Record<string, unknown>> =>
  parseJsonObject(Buffer.from(json.access_token.split(".")[1] as string, "base64url")) ?? {};

describe("POST /oauth/token, client_credentials", () => {
  it("answers a token of the client's own, and nothing that renews it (RFC 6749 §4.4.3)", async () => {
    const house = await openHouse();
    const client = await house.hire();
    const got = await grant(house, client);
    expect(got.status).toBe(200);
    expect(got.json).toEqual({ access_token: expect.any(String), token_type: "Bearer", expires_in: 300, scope: "read write" });
    expect(got.headers.get("cache-control")).toBe("no-store");
    const header = parseJsonObject(Buffer.from(got.json.access_token.split(".")[0] as string, "base64url"));
    expect(header).toMatchObject({ typ: "at+jwt", alg: "ES256" });
    const { iat, exp, jti, rsq, ...said } = payloadOf(got);
    expect(said).toEqual({ iss: ISSUER, aud: ISSUER, sub: client.id, client_id: client.id, scope: "read write" });
    expect([exp, jti, rsq]).toEqual([(iat as number) + 300, expect.any(String), expect.any(Number)]);
  });

  it("is a principal of its own kind to an application, and no user", async () => {
    const house = await openHouse();
    const client = await house.hire();
    const got = await grant(house, client, { scope: "read" });
    expect(house.routes.check(bearer(got))).toEqual({
      ok: true,
      principal: { kind: "client", clientId: client.id, scopes: ["read"] },
      until: expect.any(Number),
    });
  });

  it.each([
    ["GET", "/auth/me"],
    ["GET", "/auth/sessions"],
    ["DELETE", "/auth/sessions"],
    ["DELETE", `/auth/sessions/${"A".repeat(22)}`],
    ["POST", "/auth/confirm"],
    ["POST", "/auth/password"],
  ])("opens nothing of a person's: %s %s", async (method, path) => {
    const house = await openHouse();
    const got = await grant(house, await house.hire());
    const refused = await house.call(method, path, { headers: bearer(got), ...(method === "POST" ? { json: {} } : {}) });
    expect(refused).toMatchObject({ status: 401, json: { code: "login_required" } });
    expect(refused.headers.get("www-authenticate")).toBe('Bearer error="invalid_token"');
  });

  it("is nothing that sign-out could end", async () => {
    const house = await openHouse();
    const got = await grant(house, await house.hire());
    expect(await house.call("POST", "/auth/sign-out", { headers: bearer(got) })).toMatchObject({
      status: 401,
      json: { code: "invalid_token" },
    });
    expect(house.routes.check(bearer(got))).toMatchObject({ ok: true });
  });

  it.each([
    [["read", "write"], "read", "read"],
    [["read", "write"], "write read write", "write read"],
    [["read", "write"], "", "read write"],
    [[], "", undefined],
  ])("of %j, asked for %j, grants %j", async (scopes, scope, granted) => {
    const house = await openHouse();
    const got = await grant(house, await house.hire({ scopes }), { scope });
    expect(got.json.scope).toBe(granted);
    expect(payloadOf(got)["scope"]).toBe(granted);
  });

  it.each(["admin", "read admin", "read  write", " read", "READ", 'read"', "read\twrite", "re", "readwrite", "__proto__"])(
    "refuses the scope %j, and grants no part of it",
    async (scope) => {
      const house = await openHouse();
      expect(await grant(house, await house.hire(), { scope })).toMatchObject({ status: 400, json: { error: "invalid_scope" } });
    },
  );

  it("is for the resource that was asked for, and for the first audience unless one is (RFC 8707)", async () => {
    const house = await openHouse();
    const client = await house.hire({ audiences: [REPORTS, ISSUER] });
    const [plain, ours] = [await grant(house, client), await grant(house, client, { resource: ISSUER })];
    expect([payloadOf(plain)["aud"], payloadOf(ours)["aud"]]).toEqual([REPORTS, ISSUER]);
    expect(house.routes.check(bearer(plain))).toEqual({ ok: false, reason: "wrong_audience" });
    expect(house.routes.check(bearer(ours))).toMatchObject({ ok: true });
  });

  it.each([ISSUER, `${REPORTS}/`, "https://REPORTS.example.com", "reports", `${REPORTS}#x`])(
    "refuses the resource %j",
    async (resource) => {
      const house = await openHouse();
      const client = await house.hire({ audiences: [REPORTS] });
      expect(await grant(house, client, { resource })).toMatchObject({ status: 400, json: { error: "invalid_target" } });
    },
  );

  it("takes no parameter twice, resource included", async () => {
    const house = await openHouse();
    const { form } = await house.hire();
    for (const twice of ["scope", "resource", "client_id", "client_secret", "grant_type"]) {
      const body = new URLSearchParams([...Object.entries({ grant_type, ...form, scope: "read", resource: ISSUER }), [twice, "read"]]);
      const got = await house.call("POST", TOKEN, {
        body: body.toString(),
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
      expect(got).toMatchObject({ status: 400, json: { error: "invalid_request" } });
    }
  });

  it("makes no token that is too long, with all that a client can be given", async () => {
    const house = await openHouse({ options: { alg: "PS256" } });
    const scopes = Array.from({ length: 20 }, (_, at) => `${at}-`.padEnd(99, "x"));
    const client = await house.hire({ scopes, audiences: [`https://${"x".repeat(247)}`, ISSUER] });
    expect((await grant(house, client)).status).toBe(200);
    expect(house.routes.check(bearer(await grant(house, client, { resource: ISSUER })))).toMatchObject({ ok: true });
  });

  it("writes down which client got what, from where", async () => {
    const house = await openHouse();
    const { form, id } = await house.hire();
    await house.call("POST", TOKEN, { form: { grant_type, ...form, scope: "read" }, peer: { address: "192.0.2.9" } });
    expect(await house.store.audit.list({ event: "client_token_issued" }, 9)).toMatchObject([
      { userId: null, sid: null, ip: "192.0.2.9", carrier: "token", detail: { clientId: id, scopes: ["read"], audience: ISSUER } },
    ]);
  });

  it.each(["removed", "disabled"] as const)("ends at the next request when its client is %s; enabling revives nothing", async (how) => {
    const house = await openHouse();
    const [client, other] = [await house.hire(), await house.hire()];
    const [mine, theirs] = [await grant(house, client), await grant(house, other)];
    const { store, clock } = house;
    await (how === "removed" ? store.clients.remove(client.id, clock.now()) : store.clients.setDisabled(client.id, true, clock.now()));
    expect(house.routes.check(bearer(mine))).toEqual({ ok: false, reason: "ended" });
    expect(house.routes.check(bearer(theirs))).toMatchObject({ ok: true });
    expect(await grant(house, client)).toMatchObject({ status: 401, json: { error: "invalid_client" } });
    if (how === "removed") return;
    await store.clients.setDisabled(client.id, false, clock.now());
    expect(house.routes.check(bearer(mine))).toEqual({ ok: false, reason: "ended" });
    expect(house.routes.check(bearer(await grant(house, client)))).toMatchObject({ ok: true });
  });

  it("a removal while the token is being made ends it", async () => {
    const house = await openHouse();
    const { id, secret } = await house.hire();
    const verdict = await house.engine.clients.prove({ id, secret }, { ip: "" });
    if (!verdict.ok) throw new Error(verdict.reason);
    await house.store.clients.remove(id, house.clock.now());
    const { accessToken } = await house.engine.oauth.issue(verdict.proof, { scopes: [], audience: ISSUER }, { ip: "" });
    expect(house.routes.check({ authorization: `Bearer ${accessToken}` })).toEqual({ ok: false, reason: "ended" });
  });

  it("expires like any access token", async () => {
    const house = await openHouse();
    const got = await grant(house, await house.hire());
    house.clock.advance("5m");
    expect(house.routes.check(bearer(got))).toEqual({ ok: false, reason: "expired" });
  });
});

describe("S8 a refresh token is for its own client alone", () => {
  /** A session that belongs to this client, as one that it logged somebody in with would. */
  async function sessionOf({ engine, store, clock }: House, clientId: Hired["id"]): Promise<string> {
    const now = clock.now();
    const login = { userId: "ada" as never, amr: ["pwd"], rsq: 0 as never, device: { label: "", userAgent: "", ip: "" }, data: null };
    const pending = engine.carriers.token.issue(login, now);
    const { session, head } = await store.sessions.start(
      { ...pending.write, clientId, rsq: (await store.feed.since(0 as never)).head },
      null,
      now,
    );
    const { shown } = pending.reveal({ session, user: { id: "ada", roles: [], disabled: false }, rsq: head }, now);
    if (shown.carrier !== "token") throw new Error("no tokens");
    return shown.refreshToken;
  }

  it("no client, no secret, a wrong one, a disabled one, another client: none gets anything, and nothing rotates or ends", async () => {
    const house = await openHouse({ users: { get: (id) => ({ id, roles: [], disabled: false }) } });
    const { call, hire, events } = house;
    const [own, other] = [await hire(), await hire()];
    const refresh_token = await sessionOf(house, own.id);
    const form = { grant_type: "refresh_token", refresh_token };
    for (const [sent, status, error] of [
      [{ form }, 400, "invalid_grant"],
      [{ form: { ...form, client_id: "coatcheck" } }, 400, "invalid_grant"],
      [{ form: { ...form, client_id: own.id } }, 401, "invalid_client"],
      [{ form: { ...form, ...own.form, client_secret: "wrong" } }, 401, "invalid_client"],
      [{ form: { ...form, ...other.form } }, 400, "invalid_grant"],
      [{ form, headers: other.basic }, 400, "invalid_grant"],
    ] as const)
      expect(await call("POST", TOKEN, sent)).toMatchObject({ status, json: { error } });
    expect((await events()).filter((event) => event === "refresh_by_other_client")).toHaveLength(4);

    const got = await call("POST", TOKEN, { form, headers: own.basic });
    expect(got.status).toBe(200);
    await house.store.clients.setDisabled(own.id, true, house.clock.now());
    const next = { ...form, refresh_token: got.json.refresh_token };
    expect(await call("POST", TOKEN, { form: next, headers: own.basic })).toMatchObject({ status: 401, json: { error: "invalid_client" } });
    expect(house.routes.check(bearer(got))).toEqual({ ok: false, reason: "ended" });
  });

  it("what sign-in gave is the built-in client's, and no other's", async () => {
    const { call, hire, arrive } = await openHouse();
    const [client, { got, headers }] = [await hire(), await arrive("token")];
    const form = { grant_type: "refresh_token", refresh_token: got.json.refresh_token };
    expect(await call("POST", TOKEN, { form, headers: client.basic })).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    expect((await call("GET", "/auth/me", { headers })).status).toBe(200);
    expect((await call("POST", TOKEN, { form })).status).toBe(200);
  });

  it("nor may another client end it (RFC 7009 §2.1)", async () => {
    const house = await openHouse({ users: { get: (id) => ({ id, roles: [], disabled: false }) } });
    const [own, other] = [await house.hire(), await house.hire()];
    const token = await sessionOf(house, own.id);
    for (const headers of [other.basic, {}])
      expect(await house.call("POST", "/oauth/revoke", { form: { token }, headers })).toMatchObject({
        status: 400,
        json: { error: "invalid_grant" },
      });
    expect((await house.call("POST", "/oauth/revoke", { form: { token }, headers: own.basic })).status).toBe(200);
    const form = { grant_type: "refresh_token", refresh_token: token };
    expect(await house.call("POST", TOKEN, { form, headers: own.basic })).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
  });
});

describe("POST /oauth/revoke of a client's own token", () => {
  it("is unsupported_token_type, and it goes on (RFC 7009 §2.2.1)", async () => {
    const house = await openHouse();
    const client = await house.hire();
    const got = await grant(house, client);
    for (const headers of [client.basic, {}]) {
      const refused = await house.call("POST", "/oauth/revoke", { form: { token: got.json.access_token }, headers });
      expect(refused).toMatchObject({ status: 400, json: { error: "unsupported_token_type" } });
    }
    expect(house.routes.check(bearer(got))).toMatchObject({ ok: true });
  });

  it("is 200 for one that nobody made, also for a client with a secret", async () => {
    const { call, hire } = await openHouse();
    const { basic: headers } = await hire();
    expect(await call("POST", "/oauth/revoke", { form: { token: "abc" }, headers })).toMatchObject({ status: 200, text: "" });
  });
});
