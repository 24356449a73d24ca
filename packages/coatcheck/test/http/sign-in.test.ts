import { describe, expect, it } from "vitest";
import { CAPS } from "../../src/carriers/caps.ts";
import { duration } from "../../src/core/time.ts";
import { COOKIE, EMAIL, ISSUER, openHouse, PASSWORD } from "./support.ts";

const credentials = { email: EMAIL, password: PASSWORD };

describe("POST /auth/sign-up", () => {
  it("answers 201 as sign-in does: a cookie unless told otherwise, and no token in the body", async () => {
    const { call, events } = await openHouse();
    const got = await call("POST", "/auth/sign-up", {
      json: { ...credentials, name: "Ada" },
      headers: { "user-agent": "curl/8.5.0" },
      peer: { address: "192.0.2.1" },
    });
    expect(got.status).toBe(201);
    expect(got.json).toEqual({
      user: {
        id: expect.stringMatching(/^usr_[\w-]{22}$/),
        email: EMAIL,
        name: "Ada",
        roles: [],
        emailVerified: false,
        createdAt: "2026-11-24T08:00:00.000Z",
      },
      session: {
        sid: expect.stringMatching(/^[\w-]{22}$/),
        carrier: "cookie",
        createdAt: "2026-11-24T08:00:00.000Z",
        lastSeenAt: "2026-11-24T08:00:00.000Z",
        authTime: "2026-11-24T08:00:00.000Z",
        expiresAt: "2026-12-24T08:00:00.000Z",
        idleExpiresAt: "2026-12-01T08:00:00.000Z",
        amr: ["pwd"],
        device: { label: "curl", userAgent: "curl/8.5.0", ip: "192.0.2.1" },
      },
    });
    expect(got.headers.get("set-cookie")).toBe(`${COOKIE}=${got.ticket}; Max-Age=2592000; Path=/; Secure; HttpOnly; SameSite=Lax`);
    expect(got.ticket).toHaveLength(75);
    expect(await events()).toEqual(["sign_up", "session_started"]);
  });

  it("gives tokens on demand, and no cookie", async () => {
    const { call } = await openHouse();
    const got = await call("POST", "/auth/sign-up", { json: { ...credentials, carrier: "token" } });
    expect(got).toMatchObject({
      status: 201,
      ticket: null,
      json: { token_type: "Bearer", expires_in: 300, user: { email: EMAIL, name: "" }, session: { carrier: "token" } },
    });
    expect(got.headers.get("set-cookie")).toBeNull();
  });

  it("is 403 where it is closed, whatever is sent", async () => {
    const { call } = await openHouse({ options: { signUp: "closed" } });
    for (const json of [credentials, { nonsense: 1 }])
      expect(await call("POST", "/auth/sign-up", { json })).toMatchObject({ status: 403, json: { code: "sign_up_closed" } });
  });

  it("is 409 for an address that has an account", async () => {
    const { call, arrive } = await openHouse();
    await arrive();
    expect(await call("POST", "/auth/sign-up", { json: credentials })).toMatchObject({
      status: 409,
      json: { code: "email_taken" },
      ticket: null,
    });
  });

  it("is 422 with code weak_password for one that everybody has", async () => {
    const { call } = await openHouse();
    expect(await call("POST", "/auth/sign-up", { json: { email: EMAIL, password: "password123" } })).toMatchObject({
      status: 422,
      json: { code: "weak_password" },
    });
  });
});

describe("POST /auth/sign-in", () => {
  it("gives a cookie unless told otherwise", async () => {
    const { arrive, call } = await openHouse();
    await arrive();
    const got = await call("POST", "/auth/sign-in", { json: credentials });
    expect(got).toMatchObject({ status: 200, json: { user: { email: EMAIL }, session: { carrier: "cookie" } } });
    expect(Object.keys(got.json)).toEqual(["user", "session"]);
    expect(await call("GET", "/auth/me", { headers: { cookie: `${COOKIE}=${got.ticket}` } })).toMatchObject({
      status: 200,
      json: { session: { sid: got.json.session.sid } },
    });
  });

  it("gives the token response of RFC 6749 §5.1 on demand", async () => {
    const { arrive, signIn, call } = await openHouse();
    await arrive();
    const { got, headers, sid } = await signIn("token");
    expect(Object.keys(got.json).sort()).toEqual(["access_token", "expires_in", "refresh_token", "session", "token_type", "user"]);
    expect(got.json).toMatchObject({ token_type: "Bearer", expires_in: 300 });
    expect(got.headers.get("cache-control")).toBe("no-store");
    expect(await call("GET", "/auth/me", { headers })).toMatchObject({ status: 200, json: { session: { sid, carrier: "token" } } });
  });

  it("answers an unknown address, a wrong password and a disabled account alike, in body and headers", async () => {
    const { arrive, call, store, clock, events } = await openHouse();
    const ada = await arrive();
    await arrive("cookie", "eve@example.com");
    const eve = await store.users.byEmail("eve@example.com");
    await store.users.setDisabled(eve?.user.id as never, true, clock.now());
    const answers = await Promise.all(
      [
        { email: "nobody@example.com", password: PASSWORD },
        { email: EMAIL, password: "wrong horse battery" },
        { email: EMAIL, password: "" },
        { email: "eve@example.com", password: PASSWORD },
      ].map((json) => call("POST", "/auth/sign-in", { json })),
    );
    const faces = answers.map(({ status, headers, text }) => JSON.stringify([status, [...headers], text]));
    expect(new Set(faces).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, json: { code: "invalid_credentials" }, ticket: null });
    expect(answers[0]?.headers.get("www-authenticate")).toBe("Bearer");

    const refused = (await store.audit.list({ event: "sign_in_refused" }, 9)).map(({ userId, detail }) => [userId, detail["reason"]]);
    expect(refused).toEqual(
      expect.arrayContaining([
        [null, "unknown"],
        [ada.got.json.user["id"], "wrong"],
        [eve?.user.id, "disabled"],
      ]),
    );
    expect(await events()).not.toContain("sign_in");
  });

  it("ends the session that the sent cookie names", async () => {
    const { arrive, signIn, call } = await openHouse();
    const before = await arrive();
    const after = await signIn("cookie", { headers: before.headers });
    expect(after.sid).not.toBe(before.sid);
    expect((await call("GET", "/auth/me", { headers: before.headers })).status).toBe(401);
    expect(await call("GET", "/auth/sessions", { headers: after.headers })).toMatchObject({
      json: { sessions: [{ sid: after.sid, current: true }] },
    });
  });

  it("leaves the cookie's session alone when the new one goes on a token, or when a bearer token came with it", async () => {
    const { arrive, signIn, call } = await openHouse();
    const inBrowser = await arrive();
    await signIn("token", { headers: inBrowser.headers });
    await signIn("cookie", { headers: { ...inBrowser.headers, authorization: "Bearer junk" } });
    expect((await call("GET", "/auth/sessions", { headers: inBrowser.headers })).json.sessions).toHaveLength(3);
  });

  it.each([
    ["made up", `${COOKIE}=${"A".repeat(75)}`],
    ["of no form", `${COOKIE}=1234`],
    ["empty", `${COOKIE}=`],
    ["two of them", `${COOKIE}=abc; ${COOKIE}=def`],
  ])("never adopts a value that it has not made: %s", async (_, cookie) => {
    const { arrive, signIn } = await openHouse();
    await arrive();
    const { got } = await signIn("cookie", { headers: { cookie, origin: ISSUER } });
    expect(got.ticket).toHaveLength(75);
    expect(cookie).not.toContain(got.ticket);
  });

  it("gives a new sid at every login", async () => {
    const { arrive, signIn } = await openHouse();
    const sids = [(await arrive()).sid, (await signIn()).sid, (await signIn("token")).sid];
    expect(new Set(sids).size).toBe(3);
  });

  it("is 429 with Retry-After after too many wrong passwords, and the trail says so", async () => {
    const { arrive, call, store } = await openHouse();
    await arrive();
    let got = await call("POST", "/auth/sign-in", { json: { email: EMAIL, password: "wrong" } });
    for (let tries = 1; got.status === 401 && tries < 200; tries++)
      got = await call("POST", "/auth/sign-in", { json: { email: EMAIL, password: "wrong" } });
    expect(got).toMatchObject({ status: 429, json: { code: "too_many_requests" } });
    expect(Number(got.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await store.audit.list({ event: "sign_in_refused" }, 1)).toMatchObject([{ detail: { reason: "too_many_requests" } }]);
  });
});

describe("an account that signs in too often", () => {
  async function exhausted() {
    const house = await openHouse();
    const { headers, got } = await house.arrive();
    const { limit, window } = CAPS.starts;
    const rule = { key: `starts:${String(got.json.user["id"])}`, limit, window: duration(window) };
    for (let nth = 1; nth < limit; nth++) await house.store.throttles.count([rule], house.clock.now());
    return { ...house, headers };
  }

  it("is told so with Retry-After, in a code of its own and only with the right password", async () => {
    const { call, clock } = await exhausted();
    const json = { email: EMAIL, password: PASSWORD };
    const got = await call("POST", "/auth/sign-in", { json });
    expect(got).toMatchObject({ status: 429, json: { code: "too_many_sessions" }, ticket: null });
    expect(got.headers.get("retry-after")).toBe("1200");
    expect(await call("POST", "/auth/sign-in", { json: { ...json, password: "wrong" } })).toMatchObject({ status: 401 });
    clock.advance("20m");
    expect(await call("POST", "/auth/sign-in", { json })).toMatchObject({ status: 200 });
  });

  it("can confirm, see its sessions and end them, in every way", async () => {
    const { call, headers } = await exhausted();
    const { ticket } = await call("POST", "/auth/confirm", { headers, json: { password: PASSWORD } });
    const renewed = { ...headers, cookie: `${COOKIE}=${ticket}` };
    expect(await call("GET", "/auth/sessions", { headers: renewed })).toMatchObject({ status: 200 });
    expect(await call("DELETE", "/auth/sessions?keep=current", { headers: renewed })).toMatchObject({ status: 200 });
    expect(await call("DELETE", "/auth/sessions", { headers: renewed })).toMatchObject({ status: 200, json: { ended: 1 } });
  });

  it("can end everything even where it spared itself too often", async () => {
    const { store, clock, arrive, call } = await openHouse();
    const { headers, got } = await arrive();
    const { limit, window } = CAPS.renewals;
    const rule = { key: `renewals:${String(got.json.user["id"])}`, limit, window: duration(window) };
    for (let nth = 0; nth < limit; nth++) await store.throttles.count([rule], clock.now());
    const sparing = await call("DELETE", "/auth/sessions?keep=current", { headers });
    expect(sparing).toMatchObject({ status: 429, json: { code: "too_many_requests" } });
    expect(await call("POST", "/auth/confirm", { headers, json: { password: PASSWORD } })).toMatchObject({ status: 429 });
    expect(await call("DELETE", "/auth/sessions", { headers })).toMatchObject({ status: 200, json: { ended: 1 } });
  });
});

describe("input that breaks the schema", () => {
  const bad: readonly (readonly [string, string, unknown, readonly string[]])[] = [
    ["sign-in", "a field is missing", { email: EMAIL }, ["/password"]],
    ["sign-in", "all of them", {}, ["/email", "/password"]],
    ["sign-in", "a number", { email: EMAIL, password: 12345678 }, ["/password"]],
    ["sign-in", "null", { email: null, password: null }, ["/email", "/password"]],
    ["sign-in", "an array for a text", { email: [EMAIL], password: PASSWORD }, ["/email"]],
    ["sign-in", "no address", { email: "ada", password: PASSWORD }, ["/email"]],
    ["sign-in", "an address that is too long", { email: `${"a".repeat(320)}@example.com`, password: PASSWORD }, ["/email"]],
    ["sign-in", "half a surrogate pair", { email: EMAIL, password: "passw\ud800rd" }, ["/password"]],
    ["sign-in", "a password that is too long", { email: EMAIL, password: "x".repeat(1_025) }, ["/password"]],
    ["sign-in", "another carrier", { ...credentials, carrier: "session" }, ["/carrier"]],
    [
      "sign-in",
      "several unknown fields",
      { ...credentials, role: "admin", remember: true, "a/b~c": 1 },
      ["/role", "/remember", "/a~1b~0c"],
    ],
    ["sign-in", "names of Object's own", { ...credentials, constructor: 1, toString: 1 }, ["/constructor", "/toString"]],
    ["sign-in", "an array", [], [""]],
    ["sign-in", "a text", "hello", [""]],
    ["sign-in", "null alone", null, [""]],
    ["sign-up", "seven characters", { email: EMAIL, password: "1234567" }, ["/password"]],
    [
      "sign-up",
      "mass assignment (CVE-2025-61928)",
      { ...credentials, id: "x", userId: "x", roles: ["admin"], emailVerified: true, tenant: "x" },
      ["/id", "/userId", "/roles", "/emailVerified", "/tenant"],
    ],
    ["sign-up", "a name with control characters", { ...credentials, name: "Ada\r\nBcc: eve" }, ["/name"]],
    ["sign-up", "a name that is too long", { ...credentials, name: "x".repeat(201) }, ["/name"]],
  ];

  it.each(bad)("%s: %s is 422 with each field named", async (route, _, json, pointers) => {
    const { call } = await openHouse();
    const got = await call("POST", `/auth/${route}`, { json });
    expect(got).toMatchObject({ status: 422, json: { code: "invalid_input" } });
    expect(got.json.errors.map(({ pointer }) => pointer).sort()).toEqual([...pointers].sort());
    expect(got.headers.get("content-type")).toBe("application/problem+json");
  });

  it("__proto__ is an unknown field like any other", async () => {
    const { call } = await openHouse();
    const body = `{"email":"${EMAIL}","password":"${PASSWORD}","__proto__":{"roles":["admin"]}}`;
    const got = await call("POST", "/auth/sign-up", { body, headers: { "content-type": "application/json" } });
    expect(got).toMatchObject({ status: 422, json: { errors: [{ pointer: "/__proto__", detail: "is not known here" }] } });
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it("an answer never repeats what was sent, and names at most a hundred fields", async () => {
    const { call } = await openHouse();
    const got = await call("POST", "/auth/sign-in", { json: { email: 4242424242, password: ["hunter2"], carrier: "hunter2" } });
    expect(got.text).not.toMatch(/hunter2|4242/);
    const many = await call("POST", "/auth/sign-in", { json: Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`f${at}`, 1])) });
    expect(many.json.errors).toHaveLength(100);
  });

  it("a password of 1024 characters, of any script, is as good as any", async () => {
    const { call } = await openHouse();
    const password = "🧥".repeat(1_024);
    expect((await call("POST", "/auth/sign-up", { json: { email: EMAIL, password } })).status).toBe(201);
    expect((await call("POST", "/auth/sign-in", { json: { email: EMAIL, password } })).status).toBe(200);
    expect((await call("POST", "/auth/sign-in", { json: { email: EMAIL, password: password.slice(2) } })).status).toBe(401);
  });

  it.each([
    ["no JSON", "{", "application/json", 400, "bad_request"],
    ["a name twice", `{"email":"${EMAIL}","email":"eve@example.com","password":"x"}`, "application/json", 400, "bad_request"],
    ["nothing", "", "application/json", 400, "bad_request"],
    ["nothing at all", "", "", 400, "bad_request"],
    ["text/plain", JSON.stringify(credentials), "text/plain", 415, "unsupported_media_type"],
    ["a form", "email=ada%40example.com&password=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"],
    ["no type", JSON.stringify(credentials), "", 415, "unsupported_media_type"],
    ["too much", JSON.stringify({ ...credentials, x: "x".repeat(70_000) }), "application/json", 413, "too_large"],
  ])("%s is %i", async (_, body, type, status, code) => {
    const { call } = await openHouse();
    expect(await call("POST", "/auth/sign-in", { body, headers: { "content-type": type } })).toMatchObject({ status, json: { code } });
  });
});
