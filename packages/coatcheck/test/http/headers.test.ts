import { beforeAll, describe, expect, it } from "vitest";
import { COOKIE, EMAIL, ISSUER, openHouse, PASSWORD } from "./support.ts";
import type { Got, House } from "./support.ts";

const FRIEND = "https://app.example.net";

/** One answer of every kind: 2xx, 4xx and 5xx, on every family of routes. */
async function crawl(house: House): Promise<readonly (readonly [string, Got])[]> {
  const { call, arrive } = house;
  const { headers, got: signUp } = await arrive();
  const { refresh_token } = (await call("POST", "/auth/sign-in", { json: { email: EMAIL, password: PASSWORD, carrier: "token" } })).json;
  return [
    ["sign-up 201", signUp],
    ["sign-up 409", await call("POST", "/auth/sign-up", { json: { email: EMAIL, password: PASSWORD } })],
    ["sign-in 401", await call("POST", "/auth/sign-in", { json: { email: EMAIL, password: "wrong" } })],
    ["sign-in 422", await call("POST", "/auth/sign-in", { json: {} })],
    ["sign-in 415", await call("POST", "/auth/sign-in", { body: "x", headers: { "content-type": "text/plain" } })],
    ["sign-in 413", await call("POST", "/auth/sign-in", { body: "x".repeat(70_000), headers: { "content-type": "application/json" } })],
    ["sign-in 403", await call("POST", "/auth/sign-in", { json: {}, headers: { origin: "https://evil.test" } })],
    ["sign-in 400", await call("POST", "/auth/sign-in", { body: "{", headers: { "content-type": "application/json" } })],
    ["me 200", await call("GET", "/auth/me", { headers })],
    ["me 401", await call("GET", "/auth/me")],
    ["me 405", await call("POST", "/auth/me")],
    ["token 200", await call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token } })],
    ["token 400", await call("POST", "/oauth/token", { form: { grant_type: "x" } })],
    ["token 401", await call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token, client_id: "x" } })],
    ["revoke 200", await call("POST", "/oauth/revoke", { form: { token: "x" } })],
    ["404", await call("GET", "/nothing")],
    ["healthz", await call("GET", "/healthz")],
    ["sign-out 204", await call("POST", "/auth/sign-out", { headers })],
  ];
}

describe("every answer", () => {
  let house: House;
  let answers: readonly (readonly [string, Got])[];
  beforeAll(async () => {
    house = await openHouse({ options: { origins: [FRIEND] } });
    answers = await crawl(house);
  });

  it("carries the headers that keep a browser from making more of it", () => {
    for (const [name, { headers }] of answers) {
      expect({ name, ...Object.fromEntries(headers) }).toMatchObject({
        name,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "strict-transport-security": "max-age=63072000; includeSubDomains",
        "cache-control": "no-store",
        vary: "Origin",
      });
      expect(headers.get("server")).toBeNull();
      expect(headers.get("x-powered-by")).toBeNull();
      expect(headers.get("location")).toBeNull();
    }
  });

  it("has a type if it has a body, and none if not", () => {
    for (const [name, { status, headers, text }] of answers) {
      const type = text === "" ? null : status < 400 || name.startsWith("token") ? "application/json" : "application/problem+json";
      expect({ name, type: headers.get("content-type") }).toEqual({ name, type });
    }
  });

  it("sets a cookie only where a credential or its end is handed over, and always by the rules of its prefix", () => {
    const setting = answers.filter(([, { headers }]) => headers.has("set-cookie"));
    expect(setting.map(([name]) => name)).toEqual(["sign-up 201", "sign-out 204"]);
    for (const [, { headers }] of setting) {
      expect(headers.getSetCookie()).toHaveLength(1);
      expect(headers.get("set-cookie")).toMatch(new RegExp(`^${COOKIE}=[\\w-]*; Max-Age=\\d+; Path=/; Secure; HttpOnly; SameSite=Lax$`));
    }
  });

  it("carries WWW-Authenticate if it is 401, and only then", () => {
    for (const [name, { status, headers }] of answers)
      expect({ name, has: headers.has("www-authenticate") }).toEqual({ name, has: status === 401 });
  });

  it("is readable to no other origin unless it is listed", () => {
    for (const [, { headers }] of answers) for (const name of headers.keys()) expect(name).not.toMatch(/^access-control-/);
  });

  it("says no HSTS on plain http", async () => {
    const local = await openHouse({ options: { issuer: "http://localhost:3000" } });
    expect((await local.call("GET", "/healthz")).headers.get("strict-transport-security")).toBeNull();
  });
});

describe("CORS", () => {
  const open = () => openHouse({ options: { origins: [FRIEND] } });
  const preflight = { origin: FRIEND, "access-control-request-method": "DELETE", "access-control-request-headers": "authorization" };

  it("lets a listed origin read, with credentials, refusals too", async () => {
    const { call } = await open();
    for (const path of ["/auth/me", "/oauth/token", "/healthz", "/nothing"]) {
      const { headers } = await call("GET", path, { headers: { origin: FRIEND } });
      expect(headers.get("access-control-allow-origin")).toBe(FRIEND);
      expect(headers.get("access-control-allow-credentials")).toBe("true");
      expect(headers.get("access-control-expose-headers")).toBe("WWW-Authenticate, Retry-After");
    }
  });

  it("answers a preflight of a listed origin", async () => {
    const { call } = await open();
    const got = await call("OPTIONS", "/auth/sessions", { headers: preflight });
    expect(got).toMatchObject({ status: 204, text: "" });
    expect(got.headers.get("access-control-allow-origin")).toBe(FRIEND);
    expect(got.headers.get("access-control-allow-methods")).toBe("GET, HEAD, DELETE");
    expect(got.headers.get("access-control-allow-headers")).toBe("Authorization, Content-Type");
    expect(got.headers.get("vary")).toBe("Origin");
  });

  it.each(["https://evil.test", "null", ISSUER, `${FRIEND}.evil.test`, FRIEND.toUpperCase(), `${FRIEND}/`, ""])(
    "says nothing to %j",
    async (origin) => {
      const { call } = await open();
      for (const [method, headers] of [
        ["OPTIONS", { ...preflight, origin }],
        ["GET", { origin }],
      ] as const) {
        const got = await call(method, "/auth/me", { headers });
        expect(got.status).toBe(method === "OPTIONS" ? 405 : 401);
        expect([...got.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
      }
    },
  );

  it("does not find for a preflight what is not there", async () => {
    const { call } = await open();
    expect((await call("OPTIONS", "/nothing", { headers: preflight })).status).toBe(404);
  });
});
