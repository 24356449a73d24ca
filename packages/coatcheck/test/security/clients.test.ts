import { describe, expect, it } from "vitest";
import { basic, openHouse, shown } from "../http/support.ts";
import type { Sent } from "../http/support.ts";

const TOKEN = "/oauth/token";

describe("S8 a grant without the client's own proof (GHSA-pw9m-5jxm-xr6h)", () => {
  it("no secret, a wrong one, another client's, a disabled or a removed client: no token, no introspection", async () => {
    const { call, hire, store, clock } = await openHouse();
    const [client, other, off, gone] = [await hire(), await hire(), await hire(), await hire()];
    await store.clients.setDisabled(off.id, true, clock.now());
    await store.clients.remove(gone.id, clock.now());
    const asking: readonly Sent[] = [
      {},
      { form: { client_id: client.id } },
      { form: { client_id: client.id, client_secret: "" } },
      { form: { client_id: client.id, client_secret: "wrong" } },
      { form: { client_id: client.id, client_secret: other.secret } },
      { form: { client_id: other.id, client_secret: client.secret } },
      { form: { client_id: "coatcheck" } },
      { form: { client_id: "coatcheck", client_secret: client.secret } },
      { headers: basic(client.id, "") },
      { headers: basic(client.id, other.secret) },
      { headers: basic("coatcheck", "") },
      { headers: { authorization: `Bearer ${client.secret}` } },
      { headers: { cookie: `client_id=${client.id}; client_secret=${client.secret}` } },
      { form: off.form },
      { headers: off.basic },
      { form: gone.form },
    ];
    for (const { headers = {}, form = {} } of asking) {
      const granted = await call("POST", TOKEN, { headers, form: { ...form, grant_type: "client_credentials" } });
      expect(granted.json.access_token, JSON.stringify({ headers, form })).toBeUndefined();
      expect([400, 401, 403], JSON.stringify({ headers, form })).toContain(granted.status);
      const asked = await call("POST", "/oauth/introspect", { headers, form: { ...form, token: "x" } });
      expect([400, 401, 403], JSON.stringify({ headers, form })).toContain(asked.status);
      expect(asked.text).not.toContain("active");
    }
    const own = await call("POST", TOKEN, { form: { ...client.form, grant_type: "client_credentials" } });
    expect(own.status).toBe(200);
  });

  it("a refresh token is its own client's: shown by another, it yields nothing and ends nothing", async () => {
    const house = await openHouse();
    const { got } = await house.arrive("token");
    const thief = await house.hire();
    const refresh = { grant_type: "refresh_token", refresh_token: got.json.refresh_token };
    for (const sent of [
      { headers: thief.basic, form: refresh },
      { form: { ...thief.form, ...refresh } },
      { form: { ...refresh, client_id: thief.id } },
    ])
      expect((await house.call("POST", TOKEN, sent)).json.access_token).toBeUndefined();
    for (const sent of [
      { headers: thief.basic, form: { token: got.json.refresh_token } },
      { headers: thief.basic, form: { token: got.json.access_token } },
    ])
      await house.call("POST", "/oauth/revoke", sent);
    expect((await house.call("GET", "/auth/me", { headers: shown(got) })).status).toBe(200);
    expect((await house.call("POST", TOKEN, { form: refresh })).status).toBe(200);
  });

  it("a client's token is nobody's login, and dies with its client", async () => {
    const house = await openHouse();
    const ada = await house.arrive("cookie");
    const client = await house.hire();
    const { json } = await house.call("POST", TOKEN, { headers: client.basic, form: { grant_type: "client_credentials" } });
    const headers = { authorization: `Bearer ${json.access_token}` };
    for (const [method, path] of [
      ["GET", "/auth/me"],
      ["GET", "/auth/sessions"],
      ["DELETE", "/auth/sessions"],
      ["DELETE", `/auth/sessions/${ada.sid}`],
    ] as const)
      expect([401, 403], path).toContain(
        (await house.call(method, path, { headers: { ...headers, cookie: ada.headers["cookie"] as string } })).status,
      );
    expect(await house.routes.check(headers)).toMatchObject({ ok: true });
    await house.store.clients.setDisabled(client.id, true, house.clock.now());
    expect(await house.routes.check(headers)).toMatchObject({ ok: false });
    expect((await house.call("GET", "/auth/me", { headers: ada.headers })).status).toBe(200);
  });
});
