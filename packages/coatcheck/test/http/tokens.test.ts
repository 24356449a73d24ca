import { describe, expect, it } from "vitest";
import { openHouse, shown } from "./support.ts";
import type { House } from "./support.ts";

const TOKEN = "/oauth/token";
const REVOKE = "/oauth/revoke";
const basic = (text: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });

async function withTokens(
  options: Parameters<typeof openHouse>[0] = {},
): Promise<House & { readonly refreshToken: string; readonly headers: Readonly<Record<string, string>> }> {
  const house = await openHouse(options);
  const { got, headers } = await house.arrive("token");
  return { ...house, headers, refreshToken: got.json.refresh_token };
}

describe("POST /oauth/token, refresh_token", () => {
  it("answers the token response of RFC 6749 §5.1 and nothing else, not to be kept", async () => {
    const { call, refreshToken } = await withTokens();
    const got = await call("POST", TOKEN, { form: { grant_type: "refresh_token", refresh_token: refreshToken } });
    expect(got.status).toBe(200);
    expect(got.json).toEqual({
      access_token: expect.any(String),
      token_type: "Bearer",
      expires_in: 300,
      refresh_token: expect.any(String),
    });
    expect(got.json.refresh_token).not.toBe(refreshToken);
    expect(got.headers.get("cache-control")).toBe("no-store");
    expect(got.headers.get("pragma")).toBe("no-cache");
    expect(got.headers.get("content-type")).toBe("application/json");
    expect((await call("GET", "/auth/me", { headers: shown(got) })).status).toBe(200);
  });

  it("takes the same refresh_id on every retry of one attempt, long after the grace", async () => {
    const { call, clock, refreshToken } = await withTokens();
    const form = { grant_type: "refresh_token", refresh_token: refreshToken, refresh_id: "an_attempt-0000001" };
    const first = await call("POST", TOKEN, { form });
    clock.advance("5m");
    expect(await call("POST", TOKEN, { form })).toMatchObject({ status: 200, json: { refresh_token: first.json.refresh_token } });
  });

  it("reuse after the grace is invalid_grant, and ends the session", async () => {
    const { call, clock, refreshToken, events } = await withTokens();
    const form = { grant_type: "refresh_token", refresh_token: refreshToken };
    const got = await call("POST", TOKEN, { form });
    clock.advance("11s");
    expect(await call("POST", TOKEN, { form })).toMatchObject({ status: 400, json: { error: "invalid_grant" } });
    expect((await call("GET", "/auth/me", { headers: shown(got) })).status).toBe(401);
    expect(await call("POST", TOKEN, { form: { ...form, refresh_token: got.json.refresh_token } })).toMatchObject({
      status: 400,
      json: { error: "invalid_grant" },
    });
    expect(await events()).toContain("refresh_reused");
  });

  it("too many replays are 429 with Retry-After, and nobody is logged out for it", async () => {
    const { call, refreshToken } = await withTokens();
    const form = { grant_type: "refresh_token", refresh_token: refreshToken };
    let got = await call("POST", TOKEN, { form });
    const newest = got.json.refresh_token;
    for (let tries = 0; got.status === 200 && tries < 50; tries++) got = await call("POST", TOKEN, { form });
    expect(got).toMatchObject({ status: 429, json: { error: "temporarily_unavailable", code: "too_many_requests" } });
    expect(got.headers.get("retry-after")).toBe("1");
    expect((await call("POST", TOKEN, { form: { ...form, refresh_token: newest } })).status).toBe(200);
  });

  it.each([
    ["no grant", {}, 400, "invalid_request"],
    ["an empty grant", { grant_type: "" }, 400, "invalid_request"],
    ["the password grant", { grant_type: "password", username: "a", password: "b" }, 400, "unsupported_grant_type"],
    ["a grant of a later issue", { grant_type: "authorization_code" }, 400, "unsupported_grant_type"],
    ["client_credentials without a client", { grant_type: "client_credentials" }, 401, "invalid_client"],
    ["client_credentials for the public client", { grant_type: "client_credentials", client_id: "coatcheck" }, 401, "invalid_client"],
    ["a grant that is a name of Object's own", { grant_type: "constructor" }, 400, "unsupported_grant_type"],
    ["no token", { grant_type: "refresh_token" }, 400, "invalid_request"],
    ["an empty token", { grant_type: "refresh_token", refresh_token: "" }, 400, "invalid_request"],
    ["a token that is made up", { grant_type: "refresh_token", refresh_token: "abc" }, 400, "invalid_grant"],
    ["a short refresh_id", { grant_type: "refresh_token", refresh_token: "abc", refresh_id: "short" }, 400, "invalid_request"],
    ["a long refresh_id", { grant_type: "refresh_token", refresh_token: "abc", refresh_id: "x".repeat(65) }, 400, "invalid_request"],
    [
      "a refresh_id of other characters",
      { grant_type: "refresh_token", refresh_token: "abc", refresh_id: "x".repeat(20) + "=" },
      400,
      "invalid_request",
    ],
    ["another client", { grant_type: "refresh_token", refresh_token: "abc", client_id: "somebody" }, 401, "invalid_client"],
    [
      "a secret for the client that has none",
      { grant_type: "refresh_token", refresh_token: "abc", client_id: "coatcheck", client_secret: "x" },
      401,
      "invalid_client",
    ],
    [
      "another resource",
      { grant_type: "refresh_token", refresh_token: "abc", resource: "https://other.example.com" },
      400,
      "invalid_target",
    ],
    ["a scope", { grant_type: "refresh_token", refresh_token: "abc", scope: "admin" }, 400, "invalid_scope"],
  ])("%s", async (_, form, status, error) => {
    const { call } = await openHouse();
    const got = await call("POST", TOKEN, { form });
    expect(got).toMatchObject({ status, json: { error, error_description: expect.any(String) } });
    expect(got.headers.get("www-authenticate")).toBe(status === 401 ? 'Bearer, Basic realm="coatcheck"' : null);
    expect(got.headers.get("cache-control")).toBe("no-store");
  });

  it("an access token is no refresh token", async () => {
    const { call, headers } = await withTokens();
    const refresh_token = (headers["authorization"] ?? "").slice("Bearer ".length);
    expect(await call("POST", TOKEN, { form: { grant_type: "refresh_token", refresh_token } })).toMatchObject({
      status: 400,
      json: { error: "invalid_grant" },
    });
  });

  it("the built-in client may say its name, in the form or by Basic, and needs not; unknown parameters are ignored", async () => {
    const { call, refreshToken } = await withTokens();
    let refresh_token = refreshToken;
    for (const [headers, extra] of [
      [{}, { client_id: "coatcheck" }],
      [basic("coatcheck:"), {}],
      [basic("coatcheck:"), { client_id: "coatcheck" }],
      [{}, { state: "x", client_id: "", scope: "" }],
    ] as const) {
      const got = await call("POST", TOKEN, { headers, form: { grant_type: "refresh_token", refresh_token, ...extra } });
      expect(got.status).toBe(200);
      refresh_token = got.json.refresh_token;
    }
  });

  it.each(["coatcheck:secret", "somebody:", "somebody:secret", ""])(
    "another client by Basic (%j) hears of the scheme that it tried (RFC 6749 §5.2)",
    async (pair) => {
      const { call, refreshToken } = await withTokens();
      const got = await call("POST", TOKEN, { headers: basic(pair), form: { grant_type: "refresh_token", refresh_token: refreshToken } });
      expect(got).toMatchObject({ status: 401, json: { error: "invalid_client" } });
      expect(got.headers.get("www-authenticate")).toBe('Bearer, Basic realm="coatcheck"');
    },
  );

  it.each([
    [
      "a parameter twice",
      "grant_type=refresh_token&grant_type=refresh_token",
      "application/x-www-form-urlencoded",
      400,
      "invalid_request",
      undefined,
    ],
    ["JSON", '{"grant_type":"refresh_token"}', "application/json", 415, "invalid_request", "unsupported_media_type"],
    ["no type", "grant_type=refresh_token", "", 415, "invalid_request", "unsupported_media_type"],
    ["too much", `grant_type=${"x".repeat(70_000)}`, "application/x-www-form-urlencoded", 413, "invalid_request", "too_large"],
    ["nothing", "", "application/x-www-form-urlencoded", 400, "invalid_request", undefined],
  ])("%s", async (_, body, type, status, error, code) => {
    const { call } = await openHouse();
    const got = await call("POST", TOKEN, { body, headers: { "content-type": type } });
    expect(got).toMatchObject({ status, json: { error } });
    expect(got.json.code).toBe(code);
  });
});

describe("POST /oauth/revoke", () => {
  it.each(["access_token", "refresh_token"] as const)("ends the session of its %s", async (kind) => {
    const { arrive, call, store } = await openHouse();
    const { got, headers, sid } = await arrive("token");
    expect(await call("POST", REVOKE, { form: { token: got.json[kind], token_type_hint: "nonsense" } })).toMatchObject({
      status: 200,
      text: "",
    });
    expect((await call("GET", "/auth/me", { headers })).status).toBe(401);
    expect(await store.audit.list({ event: "session_ended" }, 9)).toMatchObject([{ sid, detail: { why: "revoked" } }]);
  });

  it("ends it however old the access token is", async () => {
    const { call, clock, headers, refreshToken } = await withTokens();
    clock.advance("1d");
    expect((await call("POST", REVOKE, { form: { token: (headers["authorization"] ?? "").slice(7) } })).status).toBe(200);
    expect(await call("POST", TOKEN, { form: { grant_type: "refresh_token", refresh_token: refreshToken } })).toMatchObject({
      status: 400,
      json: { error: "invalid_grant" },
    });
  });

  it.each(["abc", "a.b.c", "x".repeat(10_000), "\u0000"])("is 200 for what is no token of ours: %j", async (token) => {
    const { call } = await openHouse();
    expect(await call("POST", REVOKE, { form: { token } })).toMatchObject({ status: 200, text: "" });
  });

  it("is 200 the second time too", async () => {
    const { call, refreshToken } = await withTokens();
    for (let time = 0; time < 2; time++) expect((await call("POST", REVOKE, { form: { token: refreshToken } })).status).toBe(200);
  });

  it.each([
    ["no token", {}, 400, "invalid_request"],
    ["another client", { token: "abc", client_id: "somebody" }, 401, "invalid_client"],
  ])("%s", async (_, form, status, error) => {
    const { call } = await openHouse();
    expect(await call("POST", REVOKE, { form })).toMatchObject({ status, json: { error } });
  });

  it("ends nothing for a client that is not ours", async () => {
    const { call, refreshToken, headers } = await withTokens();
    expect((await call("POST", REVOKE, { form: { token: refreshToken, client_id: "somebody" } })).status).toBe(401);
    expect((await call("GET", "/auth/me", { headers })).status).toBe(200);
  });
});

describe("GET /.well-known/jwks.json", () => {
  it("shows public keys alone, for five minutes, to anybody", async () => {
    const { call } = await openHouse();
    const got = await call("GET", "/.well-known/jwks.json");
    expect(got.status).toBe(200);
    expect(got.headers.get("cache-control")).toBe("public, max-age=300");
    expect(got.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(got.headers.get("content-type")).toBe("application/jwk-set+json");
    expect(got.json.keys).toHaveLength(1);
    expect(got.json.keys[0]).toMatchObject({ kty: "EC", crv: "P-256", use: "sig", alg: "ES256", kid: expect.any(String) });
    for (const secret of ["d", "p", "q", "k"]) expect(got.json.keys[0]).not.toHaveProperty(secret);
  });
});

describe("what comes later is not there yet", () => {
  it.each([
    ["GET", "/oauth/authorize"],
    ["GET", "/.well-known/openid-configuration"],
    ["GET", "/metrics"],
  ])("%s %s", async (method, path) => {
    const { call } = await openHouse();
    expect((await call(method, path)).status).toBe(404);
  });
});
