import * as oauth from "openid-client";
import { describe, expect, it } from "vitest";
import { ISSUER, openHouse } from "./support.ts";

// A client library that nobody here wrote, strict about every header and member that the standards ask for.
describe("openid-client as a public client", () => {
  it("refreshes, and revokes what it refreshed", async () => {
    const { routes, arrive, call } = await openHouse();
    const { got } = await arrive("token");
    const endpoints = { issuer: ISSUER, token_endpoint: `${ISSUER}/oauth/token`, revocation_endpoint: `${ISSUER}/oauth/revoke` };
    const config = new oauth.Configuration(endpoints, "coatcheck", undefined, oauth.None());
    config[oauth.customFetch] = (url, options) => routes.fetch(new Request(url, options as RequestInit));

    const tokens = await oauth.refreshTokenGrant(config, got.json.refresh_token, { refresh_id: "an_attempt-0000001" });
    expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 300 });
    expect((await call("GET", "/auth/me", { headers: { authorization: `Bearer ${tokens.access_token}` } })).status).toBe(200);

    await oauth.tokenRevocation(config, tokens.refresh_token as string);
    expect((await call("GET", "/auth/me", { headers: { authorization: `Bearer ${tokens.access_token}` } })).status).toBe(401);
    await expect(oauth.refreshTokenGrant(config, tokens.refresh_token as string)).rejects.toMatchObject({
      error: "invalid_grant",
      status: 400,
    });
  });

  it("understands a refusal of its protected call (RFC 6750)", async () => {
    const { routes } = await openHouse();
    const config = new oauth.Configuration({ issuer: ISSUER }, "coatcheck", undefined, oauth.None());
    config[oauth.customFetch] = (url, options) => routes.fetch(new Request(url, options as RequestInit));
    const refused = oauth.fetchProtectedResource(config, "not-a-token", new URL(`${ISSUER}/auth/me`), "GET");
    await expect(refused).rejects.toMatchObject({ cause: [{ scheme: "bearer", parameters: { error: "invalid_token" } }], status: 401 });
  });
});
