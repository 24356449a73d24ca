import { describe, expect, it } from "vitest";
import { createRoutes } from "../../src/http/index.ts";
import { ISSUER, openHouse, read, request } from "./support.ts";

const METADATA = "/.well-known/oauth-authorization-server";

describe("GET /.well-known/oauth-authorization-server (RFC 8414)", () => {
  it("lists what is there, and nothing else", async () => {
    const { call } = await openHouse();
    const got = await call("GET", METADATA);
    expect(got.status).toBe(200);
    expect(got.headers.get("content-type")).toBe("application/json");
    expect(got.headers.get("cache-control")).toBe("public, max-age=300");
    expect(got.json).toEqual({
      issuer: ISSUER,
      token_endpoint: `${ISSUER}/oauth/token`,
      revocation_endpoint: `${ISSUER}/oauth/revoke`,
      introspection_endpoint: `${ISSUER}/oauth/introspect`,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      coatcheck_changes_endpoint: `${ISSUER}/oauth/changes`,
      grant_types_supported: ["refresh_token", "client_credentials"],
      response_types_supported: [],
      token_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
      revocation_endpoint_auth_methods_supported: ["none", "client_secret_basic", "client_secret_post"],
      introspection_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"],
    });
  });

  it("every endpoint that it lists is there", async () => {
    const { call, routes } = await openHouse();
    const { issuer: _issuer, ...listed } = (await call("GET", METADATA)).json as unknown as Readonly<Record<string, unknown>>;
    const addresses = Object.values(listed).filter((it): it is string => typeof it === "string");
    expect(addresses).toHaveLength(5);
    for (const address of addresses) expect((await routes.fetch(new Request(address))).status).not.toBe(404);
  });

  it.each([
    ["https://id.example.com", undefined, "https://id.example.com", [METADATA]],
    ["https://id.example.com/login", undefined, "https://id.example.com/login", [`${METADATA}/login`, `/login${METADATA}`]],
    ["https://id.example.com/a/b", undefined, "https://id.example.com/a/b", [`${METADATA}/a/b`, `/a/b${METADATA}`]],
    ["https://id.example.com", "/api/login", "https://id.example.com/api/login", [METADATA, `/api/login${METADATA}`]],
    ["https://id.example.com/login", "/api", "https://id.example.com/api", [`${METADATA}/login`, `/login${METADATA}`, `/api${METADATA}`]],
  ] as const)("of the issuer %s, mounted at %s, stands where the standard puts it", async (issuer, basePath, below, places) => {
    const { routes } = await openHouse({ options: { issuer, ...(basePath === undefined ? {} : { basePath }) } });
    for (const place of [
      METADATA,
      `${METADATA}/login`,
      `/login${METADATA}`,
      `${METADATA}/a/b`,
      `/a/b${METADATA}`,
      `/api/login${METADATA}`,
      `/api${METADATA}`,
    ]) {
      const got = await read(await routes.fetch(request("GET", place, {})));
      if ((places as readonly string[]).includes(place)) {
        expect([place, got.json]).toMatchObject([
          place,
          { issuer, token_endpoint: `${below}/oauth/token`, jwks_uri: `${below}/.well-known/jwks.json` },
        ]);
      } else expect([place, got.status]).toEqual([place, 404]);
    }
  });

  it("is among the documents for the root of the host, and goes with the tokens' routes", async () => {
    const { engine, routes } = await openHouse();
    expect((await routes.wellKnown(request("GET", METADATA, {})))?.status).toBe(200);
    const { fetch, wellKnown } = createRoutes(engine, ["sessions"]);
    expect((await fetch(request("GET", METADATA, {}))).status).toBe(404);
    expect(await wellKnown(request("GET", METADATA, {}))).toBeNull();
  });

  it("needs no store", async () => {
    const { call, store } = await openHouse();
    await store.close();
    expect((await call("GET", METADATA)).status).toBe(200);
  });
});
