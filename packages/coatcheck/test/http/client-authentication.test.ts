import { describe, expect, it } from "vitest";
import { basic, openHouse } from "./support.ts";
import type { Sent } from "./support.ts";

const TOKEN = "/oauth/token";
const grant_type = "client_credentials";

describe("client authentication", () => {
  it("is by Basic or in the form (RFC 6749 §2.3.1), id and secret decoded like a form", async () => {
    const { call, hire } = await openHouse();
    const client = await hire();
    const encoded = `Basic ${Buffer.from(`%63${client.id.slice(1)}:${client.secret.replaceAll("_", "%5f")}`).toString("base64")}`;
    const ways: readonly Sent[] = [
      { headers: client.basic, form: { grant_type } },
      { headers: { authorization: client.basic["authorization"]?.replace("Basic", "bASIC ") ?? "" }, form: { grant_type } },
      { headers: { authorization: encoded }, form: { grant_type } },
      { headers: client.basic, form: { grant_type, client_id: client.id } },
      { headers: client.basic, form: { grant_type, client_secret: "" } },
      { form: { grant_type, ...client.form } },
    ];
    for (const sent of ways) expect((await call("POST", TOKEN, sent)).status).toBe(200);
  });

  it("never by two ways at once, right or wrong", async () => {
    const { call, hire } = await openHouse();
    const [one, two] = [await hire(), await hire()];
    const both: readonly Sent[] = [
      { headers: one.basic, form: { grant_type, ...one.form } },
      { headers: one.basic, form: { grant_type, client_secret: "wrong" } },
      { headers: one.basic, form: { grant_type, ...two.form } },
      { headers: one.basic, form: { grant_type, client_id: two.id } },
      { headers: { authorization: "Basic !" }, form: { grant_type, ...one.form } },
    ];
    for (const sent of both) expect(await call("POST", TOKEN, sent)).toMatchObject({ status: 400, json: { error: "invalid_request" } });
  });

  it("answers an unknown client, a wrong secret, a disabled client and nonsense alike", async () => {
    const { call, hire, store, clock, events } = await openHouse();
    const [client, off] = [await hire(), await hire()];
    await store.clients.setDisabled(off.id, true, clock.now());
    const unknown = `cli_${"A".repeat(22)}`;
    const failed: readonly Sent[] = [
      { headers: basic(unknown, client.secret), form: { grant_type } },
      { headers: basic(client.id, "wrong"), form: { grant_type } },
      { headers: off.basic, form: { grant_type } },
      { headers: { authorization: "Basic" }, form: { grant_type } },
      { headers: { authorization: "Basic !!!!" }, form: { grant_type } },
      { headers: { authorization: `Basic ${Buffer.from("no-colon").toString("base64")}` }, form: { grant_type } },
      { headers: { authorization: `Basic ${Buffer.from([0xff, 0x3a, 0x41]).toString("base64")}` }, form: { grant_type } },
      { headers: { authorization: `Basic ${Buffer.from("%:%zz").toString("base64")}` }, form: { grant_type } },
      {
        headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString("base64")}, Basic x` },
        form: { grant_type },
      },
      { headers: basic(client.id, client.secret.toLowerCase()), form: { grant_type } },
      { form: { grant_type, client_id: unknown, client_secret: client.secret } },
      { form: { grant_type, client_id: client.id, client_secret: "wrong" } },
      { form: { grant_type, client_id: client.id } },
      { form: { grant_type, client_secret: client.secret } },
      { form: { grant_type, ...off.form } },
      { form: { grant_type } },
      { form: { grant_type, client_id: "\u0000'; DROP TABLE clients" } },
      { headers: { authorization: `Bearer ${client.secret}` }, form: { grant_type, client_id: client.id } },
    ];
    const shown = await Promise.all(failed.map(async (sent) => await call("POST", TOKEN, sent)));
    const faces = shown.map(({ status, text, headers }) => JSON.stringify([status, text, [...headers]]));
    expect([...new Set(faces)]).toHaveLength(1);
    expect(shown[0]).toMatchObject({ status: 401, json: { error: "invalid_client" } });
    expect(shown[0]?.headers.get("www-authenticate")).toBe('Bearer, Basic realm="coatcheck"');
    expect(await events()).toContain("client_refused");
  });

  it("failures are written down by the client that there is, and never as they were typed", async () => {
    const { call, hire, store } = await openHouse();
    const client = await hire();
    await call("POST", TOKEN, { headers: basic(client.id, "wrong"), form: { grant_type }, peer: { address: "192.0.2.9" } });
    await call("POST", TOKEN, { headers: basic(client.secret, "x"), form: { grant_type } });
    const written = await store.audit.list({ event: "client_refused" }, 9);
    expect(written.map(({ ip, detail }) => [ip, detail])).toEqual([
      ["", { reason: "unknown", clientId: null, device: "Unknown device" }],
      ["192.0.2.9", { reason: "wrong", clientId: client.id, device: "Unknown device" }],
    ]);
    expect(JSON.stringify(written)).not.toContain(client.secret);
  });

  it("is refused a network after 50 failures, with Retry-After", async () => {
    const { call } = await openHouse();
    const sent: Sent = { headers: basic("cli_x", "wrong"), form: { grant_type }, peer: { address: "198.51.100.7" } };
    for (let tries = 0; tries < 50; tries++) expect((await call("POST", TOKEN, sent)).status).toBe(401);
    const got = await call("POST", TOKEN, sent);
    expect(got).toMatchObject({ status: 429, json: { error: "temporarily_unavailable", code: "too_many_requests" } });
    expect(got.headers.get("retry-after")).toBe("900");
  });

  it("needs no origin: whoever knows the secret wrote the request", async () => {
    const { call, hire } = await openHouse();
    const { basic: headers } = await hire();
    const foreign = { "sec-fetch-site": "cross-site", origin: "https://evil.test" };
    expect((await call("POST", TOKEN, { headers: { ...headers, ...foreign }, form: { grant_type } })).status).toBe(200);
    expect(await call("POST", TOKEN, { headers: foreign, form: { grant_type } })).toMatchObject({
      status: 403,
      json: { code: "cross_origin" },
    });
  });
});
