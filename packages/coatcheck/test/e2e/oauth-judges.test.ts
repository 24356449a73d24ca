import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addClient } from "../../src/accounts/clients.ts";
import { systemClock } from "../../src/server/clock.ts";
import { systemRandom } from "../../src/server/random.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { openServer } from "../support/server.ts";

// Two client libraries that nobody here wrote, as they come from npm, against a real server: whatever its metadata lists must work with both.

interface Known {
  readonly id: string;
  /** None for the built-in public client. */
  readonly secret?: string;
}

interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly token_type: string;
  readonly expires_in?: number;
  readonly scope?: string;
}

/** What both libraries can do, by the names of the metadata. */
interface Judge {
  readonly metadata: oauth.AuthorizationServer;
  readonly grants: {
    refresh_token(token: string): Promise<Tokens>;
    client_credentials(parameters: Readonly<Record<string, string>>): Promise<Tokens>;
  };
  introspect(token: string): Promise<oauth.IntrospectionResponse>;
  revoke(token: string): Promise<void>;
}

type Method = "none" | "client_secret_basic" | "client_secret_post";

/** Both libraries want https, and have a switch of their own for tests on loopback. */
const insecure = { [oauth.allowInsecureRequests]: true };

const JUDGES: Readonly<Record<string, (issuer: URL, client: Known, method: Method) => Promise<Judge>>> = {
  "openid-client": async (issuer, { id, secret = "" }, method) => {
    const show = {
      none: openid.None,
      client_secret_basic: () => openid.ClientSecretBasic(secret),
      client_secret_post: () => openid.ClientSecretPost(secret),
    };
    const options: openid.DiscoveryRequestOptions = { algorithm: "oauth2", execute: [openid.allowInsecureRequests] };
    const config = await openid.discovery(issuer, id, undefined, show[method](), options);
    return {
      metadata: config.serverMetadata(),
      grants: {
        refresh_token: (token) => openid.refreshTokenGrant(config, token),
        client_credentials: (parameters) => openid.clientCredentialsGrant(config, parameters),
      },
      introspect: (token) => openid.tokenIntrospection(config, token),
      revoke: (token) => openid.tokenRevocation(config, token),
    };
  },

  oauth4webapi: async (issuer, { id, secret = "" }, method) => {
    const show = {
      none: oauth.None,
      client_secret_basic: () => oauth.ClientSecretBasic(secret),
      client_secret_post: () => oauth.ClientSecretPost(secret),
    };
    const [as, client, authentication] = [await metadataOf(issuer), { client_id: id }, show[method]()];
    return {
      metadata: as,
      grants: {
        refresh_token: async (token) =>
          oauth.processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, authentication, token, insecure)),
        client_credentials: async (parameters) =>
          oauth.processClientCredentialsResponse(
            as,
            client,
            await oauth.clientCredentialsGrantRequest(as, client, authentication, parameters, insecure),
          ),
      },
      introspect: async (token) =>
        oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, authentication, token, insecure)),
      revoke: async (token) => oauth.processRevocationResponse(await oauth.revocationRequest(as, client, authentication, token, insecure)),
    };
  },
};

async function metadataOf(issuer: URL): Promise<oauth.AuthorizationServer> {
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...insecure, algorithm: "oauth2" }));
}

const PUBLIC: Known = { id: "coatcheck" };
let server: Awaited<ReturnType<typeof openServer>>;
let issuer: URL;
let client: Known;

beforeAll(async () => {
  server = await openServer();
  issuer = new URL(server.url);
  const store = sqlite(`${server.folder}/data/test.db`);
  await store.open();
  const wanted = { name: "Judge", scopes: ["read", "write"], audiences: [server.url, "https://reports.example.com"] };
  const made = await addClient({ clients: store.clients, clock: systemClock, random: systemRandom }, wanted);
  client = { id: made.client.id, secret: made.secret };
  await store.close();
});
afterAll(() => server.remove());

let people = 0;
/** Somebody's tokens, as sign-up gives them. */
async function signUp(): Promise<{ readonly access_token: string; readonly refresh_token: string }> {
  const body = JSON.stringify({ email: `${++people}@example.com`, password: "violet-otter-harbour-42", carrier: "token" });
  const got = await fetch(`${server.url}/auth/sign-up`, { method: "POST", headers: { "content-type": "application/json" }, body });
  return (await got.json()) as { access_token: string; refresh_token: string };
}

async function me(token: string): Promise<number> {
  return (await fetch(`${server.url}/auth/me`, { headers: { authorization: `Bearer ${token}` } })).status;
}

describe.each(Object.entries(JUDGES))("%s", (_, open) => {
  it("discovers the server, and knows a call for each grant and way of authentication that it lists", async () => {
    const { metadata, grants } = await open(issuer, PUBLIC, "none");
    expect(metadata.issuer).toBe(server.url);
    expect(metadata.grant_types_supported?.toSorted()).toEqual(Object.keys(grants).toSorted());
    for (const endpoint of ["token", "revocation"] as const)
      expect(metadata[`${endpoint}_endpoint_auth_methods_supported`]?.toSorted()).toEqual([
        "client_secret_basic",
        "client_secret_post",
        "none",
      ]);
    expect(metadata.introspection_endpoint_auth_methods_supported?.toSorted()).toEqual(["client_secret_basic", "client_secret_post"]);
  });

  it("as the built-in public client refreshes, and revokes what it refreshed", async () => {
    const { grants, revoke } = await open(issuer, PUBLIC, "none");
    const tokens = await grants.refresh_token((await signUp()).refresh_token);
    expect(tokens).toMatchObject({ token_type: "bearer", expires_in: 300, refresh_token: expect.any(String) });
    expect(await me(tokens.access_token)).toBe(200);
    await revoke(tokens.access_token);
    expect(await me(tokens.access_token)).toBe(401);
    await expect(grants.refresh_token(tokens.refresh_token as string)).rejects.toMatchObject({ error: "invalid_grant", status: 400 });
  });

  describe.each(["client_secret_basic", "client_secret_post"] as const)("with %s", (method) => {
    it("gets a token of its own, which any resource server can verify by RFC 9068", async () => {
      const { metadata, grants } = await open(issuer, client, method);
      const all = await grants.client_credentials({});
      expect(all).toMatchObject({ token_type: "bearer", expires_in: 300, scope: "read write" });
      expect(all).not.toHaveProperty("refresh_token");

      const resource = "https://reports.example.com";
      const { access_token } = await grants.client_credentials({ scope: "read", resource });
      const request = new Request(resource, { headers: { authorization: `Bearer ${access_token}` } });
      const claims = await oauth.validateJwtAccessToken(metadata, request, resource, insecure);
      expect(claims).toMatchObject({ iss: server.url, aud: resource, sub: client.id, client_id: client.id, scope: "read" });
      await expect(oauth.validateJwtAccessToken(metadata, request, server.url, insecure)).rejects.toThrow(/aud/);
    });

    it("introspects a person's tokens and its own, until they end", async () => {
      const { grants, introspect } = await open(issuer, client, method);
      const theirs = await signUp();
      const own = await grants.client_credentials({});
      expect(await introspect(theirs.access_token)).toMatchObject({
        active: true,
        client_id: "coatcheck",
        iss: server.url,
        token_type: "Bearer",
      });
      expect(await introspect(theirs.refresh_token)).toMatchObject({ active: true, client_id: "coatcheck" });
      expect(await introspect(own.access_token)).toMatchObject({ active: true, client_id: client.id, scope: "read write" });
      const authorization = `Bearer ${theirs.access_token}`;
      await fetch(`${server.url}/auth/sign-out`, { method: "POST", headers: { authorization } });
      for (const token of [theirs.access_token, theirs.refresh_token, "made up"])
        expect(await introspect(token)).toEqual({ active: false });
    });

    it("hears that its own token can't be revoked, that another's is not its to revoke, and that an unknown one is gone", async () => {
      const { grants, revoke } = await open(issuer, client, method);
      const own = await grants.client_credentials({});
      await expect(revoke(own.access_token)).rejects.toMatchObject({ error: "unsupported_token_type", status: 400 });
      const theirs = await signUp();
      await expect(revoke(theirs.refresh_token)).rejects.toMatchObject({ error: "invalid_grant", status: 400 });
      await expect(grants.refresh_token(theirs.refresh_token)).rejects.toMatchObject({ error: "invalid_grant", status: 400 });
      expect(await me(theirs.access_token)).toBe(200);
      await revoke("made up");
    });

    it("hears of what it may not have", async () => {
      const { grants } = await open(issuer, client, method);
      await expect(grants.client_credentials({ scope: "admin" })).rejects.toMatchObject({ error: "invalid_scope", status: 400 });
      await expect(grants.client_credentials({ resource: "https://other.example.com" })).rejects.toMatchObject({ error: "invalid_target" });
    });

    it("with a wrong secret hears which schemes there are, everywhere", async () => {
      const { grants, introspect, revoke } = await open(issuer, { ...client, secret: "wrong" }, method);
      for (const call of [() => grants.client_credentials({}), () => grants.refresh_token("x"), () => introspect("x"), () => revoke("x")])
        await expect(call()).rejects.toMatchObject({
          status: 401,
          cause: [{ scheme: "bearer" }, { scheme: "basic", parameters: { realm: "coatcheck" } }],
        });
    });
  });

  it("without a secret may not introspect", async () => {
    const { introspect } = await open(issuer, PUBLIC, "none");
    await expect(introspect((await signUp()).access_token)).rejects.toMatchObject({ status: 401 });
  });
});
