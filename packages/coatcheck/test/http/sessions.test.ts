import { describe, expect, it } from "vitest";
import { openHouse, PASSWORD, shown } from "./support.ts";

const ALL = "/auth/sessions";

describe("GET /auth/sessions", () => {
  it("shows every live session of this user, both carriers, the latest first, and which one asks", async () => {
    const { arrive, signIn, call, clock } = await openHouse();
    await arrive("cookie", "eve@example.com");
    const first = await arrive();
    clock.advance("5m");
    const second = await signIn("token");
    clock.advance("4m");
    const gone = await signIn("token");
    await call("POST", "/auth/sign-out", { headers: gone.headers });
    const got = await call("GET", ALL, { headers: second.headers });
    expect(got.json.sessions.map(({ sid, carrier, current }) => ({ sid, carrier, current }))).toEqual([
      { sid: second.sid, carrier: "token", current: true },
      { sid: first.sid, carrier: "cookie", current: undefined },
    ]);
    expect(Object.keys(got.json.sessions[1] as object).sort()).toEqual([
      "amr",
      "authTime",
      "carrier",
      "createdAt",
      "device",
      "expiresAt",
      "idleExpiresAt",
      "lastSeenAt",
      "sid",
    ]);
  });
});

describe.each(["cookie", "token"] as const)("DELETE /auth/sessions/{sid} by a %s", (carrier) => {
  const stepUp = {
    cookie: [403, "step_up_required", null],
    token: [401, "insufficient_user_authentication", 'Bearer error="insufficient_user_authentication", max_age="300"'],
  } as const;

  it("ends another one of one's own with a fresh proof", async () => {
    const { arrive, signIn, call } = await openHouse();
    const other = await arrive();
    const mine = await signIn(carrier);
    expect(await call("DELETE", `${ALL}/${other.sid}`, { headers: mine.headers })).toMatchObject({ status: 204, text: "", ticket: null });
    expect((await call("GET", "/auth/me", { headers: other.headers })).status).toBe(401);
    expect((await call("GET", "/auth/me", { headers: mine.headers })).status).toBe(200);
    expect((await call("DELETE", `${ALL}/${other.sid}`, { headers: mine.headers })).status).toBe(404);
  });

  it("wants a fresh proof for that: of the last five minutes, and confirm gives it", async () => {
    const { arrive, signIn, call, clock } = await openHouse();
    const other = await arrive();
    const mine = await signIn(carrier);
    clock.advance("5m");
    const [status, code, challenge] = stepUp[carrier];
    const headers =
      carrier === "cookie"
        ? mine.headers
        : shown(await call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token: mine.got.json.refresh_token } }));
    expect((await call("GET", "/auth/me", { headers })).status).toBe(200);
    clock.advance("1ms");
    for (const path of [`${ALL}/${other.sid}`, `${ALL}/${"A".repeat(22)}`, `${ALL}/nonsense`, `${ALL}?keep=current`]) {
      const got = await call("DELETE", path, { headers });
      expect(got).toMatchObject({ status, json: { code } });
      expect(got.headers.get("www-authenticate")).toBe(challenge);
    }
    const confirmed = await call("POST", "/auth/confirm", { headers, json: { password: PASSWORD } });
    expect((await call("DELETE", `${ALL}/${other.sid}`, { headers: shown(confirmed) })).status).toBe(204);
  });

  it("exactly five minutes old is still fresh", async () => {
    const { arrive, signIn, call, clock } = await openHouse({ options: { accessTtl: "10m" } });
    const other = await arrive();
    const mine = await signIn(carrier);
    clock.advance("5m");
    expect((await call("DELETE", `${ALL}/${other.sid}`, { headers: mine.headers })).status).toBe(204);
  });

  it("ends one's own without any proof, and clears its cookie", async () => {
    const { arrive, call, clock } = await openHouse({ options: { accessTtl: "1h" } });
    const mine = await arrive(carrier);
    clock.advance("30m");
    expect(await call("DELETE", `${ALL}/${mine.sid}`, { headers: mine.headers })).toMatchObject({
      status: 204,
      ticket: carrier === "cookie" ? "" : null,
    });
    expect((await call("GET", "/auth/me", { headers: mine.headers })).status).toBe(401);
  });

  it("is 404 for somebody else's, which lives on, and for what is no sid", async () => {
    const { arrive, signIn, call } = await openHouse();
    const eve = await arrive("cookie", "eve@example.com");
    await arrive();
    const mine = await signIn(carrier);
    for (const sid of [eve.sid, "A".repeat(22), "x", "a.b", mine.sid.toLowerCase().replace(/^./, "_")]) {
      expect(await call("DELETE", `${ALL}/${sid}`, { headers: mine.headers })).toMatchObject({ status: 404, json: { code: "not_found" } });
    }
    expect((await call("GET", "/auth/me", { headers: eve.headers })).status).toBe(200);
  });
});

describe("DELETE /auth/sessions", () => {
  it.each(["cookie", "token"] as const)(
    "by a %s ends all, the asker included, without a fresh proof, and nobody else's",
    async (carrier) => {
      const { arrive, signIn, call, clock, events } = await openHouse({ options: { accessTtl: "1h" } });
      const eve = await arrive("cookie", "eve@example.com");
      const visitors = [await arrive(), await signIn("token"), await signIn(carrier)];
      clock.advance("30m");
      const asker = visitors[2];
      const got = await call("DELETE", ALL, { headers: asker?.headers ?? {} });
      expect(got).toMatchObject({ status: 200, json: { ended: 3 }, ticket: carrier === "cookie" ? "" : null });
      for (const { headers } of visitors) expect((await call("GET", "/auth/me", { headers })).status).toBe(401);
      expect((await call("GET", "/auth/me", { headers: eve.headers })).status).toBe(200);
      expect((await events()).at(-1)).toBe("sessions_ended");
    },
  );

  it("with keep=current spares a cookie's asker", async () => {
    const { arrive, signIn, call } = await openHouse();
    const other = await arrive("token");
    const mine = await signIn("cookie");
    expect(await call("DELETE", `${ALL}?keep=current`, { headers: mine.headers })).toMatchObject({
      status: 200,
      json: { ended: 1 },
      ticket: null,
    });
    expect((await call("GET", "/auth/me", { headers: other.headers })).status).toBe(401);
    expect((await call("GET", "/auth/me", { headers: mine.headers })).status).toBe(200);
  });

  it("with keep=current lets a token's asker refresh and go on", async () => {
    const { arrive, signIn, call } = await openHouse();
    await arrive("cookie");
    const mine = await signIn("token");
    expect(await call("DELETE", `${ALL}?keep=current&wait=true`, { headers: mine.headers })).toMatchObject({
      status: 200,
      json: { ended: 1 },
    });
    const refreshed = await call("POST", "/oauth/token", {
      form: { grant_type: "refresh_token", refresh_token: mine.got.json.refresh_token },
    });
    expect((await call("GET", "/auth/me", { headers: shown(refreshed) })).status).toBe(200);
  });

  it.each(["true", "false"])(
    "takes wait=%s: the answer comes after the commit, which every process sees at its next request",
    async (wait) => {
      const { arrive, call } = await openHouse();
      const { headers } = await arrive();
      expect(await call("DELETE", `${ALL}?wait=${wait}`, { headers })).toMatchObject({ status: 200, json: { ended: 1 } });
    },
  );

  it.each([
    ["a misspelt one, which would have ended everything", "?kep=current", 422, "/kep"],
    ["another value", "?keep=all", 422, "/keep"],
    ["an empty value", "?keep=", 422, "/keep"],
    ["no value", "?wait", 422, "/wait"],
    ["another case", "?KEEP=current", 422, "/KEEP"],
    ["a user of somebody's choice", "?userId=usr_x", 422, "/userId"],
  ])("refuses %s, and ends nothing", async (_, query, status, pointer) => {
    const { arrive, call } = await openHouse();
    const { headers } = await arrive();
    expect(await call("DELETE", `${ALL}${query}`, { headers })).toMatchObject({ status, json: { errors: [{ pointer }] } });
    expect((await call("GET", "/auth/me", { headers })).status).toBe(200);
  });

  it("refuses a parameter that is there twice", async () => {
    const { arrive, call } = await openHouse();
    const { headers } = await arrive();
    expect(await call("DELETE", `${ALL}?keep=current&keep=current`, { headers })).toMatchObject({
      status: 400,
      json: { code: "bad_request" },
    });
  });
});

describe("every call of somebody's", () => {
  const calls = [
    ["GET", "/auth/me"],
    ["GET", ALL],
    ["DELETE", ALL],
    ["DELETE", `${ALL}/${"A".repeat(22)}`],
    ["POST", "/auth/confirm"],
    ["POST", "/auth/password"],
  ] as const;

  it.each(calls)("%s %s is 401 for anonymous callers", async (method, path) => {
    const { call } = await openHouse();
    const got = await call(method, path, method === "POST" ? { json: {} } : {});
    expect(got).toMatchObject({ status: 401, json: { code: "unauthenticated" } });
    expect(got.headers.get("www-authenticate")).toBe("Bearer");
  });

  it.each(calls)("%s %s asks the store: memory alone lets nobody act whose session has ended", async (method, path) => {
    for (const carrier of ["cookie", "token"] as const) {
      const { call, arrive } = await openHouse({
        wrap: ({ engine }) => {
          // A check from memory that has not heard of the end yet.
          const real = engine.carriers[carrier];
          const check = real.check.bind(real);
          const remembered = new Map<string, ReturnType<typeof check>>();
          real.check = (credential, now) => {
            const verdict = remembered.get(credential) ?? check(credential, now);
            remembered.set(credential, verdict);
            return verdict;
          };
          return engine;
        },
      });
      const { headers, sid } = await arrive(carrier);
      expect((await call("GET", "/auth/me", { headers })).status).toBe(200);
      expect((await call("DELETE", `${ALL}/${sid}`, { headers })).status).toBe(204);
      const got = await call(method, path, { headers, ...(method === "POST" ? { json: { password: PASSWORD } } : {}) });
      expect(got).toMatchObject({ status: 401, json: { code: carrier === "cookie" ? "unauthenticated" : "invalid_token" } });
    }
  });
});
