import { describe, expect, it } from "vitest";
import { createRoutes } from "../../src/http/index.ts";
import { ISSUER, openHouse, read, request } from "./support.ts";

const house = await openHouse({ options: { origins: ["https://app.example.net"] } });
const { call } = house;

/** Every address with the methods that it knows. */
const ADDRESSES = new Map<string, Set<string>>();
for (const { path, method } of house.routes.table) {
  const known = ADDRESSES.get(path) ?? new Set();
  for (const name of method === "GET" ? ["GET", "HEAD"] : [method]) known.add(name);
  ADDRESSES.set(path, known);
}
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];
const concrete = (path: string): string => path.replace("{sid}", "A".repeat(22));

describe("the table of routes", () => {
  it("is what the contract names, so far", () => {
    expect(house.routes.table.map(({ method, path, credentials }) => `${method} ${path} ${credentials.join(" or ")}`)).toEqual([
      "POST /auth/sign-up nothing",
      "POST /auth/sign-in nothing",
      "POST /auth/confirm cookie or token",
      "POST /auth/password cookie or token",
      "POST /auth/sign-out nothing or cookie or token",
      "GET /auth/me cookie or token",
      "GET /auth/sessions cookie or token",
      "DELETE /auth/sessions/{sid} cookie or token",
      "DELETE /auth/sessions cookie or token",
      "POST /oauth/token nothing or client",
      "POST /oauth/revoke nothing or client",
      "POST /oauth/introspect client",
      "GET /.well-known/jwks.json nothing",
      "GET /.well-known/oauth-authorization-server nothing",
      "GET /oauth/changes client",
      "GET /healthz nothing",
      "GET /readyz nothing",
      "GET /openapi.json nothing",
    ]);
  });

  it("has a schema for every body and query that is read", () => {
    const without = house.routes.table.filter(({ method, body }) => method === "POST" && body === null);
    expect(without).toEqual([]);
  });
});

describe("methods", () => {
  const unknown = [...ADDRESSES].flatMap(([path, known]) =>
    METHODS.filter((method) => !known.has(method)).map((method) => [method, path, [...known].join(", ")] as const),
  );

  it.each(unknown)("%s %s is 405 and hears of %s", async (method, path, allow) => {
    const got = await call(method, concrete(path));
    expect(got.status).toBe(405);
    expect(got.headers.get("allow")).toBe(allow);
    if (method === "HEAD") expect(got.text).toBe("");
    else if (path.startsWith("/oauth/")) expect(got.json).toMatchObject({ error: "invalid_request", code: "method_not_allowed" });
    else expect(got.json).toMatchObject({ code: "method_not_allowed", status: 405 });
  });

  it.each([...ADDRESSES].filter(([, known]) => known.has("HEAD")).map(([path]) => path))(
    "HEAD %s says what GET says, without a body",
    async (path) => {
      const [get, head] = [await call("GET", path), await call("HEAD", path)];
      expect(head.status).toBe(get.status);
      expect([...head.headers]).toEqual([...get.headers]);
      expect(get.text).not.toBe("");
      expect(head.text).toBe("");
    },
  );
});

describe("an address has one spelling", () => {
  it.each([
    "/",
    "/auth",
    "/auth/",
    "/auth/nothing",
    "/AUTH/me",
    "/auth/Me",
    "/auth/me/",
    "//auth/me",
    "/auth//me",
    "/auth/me//",
    "/auth/m%65",
    "/auth%2fme",
    "/auth%2Fme",
    "/auth/me%00",
    "/auth/me%20",
    "/auth/me;x=1",
    "/auth/me.",
    "/auth/%252e/me",
    "/auth/sessions/",
    "/auth/sessions//",
    "/auth/sessions/a/b",
    "/auth/sessions/%41",
    "/auth/sessions/a%2fb",
    "/auth/sessions/{sid}",
    "/healthz/",
    "/.well-known/jwks%2ejson",
    "/.well-known/jwksxjson",
  ])("%s is 404", async (path) => {
    for (const method of ["GET", "POST", "DELETE"]) {
      const got = await call(method, path, { headers: { origin: ISSUER } });
      expect(got.status).toBe(404);
      expect(got.headers.get("content-type")).toBe("application/problem+json");
      expect(got.json).toMatchObject({
        type: `${ISSUER}/errors#not_found`,
        title: "There is nothing here",
        status: 404,
        detail: expect.any(String),
        code: "not_found",
      });
    }
  });

  it("under /oauth/ the error has the form of RFC 6749", async () => {
    expect(await call("POST", "/oauth/nothing")).toMatchObject({ status: 404, json: { error: "invalid_request", code: "not_found" } });
  });

  // A Request has its path cleaned up already; the server tells us what stood on the wire.
  it.each([
    "/auth/./me",
    "/auth/%2e/me",
    "/x/../auth/me",
    "/auth/%2E%2E/auth/me",
    "\\auth\\me",
    "/auth\\me",
    "http://id.example.com/auth/./me",
  ])("%s on the wire is not found, however the URL parser reads it", async (target) => {
    expect(await call("GET", "/auth/me", { peer: { target } })).toMatchObject({ status: 404 });
    expect(
      await call("GET", "/.well-known/jwks.json", { peer: { target: target.replace("auth/me", ".well-known/jwks.json") } }),
    ).toMatchObject({ status: 404 });
  });

  it.each(["/auth/me", "/auth/me?x=/./", "/auth/me?sid=AAAA", "https://id.example.com/auth/me", "http://evil.test/auth/me#x"])(
    "%s on the wire is found",
    async (target) => {
      expect(
        (await call("GET", target.includes("?") ? `/auth/me${target.slice(target.indexOf("?"))}` : "/auth/me", { peer: { target } }))
          .status,
      ).toBe(401);
    },
  );

  it("a sid in the query is ignored, and so is the host", async () => {
    const { headers, sid } = await house.arrive();
    expect((await call("GET", `/auth/me?sid=${sid}&access_token=abc`)).status).toBe(401);
    const answer = await house.routes.fetch(
      new Request("http://evil.test/auth/me", {
        headers: { cookie: headers["cookie"] ?? "", host: "evil.test", "x-forwarded-host": "evil.test" },
      }),
    );
    expect(answer.status).toBe(200);
    const refused = await house.routes.fetch(new Request("http://evil.test/auth/nothing"));
    expect(await refused.json()).toMatchObject({ type: `${ISSUER}/errors#not_found` });
  });
});

describe("operations", () => {
  it("GET /healthz and /readyz are 200 when all is well", async () => {
    expect(await call("GET", "/healthz")).toMatchObject({ status: 200, json: { status: "alive" } });
    expect(await call("GET", "/readyz")).toMatchObject({ status: 200, json: { status: "ready" } });
  });
});

describe("mounted in a host application", () => {
  it("stands under its base path, and the well-known documents where the standards put them", async () => {
    const { routes } = await openHouse({ options: { issuer: `${ISSUER}/login`, basePath: "/api/login" } });
    const statusOf = async (path: string): Promise<number> => (await routes.fetch(request("GET", path, {}))).status;
    expect(await statusOf("/api/login/auth/me")).toBe(401);
    expect(await statusOf("/api/login/healthz")).toBe(200);
    for (const path of ["/auth/me", "/api/login", "/api/login/", "/api/loginauth/me", "/login/auth/me", "/api/login/api/login/auth/me"])
      expect(await statusOf(path)).toBe(404);

    const documents = ["/.well-known/jwks.json", "/.well-known/jwks.json/login", "/login/.well-known/jwks.json"];
    for (const path of [...documents, "/api/login/.well-known/jwks.json"]) expect(await statusOf(path)).toBe(200);
    for (const path of documents) expect((await routes.wellKnown(request("GET", path, {})))?.status).toBe(200);
    expect((await routes.wellKnown(request("POST", "/.well-known/jwks.json", {})))?.status).toBe(405);
    for (const path of ["/api/login/auth/me", "/.well-known/other", "/.well-known/jwks.json/", "/"])
      expect(await routes.wellKnown(request("GET", path, {}))).toBeNull();
  });

  it.each([
    [["sessions"], [401, 404, 404, 200]],
    [["tokens"], [404, 405, 200, 200]],
    [[], [404, 404, 404, 200]],
    [
      ["sessions", "tokens"],
      [401, 405, 200, 200],
    ],
    [undefined, [401, 405, 200, 200]],
  ] as const)("with the routes %j", async (groups, statuses) => {
    const { fetch, wellKnown } = createRoutes(house.engine, groups);
    const paths = ["/auth/me", "/oauth/token", "/.well-known/jwks.json", "/healthz"];
    expect(await Promise.all(paths.map(async (path) => (await fetch(request("GET", path, {}))).status))).toEqual(statuses);
    expect((await wellKnown(request("GET", "/.well-known/jwks.json", {}))) !== null).toBe(statuses[2] === 200);
  });
});

describe("check, from header strings", () => {
  it("answers at once when memory can, for both carriers, and names what nobody is", async () => {
    const { routes, arrive, signIn } = await openHouse();
    const cookie = (await arrive()).headers["cookie"];
    const authorization = (await signIn("token")).headers["authorization"];
    await read(await routes.fetch(request("GET", "/auth/me", { headers: { cookie: cookie ?? "" } })));
    expect(routes.check({ cookie })).toMatchObject({ ok: true, principal: { carrier: "cookie", amr: ["pwd"] } });
    expect(routes.check({ authorization, cookie: null })).toMatchObject({ ok: true, principal: { carrier: "token" } });
    expect(routes.check({})).toEqual({ ok: false, reason: "absent" });
    expect(routes.check({ cookie: `${cookie}; ${cookie}x` })).toEqual({ ok: false, reason: "ambiguous" });
    expect(routes.check({ authorization: "Bearer abc", cookie })).toMatchObject({ ok: false, reason: "malformed" });
  });
});
