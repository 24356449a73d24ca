import { beforeAll, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { fragileStore } from "../support/fragile.ts";
import { EMAIL, ISSUER, openHouse, PASSWORD, read, request } from "./support.ts";
import type { House, Sent } from "./support.ts";

const sid = "A".repeat(22);
const JSON_BODY = { "content-type": "application/json" };

describe("with the store away", () => {
  let house: House;
  const shows: Record<string, Readonly<Record<string, string>>> = {};
  const secrets: string[] = [];
  beforeAll(async () => {
    const { store, cut } = fragileStore();
    house = await openHouse({ store });
    const cookie = await house.arrive();
    const token = await house.signIn("token");
    Object.assign(shows, { cookie: cookie.headers, token: token.headers });
    secrets.push(token.got.json.refresh_token);
    // Memory knows both by now, and an outage must not make it forget or go on.
    for (const headers of Object.values(shows)) await house.call("GET", "/auth/me", { headers });
    cut();
  });

  const calls: readonly (readonly [string, string, Sent])[] = [
    ["GET", "/auth/me", {}],
    ["GET", "/auth/sessions", {}],
    ["DELETE", "/auth/sessions", {}],
    ["DELETE", "/auth/sessions?keep=current", {}],
    ["DELETE", `/auth/sessions/${sid}`, {}],
    ["POST", "/auth/confirm", { json: { password: PASSWORD } }],
    ["POST", "/auth/password", { json: { current: PASSWORD, new: "a much better password" } }],
    ["POST", "/auth/sign-out", {}],
  ];

  it.each(calls.flatMap(([method, path, sent]) => ["cookie", "token"].map((carrier) => [method, path, carrier, sent] as const)))(
    "%s %s with a %s is 503 and never 401: nobody is logged out by an outage",
    async (method, path, carrier, sent) => {
      const got = await house.call(method, path, { ...sent, headers: { ...shows[carrier] } });
      expect(got).toMatchObject({ status: 503, json: { code: "store_unavailable" } });
      expect(Number(got.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(got.text).not.toContain("10.0.0.5");
      expect(got.ticket).toBe(path === "/auth/sign-out" && carrier === "cookie" ? "" : null);
    },
  );

  it.each(["sign-up", "sign-in"])("POST /auth/%s is 503", async (route) => {
    expect(await house.call("POST", `/auth/${route}`, { json: { email: EMAIL, password: PASSWORD } })).toMatchObject({
      status: 503,
      json: { code: "store_unavailable" },
    });
  });

  it.each([
    ["/oauth/token", () => ({ grant_type: "refresh_token", refresh_token: secrets[0] ?? "" })],
    ["/oauth/revoke", () => ({ token: secrets[0] ?? "" })],
  ])("POST %s is 503 in the form of RFC 6749, and not invalid_grant", async (path, form) => {
    const got = await house.call("POST", path, { form: form() });
    expect(got).toMatchObject({ status: 503, json: { error: "temporarily_unavailable", code: "store_unavailable" } });
    expect(got.headers.get("retry-after")).toBe("1");
  });

  it("GET /readyz is 503, while the process lives and its keys are shown", async () => {
    expect(await house.call("GET", "/readyz")).toMatchObject({ status: 503, json: { code: "store_unavailable" } });
    expect((await house.call("GET", "/healthz")).status).toBe(200);
    expect((await house.call("GET", "/.well-known/jwks.json")).status).toBe(200);
  });

  it("check throws, and never says that somebody is logged out; what was never made is refused all the same", async () => {
    const { cookie, token } = shows;
    await expect(async () => house.routes.check({ cookie: cookie?.["cookie"] })).rejects.toThrow(StoreUnavailable);
    await expect(async () => house.routes.check({ authorization: token?.["authorization"] })).rejects.toThrow(StoreUnavailable);
    expect(house.routes.check({})).toEqual({ ok: false, reason: "absent" });
    expect((await house.call("GET", "/auth/me", { headers: { authorization: "Bearer abc" } })).status).toBe(401);
  });

  it("the log says what to do, where the store knows; the answer does not", async () => {
    const { store, cut } = fragileStore("plug it in again");
    const { call, arrive, log } = await openHouse({ store });
    const { headers } = await arrive();
    cut();
    expect((await call("GET", "/auth/me", { headers })).text).not.toContain("plug");
    expect(log.at(-1)).toMatchObject({ level: "warn", event: "store_unavailable", fields: { mend: "plug it in again" } });
  });

  it("the log says why, one line for each", async () => {
    const before = house.log.length;
    await house.call("GET", "/auth/me", { headers: { ...shows["cookie"] } });
    expect(house.log.slice(before)).toMatchObject([
      { level: "warn", event: "store_unavailable", fields: { route: "/auth/me", cause: { message: "connection refused by 10.0.0.5" } } },
    ]);
  });
});

describe("a fault of our own", () => {
  const broken = (): Promise<House> =>
    openHouse({
      wrap: ({ engine }) => {
        const explode = (): never => {
          throw new TypeError(`hunter2 at ${import.meta.filename}`);
        };
        engine.sessions.list = explode;
        engine.tokens.refresh = explode;
        return engine;
      },
    });

  it("is 500 without a word of what happened, and one line in the log that tells it", async () => {
    const { call, arrive, log } = await broken();
    const { headers } = await arrive();
    const before = log.length;
    const got = await call("GET", "/auth/sessions", { headers });
    expect(got).toMatchObject({ status: 500, json: { code: "internal", title: "Something went wrong inside" } });
    expect(got.text).not.toMatch(/hunter2|\.ts|at /);
    expect(log.slice(before)).toMatchObject([
      { level: "error", event: "internal_error", fields: { route: "/auth/sessions", cause: expect.any(TypeError) } },
    ]);
  });

  it("is server_error under /oauth/", async () => {
    const { call } = await broken();
    const got = await call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token: "x" } });
    expect(got).toMatchObject({ status: 500, json: { error: "server_error", code: "internal" } });
    expect(got.text).not.toContain("hunter2");
  });

  it("logs the pattern of the route and nothing that was sent", async () => {
    const { store, cut } = fragileStore();
    const house = await openHouse({ store });
    const { headers, got } = await house.arrive();
    cut();
    await house.call("DELETE", `/auth/sessions/${"B".repeat(22)}?canary=hunter2`, { headers });
    const lines = JSON.stringify(house.log);
    expect(lines).toContain("/auth/sessions/{sid}");
    for (const secret of ["B".repeat(22), "hunter2", got.ticket ?? "-", PASSWORD]) expect(lines).not.toContain(secret);
  });
});

describe("a body that somebody else has read already", () => {
  it("is a fault of the host application, and is answered all the same", async () => {
    const { routes, log } = await openHouse();
    const used = request("POST", "/auth/sign-in", { json: {}, headers: { ...JSON_BODY, origin: ISSUER } });
    await used.text();
    expect(await read(await routes.fetch(used))).toMatchObject({ status: 500, json: { code: "internal" } });
    expect(log.at(-1)).toMatchObject({ level: "error", event: "internal_error" });
  });
});
