import { describe, expect, it } from "vitest";
import type { UserId } from "../../src/core/ids.ts";
import type { SessionRecord } from "../../src/core/session.ts";
import { COOKIE, EMAIL, ISSUER, openHouse, PASSWORD, shown } from "./support.ts";

const ME = "/auth/me";
const NEXT = "a much better password";

describe("who is logged in", () => {
  it.each(["cookie", "token"] as const)("GET /auth/me shows user and session for a %s, and no secret", async (carrier) => {
    const { arrive, call, store } = await openHouse();
    const { headers, got: signedUp, sid } = await arrive(carrier);
    const got = await call("GET", ME, { headers });
    expect(got.status).toBe(200);
    expect(got.json).toEqual({ user: signedUp.json.user, session: signedUp.json.session });
    const record = (await store.sessions.find(sid as never))?.session;
    const hidden = [record?.salt, record?.secretHash].flatMap((it) =>
      it == null ? [] : [Buffer.from(it).toString("hex"), Buffer.from(it).toString("base64url")],
    );
    const secrets = [...hidden, signedUp.ticket, signedUp.json.access_token, signedUp.json.refresh_token].filter((it) => it != null);
    expect(secrets.length).toBeGreaterThan(3);
    for (const secret of secrets) expect(got.text).not.toContain(secret);
  });

  it.each([
    ["nothing", {}, "unauthenticated", "Bearer"],
    ["a cookie that is made up", { cookie: `${COOKIE}=${"A".repeat(75)}` }, "unauthenticated", "Bearer"],
    ["two cookies", { cookie: `${COOKIE}=a; ${COOKIE}=b` }, "unauthenticated", "Bearer"],
    ["another scheme", { authorization: "Basic abc" }, "unauthenticated", "Bearer"],
    ["a token that is made up", { authorization: "Bearer abc" }, "invalid_token", 'Bearer error="invalid_token"'],
    ["an empty token", { authorization: "Bearer " }, "invalid_token", 'Bearer error="invalid_token"'],
  ])("is 401 for %s", async (_, headers, code, challenge) => {
    const { call } = await openHouse();
    const got = await call("GET", ME, { headers });
    expect(got).toMatchObject({ status: 401, json: { code }, ticket: null });
    expect(got.headers.get("www-authenticate")).toBe(challenge);
  });

  it("a bearer token that does not hold is never helped by the cookie beside it", async () => {
    const { arrive, call } = await openHouse();
    const { headers } = await arrive();
    expect((await call("GET", ME, { headers: { ...headers, authorization: "Bearer abc" } })).status).toBe(401);
  });

  it("two cookies are an event in the trail", async () => {
    const { call, store } = await openHouse();
    await call("GET", ME, { headers: { cookie: `${COOKIE}=a; ${COOKIE}=b` }, peer: { address: "::ffff:192.0.2.1" } });
    expect(await store.audit.list({ event: "ambiguous_cookie" }, 9)).toMatchObject([
      { event: "ambiguous_cookie", ip: "192.0.2.1", userId: null },
    ]);
  });

  it("a changed role makes a token stale_claims, which is invalid_token outside", async () => {
    const { arrive, call, store, clock } = await openHouse();
    const { headers, got } = await arrive("token");
    await store.users.setRoles(got.json.user["id"] as UserId, ["admin"], clock.now());
    const stale = await call("GET", ME, { headers });
    expect(stale).toMatchObject({ status: 401, json: { code: "stale_claims" } });
    expect(stale.headers.get("www-authenticate")).toBe('Bearer error="invalid_token"');
  });

  it("a changed role shows at once for a cookie", async () => {
    const { arrive, call, store, clock } = await openHouse();
    const { headers, got } = await arrive();
    await store.users.setRoles(got.json.user["id"] as UserId, ["admin"], clock.now());
    expect(await call("GET", ME, { headers })).toMatchObject({ status: 200, json: { user: { roles: ["admin"] } } });
  });

  it.each(["cookie", "token"] as const)("a disabled user's %s is 401 at once", async (carrier) => {
    const { arrive, call, store, clock } = await openHouse();
    const { headers, got } = await arrive(carrier);
    await store.users.setDisabled(got.json.user["id"] as UserId, true, clock.now());
    expect((await call("GET", ME, { headers })).status).toBe(401);
  });

  it.each(["cookie", "token"] as const)("an idle %s is 401, and the 401 does not clear the cookie", async (carrier) => {
    const { arrive, call, clock } = await openHouse();
    const { headers } = await arrive(carrier);
    clock.advance("8d");
    expect(await call("GET", ME, { headers })).toMatchObject({ status: 401, ticket: null });
  });
});

describe("POST /auth/confirm", () => {
  it("gives a cookie's session a new secret: same sid, auth_time now, the old secret dead", async () => {
    const { arrive, call, clock, events } = await openHouse();
    const { headers, sid } = await arrive();
    clock.advance("1h");
    const got = await call("POST", "/auth/confirm", { headers, json: { password: PASSWORD } });
    expect(got.status).toBe(200);
    expect(Object.keys(got.json)).toEqual(["session"]);
    expect(got.json.session).toMatchObject({ sid, authTime: "2026-11-24T09:00:00.000Z" });
    expect(got.headers.get("set-cookie")).toContain(`Max-Age=${30 * 86_400 - 3_600};`);
    expect((await call("GET", ME, { headers })).status).toBe(401);
    expect((await call("GET", ME, { headers: shown(got) })).status).toBe(200);
    expect(await events()).toEqual(["sign_up", "session_started", "session_confirmed"]);
  });

  it("gives a token's session new tokens in the answer", async () => {
    const { arrive, call } = await openHouse();
    const { headers, sid } = await arrive("token");
    const got = await call("POST", "/auth/confirm", { headers, json: { password: PASSWORD } });
    expect(got).toMatchObject({ status: 200, ticket: null, json: { token_type: "Bearer", expires_in: 300, session: { sid } } });
    expect((await call("GET", ME, { headers })).status).toBe(401);
    expect((await call("GET", ME, { headers: shown(got) })).status).toBe(200);
  });

  it("is 401 for a wrong password, changes nothing, and is in the trail", async () => {
    const { arrive, call, store } = await openHouse();
    const { headers, sid } = await arrive();
    const got = await call("POST", "/auth/confirm", { headers, json: { password: "wrong" } });
    expect(got).toMatchObject({ status: 401, json: { code: "invalid_credentials" }, ticket: null });
    expect((await call("GET", ME, { headers })).status).toBe(200);
    expect(await store.audit.list({ event: "confirm_refused" }, 9)).toMatchObject([
      { sid, carrier: "cookie", detail: { reason: "wrong" } },
    ]);
  });

  it("reads nothing of the body before somebody is logged in", async () => {
    const { call } = await openHouse();
    expect((await call("POST", "/auth/confirm", { body: "{", headers: { "content-type": "text/plain" } })).status).toBe(401);
  });

  it.each([{}, { password: 1 }, { password: PASSWORD, userId: "x" }])("is 422 for %j", async (json) => {
    const { arrive, call } = await openHouse();
    const { headers } = await arrive();
    expect((await call("POST", "/auth/confirm", { headers, json })).status).toBe(422);
  });
});

describe("POST /auth/password", () => {
  it.each(["cookie", "token"] as const)(
    "changes it for a %s, ends every other session and gives the asker a new credential",
    async (carrier) => {
      const { arrive, signIn, call } = await openHouse();
      const other = await arrive();
      const mine = await signIn(carrier);
      const got = await call("POST", "/auth/password", { headers: mine.headers, json: { current: PASSWORD, new: NEXT } });
      expect(got).toMatchObject({ status: 200, json: { session: { sid: mine.sid, carrier } } });
      for (const dead of [other.headers, mine.headers]) expect((await call("GET", ME, { headers: dead })).status).toBe(401);
      expect((await call("GET", ME, { headers: shown(got) })).status).toBe(200);
      expect((await call("POST", "/auth/sign-in", { json: { email: EMAIL, password: PASSWORD } })).status).toBe(401);
      expect((await call("POST", "/auth/sign-in", { json: { email: EMAIL, password: NEXT } })).status).toBe(200);
    },
  );

  it("is 401 if current is wrong, and is in the trail", async () => {
    const { arrive, call, events } = await openHouse();
    const { headers } = await arrive();
    expect(await call("POST", "/auth/password", { headers, json: { current: "wrong", new: NEXT } })).toMatchObject({
      status: 401,
      json: { code: "invalid_credentials" },
    });
    expect(await events()).toContain("password_change_refused");
  });

  it.each([
    ["invalid_input", { current: PASSWORD, new: "1234567" }, "/new"],
    ["invalid_input", { current: PASSWORD }, "/new"],
    ["invalid_input", { current: PASSWORD, new: NEXT, userId: "x" }, "/userId"],
  ])("is 422 %s for %j", async (code, json, pointer) => {
    const { arrive, call } = await openHouse();
    const { headers } = await arrive();
    expect(await call("POST", "/auth/password", { headers, json })).toMatchObject({ status: 422, json: { code, errors: [{ pointer }] } });
  });

  it("is 422 weak_password for one that is easy to guess", async () => {
    const { arrive, call } = await openHouse();
    const { headers } = await arrive();
    expect(await call("POST", "/auth/password", { headers, json: { current: PASSWORD, new: "password123" } })).toMatchObject({
      status: 422,
      json: { code: "weak_password" },
    });
  });

  it("of two at once one wins, and for the other one current is wrong by now", async () => {
    const { arrive, call } = await openHouse();
    const { headers } = await arrive();
    const change = (next: string) => call("POST", "/auth/password", { headers, json: { current: PASSWORD, new: next } });
    const answers = await Promise.all([change(NEXT), change("another good password")]);
    expect(answers.map(({ status, json }) => json.code ?? status).sort()).toEqual([200, "invalid_credentials"]);
  });
});

describe("a session that ends while its call runs", () => {
  it.each([
    ["/auth/confirm", { password: PASSWORD }, "cookie", "unauthenticated"],
    ["/auth/confirm", { password: PASSWORD }, "token", "invalid_token"],
    ["/auth/password", { current: PASSWORD, new: NEXT }, "cookie", "unauthenticated"],
    ["/auth/password", { current: PASSWORD, new: NEXT }, "token", "invalid_token"],
  ] as const)("POST %s %j with a %s is 401 %s and hands no credential over", async (path, json, carrier, code) => {
    const house = await openHouse({
      wrap: ({ engine }) => {
        const { sessions } = engine;
        for (const name of ["confirm", "changePassword"] as const) {
          const renew = (sessions[name] as (...args: unknown[]) => Promise<never>).bind(sessions);
          sessions[name] = async (session: SessionRecord, ...rest: unknown[]) => {
            await sessions.end({ sid: session.sid }, { ip: "", why: "ended_by_application" });
            return renew(session, ...rest);
          };
        }
        return engine;
      },
    });
    const { headers } = await house.arrive(carrier);
    const got = await house.call("POST", path, { headers, json });
    expect(got).toMatchObject({ status: 401, json: { code }, ticket: null });
    expect(got.text).not.toContain("access_token");
    if (path === "/auth/password")
      expect((await house.call("POST", "/auth/sign-in", { json: { email: EMAIL, password: PASSWORD } })).status).toBe(200);
  });
});

describe("an application with users of its own", () => {
  const users = {
    get: (id: UserId) =>
      id === "u1" ? { id, roles: ["member"], disabled: false, profile: { name: "Ada", id: "evil", roles: ["admin"] } } : null,
  };

  it.each(["sign-up", "sign-in", "confirm", "password"])("has no /auth/%s", async (route) => {
    const { call } = await openHouse({ users });
    expect(await call("POST", `/auth/${route}`, { json: {} })).toMatchObject({ status: 404, json: { code: "not_found" } });
  });

  it("sees its profile in /auth/me, and no profile changes id or roles", async () => {
    const { call, engine, routes } = await openHouse({ users });
    const user = { id: "u1" as UserId, roles: ["member"], disabled: false };
    const device = { label: "", userAgent: "", ip: "" };
    const { shown: carried } = await engine.sessions.start({
      user,
      rsq: 0 as never,
      amr: ["hwk"],
      carrier: "cookie",
      device,
      data: null,
      replaces: null,
    });
    const headers = { cookie: routes.hand(carried).setCookie?.split(";", 1)[0] as string, origin: ISSUER };
    expect(await call("GET", ME, { headers })).toMatchObject({
      status: 200,
      json: { user: { id: "u1", name: "Ada", roles: ["member"] }, session: { amr: ["hwk"] } },
    });
    expect((await call("POST", "/auth/sign-out", { headers })).status).toBe(204);
  });
});
