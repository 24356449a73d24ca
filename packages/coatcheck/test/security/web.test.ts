import { describe, expect, it } from "vitest";
import { EMAIL, ISSUER, openHouse, PASSWORD } from "../http/support.ts";
import { RawConnection, statuses } from "../server/raw.ts";
import { temporary } from "../stores/open.ts";
import { startServer, withServer } from "../support/server.ts";

/** What the server answers to exactly these bytes. */
async function exchange(url: string, bytes: string): Promise<string> {
  return new RawConnection(Number(new URL(url).port)).send(bytes).toEnd();
}

describe("W2 Host and X-Forwarded-Host poisoning", { timeout: 60_000 }, () => {
  it("no address in any answer comes from a request", () =>
    withServer(async ({ url }) => {
      const lies = [
        "Host: evil.test",
        "Host: x\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Proto: https",
        "Host: x\r\nForwarded: host=evil.test;proto=https",
        "Host: x\r\nX-Original-URL: /evil.test\r\nX-Rewrite-URL: /evil.test\r\nX-Host: evil.test\r\nX-Forwarded-Server: evil.test",
        "Host: evil.test:80",
      ];
      const targets = [
        "/",
        "/account",
        "/sign-in",
        "/auth/me",
        "/nowhere",
        "/.well-known/jwks.json",
        "/errors",
        "http://evil.test/account",
        "http://evil.test/auth/me",
      ];
      for (const lie of lies) {
        for (const target of targets) {
          const heard = await exchange(url, `GET ${target} HTTP/1.1\r\n${lie}\r\nConnection: close\r\n\r\n`);
          expect(heard, `${lie} ${target}`).not.toContain("evil.test");
          expect(statuses(heard)[0], `${lie} ${target}`).toBeLessThan(500);
          for (const [, location = ""] of heard.matchAll(/^location: (.*)\r$/gim)) expect(location).toMatch(/^\/[a-z/-]*$/);
        }
      }
    }));

  it("two Hosts, and none that could be one, are 400", () =>
    withServer(async ({ url }) => {
      for (const hosts of ["Host: x\r\nHost: evil.test", "Host: x\r\nhost: x", "Host: evil.test/x", "Host: a b", "Host: evil@x", ""]) {
        const line = hosts === "" ? "" : `${hosts}\r\n`;
        expect(statuses(await exchange(url, `GET /sign-in HTTP/1.1\r\n${line}Connection: close\r\n\r\n`)), hosts).toEqual([400]);
      }
    }));

  it("a token names the configured issuer, whatever the Host was at its sign-in", async () => {
    const house = await openHouse();
    await house.arrive();
    const request = new Request("https://evil.test/auth/sign-in", {
      method: "POST",
      headers: { "content-type": "application/json", host: "evil.test", "x-forwarded-host": "evil.test" },
      body: JSON.stringify({ email: EMAIL, password: PASSWORD, carrier: "token" }),
    });
    const { access_token: token } = (await (await house.routes.fetch(request)).json()) as { readonly access_token: string };
    const { iss, aud } = JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString()) as Record<string, string>;
    expect({ iss, aud }).toEqual({ iss: ISSUER, aud: ISSUER });
  });
});

describe("W3 X-Forwarded-For trust (CVE-2026-45364)", { timeout: 120_000 }, () => {
  const wrong = { email: "nobody@example.com", password: "wrong password" };

  /** Tries until it is told to wait. @returns how many tries were judged, at most `most`. */
  async function triesOf(
    trustedProxies: number,
    from: (count: number) => { peer: string; forwarded?: string },
    most: number,
  ): Promise<number> {
    const house = await openHouse({ options: { trustedProxies } });
    for (let count = 0; count < most; count++) {
      const { peer, forwarded } = from(count);
      // Each try names another account: only the network's own count can turn it away.
      const json = { ...wrong, email: `nobody${count}@example.com` };
      const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
      const { status } = await house.call("POST", "/auth/sign-in", { json, headers, peer: { address: peer } });
      if (status === 429) return count;
      expect(status).toBe(401);
    }
    return most;
  }

  it("without a proxy the header is not read: a made-up address for each try helps nobody", async () => {
    expect(await triesOf(0, (count) => ({ peer: "203.0.113.7", forwarded: `198.51.100.${count}` }), 60)).toBe(50);
  });

  it("behind one proxy what the client wrote to the left is not read", async () => {
    expect(await triesOf(1, (count) => ({ peer: "10.0.0.1", forwarded: `198.51.100.${count}, 203.0.113.7` }), 60)).toBe(50);
  });

  it("every address of one /64, and every spelling of one address, has one count", async () => {
    const spellings = ["2001:db8:1:2::", "2001:DB8:1:2::", "2001:0db8:0001:0002:0:0:0:", "[2001:db8:1:2::"];
    const spell = (count: number): string => {
      const start = spellings[count % spellings.length] as string;
      const address = `${start}${(count + 1).toString(16)}`;
      return start.startsWith("[") ? `${address}]:${4_000 + count}` : count % 5 === 0 ? `${address}%eth0` : address;
    };
    expect(await triesOf(1, (count) => ({ peer: "10.0.0.1", forwarded: spell(count) }), 60)).toBe(50);
    const mapped = ["203.0.113.9", "::ffff:203.0.113.9", "::FFFF:203.0.113.9", "::ffff:cb00:7109", "203.0.113.9:5000"];
    expect(await triesOf(1, (count) => ({ peer: "10.0.0.1", forwarded: mapped[count % 5] as string }), 60)).toBe(50);
  });

  it("what is no address falls back to the peer's, and gets no count of its own", async () => {
    const junk = ["unknown", "_hidden", "", "1.2.3", "999.1.1.1", "1.2.3.4.5", "evil", "0x7f.1"];
    expect(await triesOf(1, (count) => ({ peer: "203.0.113.8", forwarded: `${junk[count % junk.length]}` }), 60)).toBe(50);
  });
});

describe("W4 path tricks that dodge limits (GHSA-x732-6j76-qmhm)", { timeout: 60_000 }, () => {
  const SPELLINGS = [
    ...[
      "//auth/sign-in",
      "/auth//sign-in",
      "/auth/./sign-in",
      "/auth/x/../sign-in",
      "/./auth/sign-in",
      "/auth/sign-in/",
      "/auth/sign-in//",
    ],
    ...[
      "/auth/sign%2din",
      "/auth%2fsign-in",
      "/auth%2Fsign-in",
      "/%61uth/sign-in",
      "/auth/sign-in%00",
      "/auth/sign-in%20",
      "/auth/sign-in%2f",
      "/%2e/auth/sign-in",
    ],
    ...[
      "/auth/%2e%2e/auth/sign-in",
      "/auth/%2561uth",
      "/AUTH/sign-in",
      "/auth/Sign-In",
      "/auth/sign-in;x=1",
      "/auth/sign-in.json",
      "/auth/sign-in/..;/",
      "/auth/sign_in",
    ],
    ...["http://x//auth/sign-in", "http://x/auth/./sign-in", "/auth/sign-in%3f", "/auth/sign-in%23", "/auth/sign-in/%2e"],
  ];

  it("at the server one spelling is the route, and every other is nothing", () =>
    withServer(async ({ url }) => {
      const body = JSON.stringify({ email: "nobody@example.com", password: "wrong password" });
      const post = (target: string): Promise<string> =>
        exchange(
          url,
          `POST ${target} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
        );
      for (const target of SPELLINGS) expect([404, 400], target).toContain(statuses(await post(target))[0]);
      for (const target of ["/auth/sign-in", "/auth/sign-in?x=//", "http://evil.test/auth/sign-in"])
        expect(statuses(await post(target)), target).toEqual([401]);
      // The spellings were not tries: what counts is the account, however it is reached.
      for (let count = 3; count < 10; count++) expect(statuses(await post("/auth/sign-in"))).toEqual([401]);
      for (const target of ["/auth/sign-in", "/auth/sign-in?", "/auth/sign-in?a=b", "http://y/auth/sign-in"])
        expect(statuses(await post(target)), target).toEqual([429]);
    }));

  it("every door that judges a password shares one count: pages, API, confirm", () =>
    withServer(async (server) => {
      const { url } = server;
      const json = { "content-type": "application/json" };
      const api = (path: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
        fetch(url + path, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });
      const { access_token: token } = (await (
        await api("/auth/sign-up", { email: EMAIL, password: PASSWORD, carrier: "token" })
      ).json()) as { access_token: string };
      const authorization = `Bearer ${token}`;
      const doors: readonly (() => Promise<Response>)[] = [
        () => api("/auth/sign-in", { email: EMAIL, password: "wrong password" }),
        () => api("/auth/sign-in", { email: EMAIL.toUpperCase(), password: "wrong password" }),
        () => api("/auth/confirm", { password: "wrong password" }, { authorization }),
        () => api("/auth/password", { current: "wrong password", new: "violet otter harbour 42" }, { authorization }),
        () =>
          fetch(`${url}/sign-in`, {
            method: "POST",
            body: new URLSearchParams({ email: EMAIL, password: "wrong password" }),
            redirect: "manual",
            headers: { origin: url },
          }),
      ];
      for (let count = 0; count < 10; count++) expect([401, 303]).toContain((await (doors[count % 5] as () => Promise<Response>)()).status);
      for (const door of doors.slice(0, 4)) expect((await door()).status).toBe(429);
    }));
});

describe("W7 a malformed Authorization crashes (GHSA-xmf8-cvqr-rfgj)", { timeout: 120_000 }, () => {
  const routes = [
    "GET /auth/me",
    "POST /auth/sign-out",
    "DELETE /auth/sessions",
    "POST /oauth/token",
    "POST /oauth/revoke",
    "POST /auth/sign-in",
  ];
  const values = [
    ...[
      "",
      " ",
      "Bearer",
      "Bearer ",
      "bearer",
      "BEARER\t",
      "Bearer  x",
      "Bearer x y",
      "Bearer,",
      "Bearer x, Bearer y",
      "Bearer\u00a0x",
      "Bearer =",
      "Bearer .",
    ],
    ...[
      "Bearer ..",
      "Bearer ...",
      "Bearer a.b",
      "Bearer e30.e30.",
      "Bearer e30.e30.e30",
      "Bearer bnVsbA.bnVsbA.AA",
      "Bearer null",
      "Bearer undefined",
      "Bearer [object Object]",
    ],
    ...[
      "Basic",
      "Basic ",
      "Basic !!!",
      "Basic Og==",
      "Basic Y29hdGNoZWNrOg==",
      "Basic Y29hdGNoZWNrOng=",
      "Basic YTpi",
      "Basic YTpiOmM=",
      // Percent signs that encode nothing, in the id and in the secret (RFC 6749 §2.3.1).
      ...["a%:b", "%zz:b", "a:b%", "%:%", "%c3:x"].map((pair) => `Basic ${Buffer.from(pair).toString("base64")}`),
      "Basic /////w==",
      "Basic \xff\xfe",
    ],
    ...[
      "Digest username=x",
      "Negotiate x",
      "DPoP x",
      "GNAP x",
      "__proto__ x",
      "Bearer __proto__",
      "x".repeat(8_000),
      "\xff\xfe\xfd",
      "%00",
      "Bearer %00%0d%0a",
      '"',
      "=".repeat(500),
    ],
    ...[
      "Bearer ccr_",
      `Bearer ccr_${"A".repeat(86)}`,
      `Bearer ${"A".repeat(75)}`,
      "Bearer eyJhbGciOiJub25lIn0.e30.",
      // Names that every object answers to.
      ...["constructor", "toString", "__proto__"].flatMap((name) =>
        [
          { alg: name, typ: "at+jwt", kid: "k" },
          { alg: "ES256", typ: "at+jwt", kid: name },
        ].map((header) => `Bearer ${Buffer.from(JSON.stringify(header)).toString("base64url")}.e30.${"A".repeat(86)}`),
      ),
      "\t\tBearer\t\tx\t\t",
      "Bearer\u0001x",
    ],
  ];

  it("is 4xx whatever it holds, twice too, and the process lives", async () => {
    const folder = temporary();
    const server = await startServer(folder.path(""));
    for (const route of routes) {
      const type = route.includes("oauth") ? "application/x-www-form-urlencoded" : "application/json";
      for (const lines of [...values.map((it) => [it]), ["Bearer x", "Bearer y"], ["Basic YTpi", "Bearer x"]]) {
        const headers = lines.map((it) => `Authorization: ${it}\r\n`).join("");
        const heard = await exchange(
          server.url,
          `${route} HTTP/1.1\r\nHost: x\r\n${headers}Content-Type: ${type}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        );
        const [status = 0] = statuses(heard);
        const shownNothing = /^[ \t]*$/.test(lines[0] ?? "") || !/^[ \t]*bearer(?:[ \t]|$)/i.test(lines[0] ?? "");
        // Who shows nothing signs out of nothing, and that is fine.
        if (route === "POST /auth/sign-out" && shownNothing) expect([204, 400, 401], lines.join()).toContain(status);
        else expect([400, 401, 403, 404, 405, 415, 422], `${route} ${lines.join()}`).toContain(status);
      }
    }
    expect(server.process.exitCode).toBeNull();
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    expect(server.output()).not.toContain("internal_error");
    await server.stop();
    folder.remove();
  });
});
