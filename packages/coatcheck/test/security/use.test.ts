import { deflateRawSync } from "node:zlib";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { parseProof } from "../../src/carriers/token/credential.ts";
import { base64url, signedParts } from "../crypto/tokens.ts";
import { COOKIE, EMAIL, ISSUER, openHouse, PASSWORD } from "../http/support.ts";
import { RawConnection, statuses } from "../server/raw.ts";
import { cacheConfusion } from "../soak/cache-confusion.ts";
import { withServer } from "../support/server.ts";
import { expectAccepted, expectOnlyGenuine, expectRefused, openForge } from "./forging.ts";
import type { Forge } from "./forging.ts";

let forge: Forge;
beforeAll(async () => {
  forge = await openForge();
});

describe("T12 type, audience and issuer confusion (CVE-2023-48309)", () => {
  it("a statement of another kind, truly signed by our own key, is no access token", async () => {
    const { iss, aud, sub, iat, exp, jti, sid } = forge.claims;
    const kinds = {
      JWT: { iss, aud, sub, iat, exp, nonce: "n", auth_time: iat },
      "logout+jwt": { iss, aud, iat, exp, jti, sid, events: { "http://schemas.openid.net/event/backchannel-logout": {} } },
      "secevent+jwt": { iss, aud, iat, jti, events: {} },
      "dpop+jwt": { jti, htm: "GET", htu: `${ISSUER}/auth/me`, iat },
      "dbsc+jwt": { aud, jti, iat },
      "statuslist+jwt": { iss, sub, iat, exp, status_list: { bits: 1, lst: "AA" } },
      "client-authentication+jwt": { iss, sub, aud, iat, exp, jti },
      "oauth-authz-req+jwt": { iss, aud, state: "s" },
    };
    const tokens = Object.entries(kinds).flatMap(([typ, claims]) => [
      forge.sign({ typ }, JSON.stringify(claims)),
      // The claims of an access token under another kind's name, and another kind's claims under an access token's.
      forge.sign({ typ }),
      forge.sign({}, JSON.stringify(claims)),
      forge.sign({ typ: undefined }, JSON.stringify(claims)),
    ]);
    await expectOnlyGenuine(forge, tokens);
  });

  it("each of our credentials opens its own door alone", async () => {
    const house = await openForge();
    const grace = await house.signIn("cookie");
    const { access_token: access, refresh_token: refresh } = house.ada.got.json;
    const ticket = grace.got.ticket as string;
    const flash = Buffer.from(JSON.stringify({ note: "confirmed" })).toString("base64url");
    const doors: Readonly<Record<string, (it: string) => Promise<boolean>>> = {
      bearer: async (it) => (await house.call("GET", "/auth/me", { headers: { authorization: `Bearer ${it}` } })).status === 200,
      cookie: async (it) => (await house.call("GET", "/auth/me", { headers: { cookie: `${COOKIE}=${it}` } })).status === 200,
      grant: async (it) =>
        (await house.call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token: it } })).status === 200,
    };
    const found = Object.fromEntries(
      await Promise.all(
        Object.entries({ access, ticket, flash, refresh }).map(async ([kind, it]) => {
          const opened = await Promise.all(Object.entries(doors).map(async ([door, open]) => ((await open(it)) ? [door] : [])));
          return [kind, opened.flat()] as const;
        }),
      ),
    );
    expect(found).toEqual({ access: ["bearer"], ticket: ["cookie"], flash: [], refresh: ["grant"] });
  });

  it("aud must name us, as one text or in a flat list", async () => {
    const { aud } = forge.claims as { readonly aud: string };
    const wrong = [
      "https://other.example",
      `${aud}/`,
      aud.slice(0, -1),
      aud.toUpperCase(),
      "*",
      "",
      [],
      [[aud]],
      [aud, [aud]],
      { 0: aud },
      [{ aud }],
      null,
      true,
      [aud, 1],
    ];
    for (const it of wrong) await expectRefused(forge, forge.sign({}, { aud: it }));
    await expectAccepted(forge, forge.sign({}, { aud: ["https://other.example", aud] }));
  });

  it("iss is compared as it is spelt", async () => {
    const spellings = [
      `${ISSUER}/`,
      ISSUER.toUpperCase(),
      ISSUER.replace("https", "http"),
      `${ISSUER}:443`,
      `${ISSUER}#`,
      `${ISSUER}\u0000`,
      `${ISSUER}.evil.test`,
      "",
      [ISSUER],
      null,
    ];
    await expectOnlyGenuine(
      forge,
      spellings.map((iss) => forge.sign({}, { iss })),
    );
  });

  it("a token for one audience opens nothing at another process of the same store", async () => {
    const api = await openHouse({ store: forge.store, options: { audience: "https://api.example.net" } });
    const there = await api.signIn("token");
    await expectRefused(api, forge.genuine);
    await expectRefused(forge, there.got.json.access_token);
    expect((await api.call("GET", "/auth/me", { headers: there.headers })).status).toBe(200);
  });
});

describe("T13 size and CPU bombs (CVE-2024-28176, CVE-2022-36083, CVE-2026-27932)", () => {
  const bomb = base64url(deflateRawSync(Buffer.alloc(20_000_000)));

  it("an encrypted token is refused before anything of it is decoded, derived or inflated", async () => {
    const jwe = (header: object, body = "AA"): string => `${base64url(JSON.stringify(header))}.AA.AA.${body}.AA`;
    const encrypted = [
      jwe({ alg: "PBES2-HS512+A256KW", enc: "A256GCM", p2c: 2_147_483_647, p2s: "AA" }),
      jwe({ alg: "dir", enc: "A256GCM", zip: "DEF" }, bomb.slice(0, 8_000)),
      forge.genuine.replaceAll(".", ".AA."),
      `${forge.genuine}.AA.AA`,
      `AA.AA.${forge.genuine}`,
    ];
    const decoded = vi.spyOn(Buffer, "from");
    expect(encrypted.map(parseProof).filter((proof) => proof !== null)).toEqual([]);
    expect(decoded).not.toHaveBeenCalled();
    decoded.mockRestore();
    await expectOnlyGenuine(forge, encrypted);
  });

  it("a signed token is never inflated, and one that asks for it is refused", async () => {
    const { header, claims, key } = forge;
    const deflated = deflateRawSync(JSON.stringify(claims));
    await expectOnlyGenuine(forge, [
      forge.sign({ zip: "DEF" }),
      signedParts(key, base64url(JSON.stringify({ ...header, zip: "DEF" })), base64url(deflated)),
      signedParts(key, base64url(JSON.stringify(header)), base64url(deflated)),
      forge.sign({ zip: "DEF" }, "").replace("..", `.${bomb.slice(0, 7_000)}.`),
    ]);
  });

  it("nesting, length and width are bounded before a parser sees them", async () => {
    const { header, claims, key } = forge;
    const body = JSON.stringify(claims).slice(0, -1);
    const deep = (depth: number): string => `${body},"y":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    const texts = [
      deep(32),
      deep(2_500),
      deep(20_000),
      `${body},"y":${'{"a":'.repeat(1_000)}1${"}".repeat(1_000)}}`,
      `${body},"y":"${"x".repeat(1_000_000)}"}`,
    ];
    await expectOnlyGenuine(forge, [
      ...texts.map((text) => signedParts(key, base64url(JSON.stringify(header)), base64url(text))),
      forge.sign({ kid: "k".repeat(1_000_000) }),
      forge.sign(`${JSON.stringify(header)}${" ".repeat(1_100)}`),
      ".".repeat(8_000),
      "a".repeat(8_193),
    ]);
  });

  it("at the server a megabyte of header is 431, and the next request is served", () =>
    withServer(async ({ url }) => {
      const port = Number(new URL(url).port);
      const connection = new RawConnection(port);
      await connection.sendAll(`GET /auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${"a.".repeat(500_000)}\r\n\r\n`);
      expect(statuses(await connection.until((heard) => heard.includes("}")))).toEqual([431]);
      connection.close();
      const token = `Bearer ${"[".repeat(6_000)}.${"e30".repeat(2_000)}.x`;
      expect((await fetch(`${url}/auth/me`, { headers: { authorization: token } })).status).toBe(401);
    }));
});

describe("T14 cache key confusion (CVE-2026-35039)", () => {
  it("what is remembered of one token is said of no other: 5 000 random pairs of tokens that look alike", async () => {
    const { faults, accepted } = await cacheConfusion(5_000);
    expect(faults).toEqual([]);
    expect(accepted).toBeGreaterThan(5_000);
  });

  it("nothing but the signature is remembered: a hit is judged by clock and log each time", async () => {
    const house = await openForge();
    const second = await house.signIn("token");
    await expectAccepted(house, house.genuine);
    await house.call("POST", "/auth/sign-out", { headers: second.headers });
    await expectRefused(house, second.got.json.access_token);
    await expectAccepted(house, house.genuine);
    await house.store.users.setRoles(house.claims["sub"] as never, ["admin"], house.clock.now());
    expect(await house.routes.check({ authorization: `Bearer ${house.genuine}` })).toEqual({ ok: false, reason: "stale" });
    const fresh = await house.signIn("token");
    house.clock.advance("5m");
    await expectRefused(house, fresh.got.json.access_token);
  });
});

describe("T15 prototype pollution", () => {
  const POLLUTED = '{"__proto__":{"roles":["admin"],"polluted":true},"constructor":{"prototype":{"polluted":true}}}';

  it("no claim, body, query, form or cookie reaches a prototype, and none gives a role", async () => {
    const names = Object.getOwnPropertyNames(Object.prototype).length;
    const claims = JSON.stringify(forge.claims).slice(0, -1);
    await expectOnlyGenuine(forge, [
      forge.sign({}, `${claims},"__proto__":{"roles":["admin"]}}`),
      forge.sign({}, `${claims},"y":{"__proto__":{"polluted":true}}}`),
      forge.sign(`{"__proto__":{"alg":"ES256"},${JSON.stringify(forge.header).slice(1)}`),
      // Every name that any object answers to is no algorithm, no key and no kind.
      ...Object.getOwnPropertyNames(Object.prototype).flatMap((name) =>
        ["alg", "kid", "typ"].map((member) => forge.sign({ [member]: name })),
      ),
    ]);
    const { call } = forge;
    const headers = { ...forge.ada.headers, "content-type": "application/json" };
    for (const path of ["/auth/sign-up", "/auth/sign-in", "/auth/confirm", "/auth/password", "/auth/sign-out"])
      expect((await call("POST", path, { body: POLLUTED, headers })).status).toBe(422);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    for (const body of [
      "__proto__=x",
      "__proto__[polluted]=1&constructor[prototype][polluted]=1",
      "toString=x&grant_type=__proto__",
      "grant_type=toString",
    ])
      expect((await call("POST", "/oauth/token", { body, headers: form })).status, body).toBe(400);
    for (const query of ["__proto__=current", "__proto__[keep]=current", "constructor=1"])
      expect((await call("DELETE", `/auth/sessions?${query}`, { headers: forge.ada.headers })).status).toBe(422);
    for (const cookie of ["__proto__=x", `__proto__[${COOKIE}]=x; constructor=y`, "hasOwnProperty=x"])
      expect((await call("GET", "/auth/me", { headers: { cookie } })).status).toBe(401);

    expect(Object.getOwnPropertyNames(Object.prototype)).toHaveLength(names);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    const me = await call("GET", "/auth/me", { headers: forge.ada.headers });
    expect(me.json.user["roles"]).toEqual([]);
  });

  it("an account called like a member of every object is an account like any other", async () => {
    const house = await openForge();
    for (const local of ["__proto__", "constructor", "tostring", "hasownproperty"]) {
      const email = `${local}@example.com`;
      const unknown = await house.call("POST", "/auth/sign-in", { json: { email, password: PASSWORD } });
      expect(unknown).toMatchObject({ status: 401, json: { code: "invalid_credentials" } });
      const visitor = await house.arrive("cookie", email);
      expect(visitor.got.json.user["email"]).toBe(email);
    }
    expect((await house.call("GET", "/auth/me", { headers: house.ada.headers })).json.user["email"]).toBe(EMAIL);
  });
});
