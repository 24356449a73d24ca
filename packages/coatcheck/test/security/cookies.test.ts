import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COOKIE, EMAIL, ISSUER, openHouse, PASSWORD, shown } from "../http/support.ts";
import type { House, Visitor } from "../http/support.ts";
import { RawConnection, statuses } from "../server/raw.ts";
import { temporary } from "../stores/open.ts";
import { startServer, withServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";

describe("C2 prefix bypass by a lenient parser, byte by byte (Cookie Chaos, GHSA-r5rp-j6wh-rvv4)", { timeout: 60_000 }, () => {
  const folder = temporary();
  let server: RunningServer;
  let ticket: string;
  beforeAll(async () => {
    server = await startServer(folder.path(""));
    const body = JSON.stringify({ email: EMAIL, password: PASSWORD });
    const answer = await fetch(`${server.url}/auth/sign-up`, { method: "POST", headers: { "content-type": "application/json" }, body });
    ticket = (answer.headers.get("set-cookie") as string).split(";", 1)[0]?.slice("coatcheck=".length) as string;
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    folder.remove();
  });

  /** The status of /auth/me with exactly these bytes for cookies. */
  async function me(...cookies: readonly string[]): Promise<number | undefined> {
    const lines = cookies.map((it) => `Cookie: ${it}\r\n`).join("");
    const connection = new RawConnection(Number(new URL(server.url).port));
    connection.send(`GET /auth/me HTTP/1.1\r\nHost: x\r\n${lines}Connection: close\r\n\r\n`);
    return statuses(await connection.toEnd())[0];
  }

  it("ours is found in whatever place it stands, between any others", async () => {
    const own = `coatcheck=${ticket}`;
    for (const cookies of [
      [own],
      [`a=b; ${own}`],
      [`${own}; a=b`],
      [`a=b;${own};c`],
      [`a="x;\t ${own} `],
      [`;;${own};;`],
      ["a=b", own],
      [`${own}; ${own}`],
    ])
      expect(await me(...cookies), JSON.stringify(cookies)).toBe(200);
  });

  it("with any byte before or after its name it is another's", async () => {
    // Space and tab are trimmed (RFC 6265bis §5.6); a semicolon ends a pair; a line can't hold CR, LF or NUL.
    const trimmed = new Set([0x20, 0x09, 0x3b]);
    for (let byte = 1; byte < 256; byte++) {
      if (trimmed.has(byte)) continue;
      const character = String.fromCharCode(byte);
      const before = await me(`a=b; ${character}coatcheck=${ticket}`);
      expect([401, 400], `0x${byte.toString(16)} before`).toContain(before);
      if (byte === 0x3d) continue; // `coatcheck==…` is ours, with a value that is none
      expect([401, 400], `0x${byte.toString(16)} after`).toContain(await me(`a=b; coatcheck${character}=${ticket}`));
    }
    const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
    for (const blank of ["\u2000", "\u00a0", "\u3000", "\ufeff", "\u200b", "\u0085"])
      expect(await me(`${utf8(blank)}coatcheck=${ticket}`), blank).toBe(401);
  });

  it("no value is unquoted, decoded or joined, and no other name reaches ours", async () => {
    const half = ticket.slice(0, 30);
    const others = [
      ...[
        `coatcheck="${ticket}"`,
        `coatcheck==${ticket}`,
        `coatcheck=%${ticket}`,
        `coatcheck=${encodeURIComponent(`${ticket}=`)}`,
        `coatcheck=j:${ticket}`,
      ],
      ...[
        `coatcheck=${half}%${ticket.slice(30)}`,
        `coatcheck=${ticket}%`,
        `coatcheck=s:${ticket}.x`,
        `coatcheck[]=${ticket}`,
        `coatcheck[0]=${ticket}`,
      ],
      ...[
        `Coatcheck=${ticket}`,
        `COATCHECK=${ticket}`,
        `__proto__=${ticket}`,
        `__proto__[coatcheck]=${ticket}`,
        `=coatcheck=${ticket}`,
        ticket,
      ],
      ...[
        `$Version=1; $Path=/; coatcheck=${half}`,
        `x=coatcheck=${ticket}`,
        `"x; coatcheck"=${ticket}`,
        `__Host-Http-coatcheck=${ticket}`,
        `coatcheck=${ticket},a=b`,
      ],
    ];
    for (const cookie of others) expect(await me(cookie), cookie).toBe(401);
    // A nameless pair keeps its `=`: it is not the pair that it looks like.
    expect(await me(`coatcheck=${ticket}; coatcheck=${half}`)).toBe(401);
    expect(await me(`coatcheck=${half}`, `coatcheck=${ticket}`)).toBe(401);
    expect(await me(`coatcheck=${ticket}`)).toBe(200);
  });
});

describe("C3 attribute injection (CVE-2024-47764)", () => {
  const EVIL = [
    "a\r\nSet-Cookie: x=y",
    "a\nb",
    "a;Domain=evil.test",
    "a; Path=/evil",
    "a,b=c",
    "\0",
    "\u2028",
    "é",
    '"',
    "%0d%0aSet-Cookie:x=y",
  ];

  it("nothing that a client sends stands in any header of an answer", async () => {
    const house = await openHouse({ options: { origins: ["https://app.example.net"] } });
    const ada = await house.arrive();
    for (const [at, evil] of EVIL.entries()) {
      const asHeader = evil.replace(/[\r\n\0\u2028]/g, "");
      const calls = [
        house.call("POST", "/auth/sign-up", { json: { email: `e${at}@example.com`, password: PASSWORD, name: evil } }),
        house.call("POST", "/auth/sign-in", { json: { email: EMAIL, password: PASSWORD, carrier: evil } }),
        house.call("POST", "/oauth/token", { form: { grant_type: evil, refresh_token: evil, client_id: evil, scope: evil } }),
        house.call("GET", `/auth/me?x=${encodeURIComponent(evil)}`, {
          headers: { origin: asHeader, cookie: `x=${asHeader}`, "user-agent": asHeader },
        }),
        house.call("DELETE", `/auth/sessions/${encodeURIComponent(evil)}`, { headers: ada.headers }),
      ];
      for (const got of await Promise.all(calls)) {
        expect(got.status).toBeLessThan(500);
        for (const [name, value] of got.headers) {
          expect(value, name).not.toMatch(/[\r\n\0]/);
          expect(value, name).not.toMatch(/evil|Set-Cookie:|x=y|b=c/);
        }
      }
    }
  });

  it("what a page hands to the next in a cookie is base64url, whatever was typed", () =>
    withServer(async ({ url }) => {
      for (const email of EVIL) {
        const body = new URLSearchParams({ email, password: "x" });
        const answer = await fetch(`${url}/sign-in`, { method: "POST", body, redirect: "manual", headers: { origin: url } });
        expect(answer.status).toBe(303);
        const cookies = answer.headers.getSetCookie();
        expect(cookies.length).toBeGreaterThan(0);
        for (const cookie of cookies)
          expect(cookie).toMatch(/^coatcheck-flash-sign-in=[\w-]*; Max-Age=60; Path=\/sign-in; HttpOnly; SameSite=Strict$/);
      }
    }));
});

describe("C4 the credential in an address, a Referer, a log (ASVS 14.2.1)", { timeout: 60_000 }, () => {
  const METRICS_TOKEN = "who-scrapes-this-server-in-a-test";

  /** What a page hands to the next: base64url, which hides what it holds from a search. */
  const flashOf = (setCookie: string): string => Buffer.from(/^[^=]*=([^;]*)/.exec(setCookie)?.[1] ?? "", "base64url").toString();

  it("in an address or a body it is no credential", async () => {
    const house: House = await openHouse();
    const [cookie, token]: readonly Visitor[] = [await house.arrive(), await house.signIn("token")];
    const values = [cookie?.got.ticket, cookie?.sid, token?.got.json.access_token, token?.got.json.refresh_token];
    const names = ["sid", "session", "token", "access_token", "bearer_token", "authorization", COOKIE, "coatcheck", "jsessionid"];
    for (const value of values)
      for (const name of names) expect((await house.call("GET", `/auth/me?${name}=${value}`)).status, name).toBe(401);
    for (const path of [`/auth/me;jsessionid=${cookie?.got.ticket}`, `/auth/me/${cookie?.got.ticket}`])
      expect((await house.call("GET", path)).status).toBe(404);
    const form = { access_token: token?.got.json.access_token as string };
    expect((await house.call("POST", "/auth/sign-out", { form })).status).toBe(415);
    expect((await house.call("GET", "/auth/me", { headers: shown(token?.got as never) })).status).toBe(200);
  });

  it("no answer but the one that hands it over holds it, no redirect carries it, no page lets a Referer out, and nothing is logged or counted by it", () =>
    withServer(
      async (server) => {
        const { url } = server;
        const json = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
          fetch(url + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
        const cookie = (await json("/auth/sign-up", { email: EMAIL, password: PASSWORD })).headers
          .get("set-cookie")
          ?.split(";", 1)[0] as string;
        const tokens = (await (await json("/auth/sign-in", { email: EMAIL, password: PASSWORD, carrier: "token" })).json()) as Record<
          string,
          string
        >;
        const secrets = [cookie.slice("coatcheck=".length), tokens["access_token"], tokens["refresh_token"], PASSWORD] as readonly string[];
        const seen: string[] = [];
        const own = { cookie, origin: url, authorization: "" };
        const requests: readonly (readonly [string, RequestInit])[] = [
          ["/", {}],
          ["/account", {}],
          ["/account/confirm", {}],
          ["/errors", {}],
          ["/auth/me", {}],
          ["/auth/sessions", {}],
          [`/auth/me?token=${tokens["access_token"]}`, {}],
          [`/nowhere/${tokens["refresh_token"]}`, {}],
          ["/account/end-others", { method: "POST", body: new URLSearchParams() }],
          ["/account/password", { method: "POST", body: new URLSearchParams({ current: PASSWORD, new: "x" }) }],
          ["/sign-in", { method: "POST", body: new URLSearchParams({ email: EMAIL, password: "wrong-password-that-was-typed" }) }],
          [
            "/oauth/token",
            { method: "POST", body: new URLSearchParams({ grant_type: "x", refresh_token: tokens["refresh_token"] as string }) },
          ],
          // What is no JSON, and what is in the wrong field, is refused without being quoted. (A parser's own message quotes what is short.)
          ["/auth/sign-in", { method: "POST", body: "typed-too-soon" }],
          ["/auth/sign-in", { method: "POST", body: JSON.stringify({ email: EMAIL, password: "x", carrier: "typed-too-soon" }) }],
          ["/auth/sign-in", { method: "POST", body: JSON.stringify({ email: "typed-too-soon", password: "x" }) }],
          [
            "/auth/sign-in",
            { method: "POST", body: JSON.stringify({ email: EMAIL, password: "wrong-password-that-was-typed", token: 1 }) },
          ],
        ];
        for (const [path, init] of requests) {
          const { authorization: _, ...headers } = own;
          const answer = await fetch(url + path, {
            redirect: "manual",
            ...init,
            headers: { ...headers, ...(typeof init.body === "string" ? { "content-type": "application/json" } : {}) },
          });
          seen.push(JSON.stringify([...answer.headers]), await answer.text(), ...answer.headers.getSetCookie().map(flashOf));
          expect(answer.headers.get("referrer-policy"), path).toMatch(/^(no-referrer|same-origin)$/);
        }
        const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })).text();
        expect(metrics).toContain('route="/auth/me"');
        const everything = [...seen, metrics, server.output()].join("\n");
        for (const secret of [...secrets, "wrong-password-that-was-typed", "typed-too-soon"]) expect(everything).not.toContain(secret);
        expect(everything).toContain(EMAIL);
      },
      ["--metrics-token", METRICS_TOKEN],
    ));

  it("TRACE gives nothing back (cross-site tracing)", () =>
    withServer(async ({ url }) => {
      for (const target of ["/auth/me", "/account", "/nowhere"]) {
        const connection = new RawConnection(Number(new URL(url).port));
        connection.send(`TRACE ${target} HTTP/1.1\r\nHost: x\r\nCookie: coatcheck=canary\r\nConnection: close\r\n\r\n`);
        const heard = await connection.toEnd();
        expect([400, 404, 405]).toContain(statuses(heard)[0]);
        expect(heard).not.toContain("canary");
      }
    }));

  it("a Set-Cookie is the one place of a ticket: not in the body beside it, and a token is never in a cookie", async () => {
    const house = await openHouse();
    const cookie = await house.arrive();
    expect(cookie.got.text).not.toContain(cookie.got.ticket as string);
    const token = await house.signIn("token");
    expect(token.got.headers.getSetCookie()).toEqual([]);
    expect(new URL(ISSUER).protocol).toBe("https:");
  });
});
