import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RawConnection } from "../server/raw.ts";
import { temporary } from "../stores/open.ts";
import { launchBrowser } from "../support/browser.ts";
import { startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";
import { startFront } from "../support/tls.ts";
import type { Front } from "../support/tls.ts";

// The real server behind a proxy that speaks https, a real browser, and two hostile sites: a sibling of ours and a stranger.

const OURS = "https://id.coatcheck.test";
const SIBLING = "https://evil.coatcheck.test";
const STRANGER = "https://evil.test";
const NAME = "__Host-Http-coatcheck";
const PASSWORD = "correct horse battery";

let browser: Browser;
let server: RunningServer;
let front: Front;
const folder = temporary();
/** What the hostile sites answer. */
let evil: (incoming: IncomingMessage, outgoing: ServerResponse) => void;

beforeAll(async () => {
  writeFileSync(folder.path("secret"), randomBytes(32).toString("base64url"), { mode: 0o600 });
  const flags = ["--issuer", OURS, "--host", "127.0.0.1", "--secret-file", folder.path("secret"), "--sign-up", "at-once"];
  server = await startServer(folder.path(""), flags);
  front = await startFront(new URL(OURS).host, server.url, (incoming, outgoing) => evil(incoming, outgoing));
  browser = await launchBrowser([`--host-resolver-rules=MAP *.test 127.0.0.1:${front.port}`]);
  await call("/auth/sign-up", { email: "ada@example.com", password: PASSWORD });
}, 60_000);
afterAll(async () => {
  await browser.close();
  await front.close();
  await server.stop();
  folder.remove();
});

let context: BrowserContext;
let page: Page;
beforeEach(async () => {
  evil = (_, outgoing) => outgoing.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>evil</title>");
  context = await browser.newContext({ ignoreHTTPSErrors: true });
  page = await context.newPage();
});
afterEach(() => context.close());

/** A call that no browser makes: what an attacker sends for themselves. @returns the ticket that it set. */
async function call(path: string, body: object): Promise<string> {
  const answer = await fetch(server.url + path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (answer.headers.get("set-cookie") ?? "").split(";", 1)[0]?.slice(NAME.length + 1) ?? "";
}

async function signIn(): Promise<string> {
  await page.goto(`${OURS}/sign-in`);
  await page.getByLabel(/e-?mail/i).fill("ada@example.com");
  await page.getByLabel(/password/i).fill(PASSWORD);
  await page.getByRole("button", { name: /sign in/i }).click();
  await page.waitForURL(/\/account$/);
  return ticket();
}

async function ticket(): Promise<string> {
  return (await context.cookies(OURS)).find(({ name }) => name === NAME)?.value ?? "";
}

/** Who the server takes this browser for. */
async function who(): Promise<string | number> {
  const answer = await page.goto(`${OURS}/auth/me`);
  if (answer === null) throw new Error("no answer");
  return answer.ok() ? ((await answer.json()) as { readonly user: { readonly email: string } }).user.email : answer.status();
}

/** Sets these cookies at a hostile site, by script and by header. */
async function toss(site: string, cookies: readonly string[]): Promise<void> {
  evil = (_, outgoing) => {
    outgoing.setHeader(
      "set-cookie",
      cookies.map((it) => Buffer.from(it).toString("latin1")),
    );
    outgoing.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>evil</title>");
  };
  await page.goto(`${site}/`);
  await page.evaluate((all) => {
    for (const cookie of all) document.cookie = cookie;
  }, cookies);
}

const attackers = (): Promise<string> => call("/auth/sign-in", { email: "ada@example.com", password: PASSWORD });

describe("C1 cookie tossing and jar overflow (RFC 6265bis §8.6)", { timeout: 60_000 }, () => {
  it("no sibling host, and no script of our own, can set a cookie of our name", async () => {
    const own = await signIn();
    const planted = await attackers();
    const attributes = ["Domain=coatcheck.test", "Domain=id.coatcheck.test", "Path=/auth", "Domain=coatcheck.test; Path=/auth/me", ""];
    await toss(
      SIBLING,
      attributes.map((it) => `${NAME}=${planted}; Secure; Path=/; ${it}`),
    );
    expect(await ticket()).toBe(own);
    await page.goto(`${OURS}/healthz`);
    await page.evaluate((value) => {
      document.cookie = `__Host-Http-coatcheck=${value}; Secure; Path=/`;
    }, planted);
    expect(await ticket()).toBe(own);
    expect(await page.evaluate(() => document.cookie)).not.toContain("coatcheck");
    expect(await who()).toBe("ada@example.com");
  });

  it("a jar that overflows logs nobody in as somebody else, and ends nothing", async () => {
    const own = await signIn();
    await toss(
      SIBLING,
      Array.from({ length: 200 }, (_, at) => `flood${at}=${"x".repeat(40)}; Domain=coatcheck.test; Secure; Path=/`),
    );
    expect(["ada@example.com", 401]).toContain(await who());
    // Evicted or not: the session itself lives.
    const answer = await fetch(`${server.url}/auth/me`, { headers: { cookie: `${NAME}=${own}` } });
    expect(answer.status).toBe(200);
  });
});

describe("C1 cookie tossing, where it works after all", () => {
  it("of two cookies of our name, each of them good, neither counts, in whatever order: nobody is logged in as somebody else", async () => {
    const [own, planted] = [await attackers(), await call("/auth/sign-up", { email: "tosser@example.com", password: PASSWORD })];
    const me = (cookie: string): Promise<Response> => fetch(`${server.url}/auth/me`, { headers: { cookie } });
    for (const [first, second] of [
      [own, planted],
      [planted, own],
    ])
      expect((await me(`${NAME}=${first}; ${NAME}=${second}`)).status).toBe(401);
    for (const ticket of [own, planted]) expect((await me(`${NAME}=${ticket}`)).status).toBe(200);
  });
});

describe("C2 prefix bypass by a lenient parser, in Chromium (Cookie Chaos, GHSA-r5rp-j6wh-rvv4)", { timeout: 60_000 }, () => {
  it("names that only look like ours do arrive, and open nothing", async () => {
    const planted = await attackers();
    const looks = ["\u2000", "\u00a0", "\u3000", "\ufeff", "\u0085", "$Version=1,"].map((it) => `${it}${NAME}`);
    const names = [...looks, NAME.toUpperCase(), `${NAME}\u00a0`, `"${NAME}"`, "coatcheck", "__Secure-coatcheck"];
    await toss(SIBLING, [
      ...names.map((it) => `${it}=${planted}; Domain=coatcheck.test; Secure; Path=/`),
      `=${NAME}=${planted}; Domain=coatcheck.test; Secure; Path=/`,
    ]);
    const before = front.heard.length;
    expect(await who()).toBe(401);
    const sent = front.heard.slice(before).find(({ path }) => path === "/auth/me")?.cookie ?? "";
    // The browser did send some of them: nothing but our own reading of the name stood in the way.
    expect(sent).toContain(planted);
    const own = await signIn();
    expect(await ticket()).toBe(own);
    expect(await who()).toBe("ada@example.com");
  });
});

describe("W1 CSRF, login CSRF and log-out CSRF", { timeout: 120_000 }, () => {
  interface Strike {
    readonly action: string;
    readonly type: string;
    readonly fields: Readonly<Record<string, string>>;
  }

  const credentials = { email: "mallory@example.com", password: PASSWORD };
  const asText = (body: object): Readonly<Record<string, string>> => {
    // A form of text/plain is `name=value`: the equals sign is hidden inside of a member.
    const json = JSON.stringify({ ...body, x: "=" });
    const cut = json.indexOf("=");
    return { [json.slice(0, cut)]: json.slice(cut + 1) };
  };
  const STRIKES: readonly Strike[] = [
    ...["/auth/sign-out", "/auth/sign-in"].flatMap((action) =>
      ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"].map((type) => ({
        action,
        type,
        fields: asText(credentials),
      })),
    ),
    ...["/sign-out", "/account/end-all"].map((action) => ({ action, type: "application/x-www-form-urlencoded", fields: {} })),
    { action: "/sign-in", type: "application/x-www-form-urlencoded", fields: credentials },
  ];

  beforeAll(async () => {
    await call("/auth/sign-up", credentials);
  });

  it.each([
    ["a sibling", SIBLING],
    ["a stranger", STRANGER],
  ])("no form, beacon, fetch or bounce of %s changes who is logged in", async (_, site) => {
    const own = await signIn();
    for (const strike of STRIKES) {
      await page.goto(`${site}/`);
      await page.evaluate(
        ({ action, type, fields, ours }) => {
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action: ours + action, enctype: type });
          for (const [name, value] of Object.entries(fields)) {
            const input = document.createElement("input");
            Object.assign(input, { name, value, type: "hidden" });
            form.append(input);
          }
          document.body.append(form);
          form.submit();
        },
        { ...strike, ours: OURS },
      );
      await page.waitForURL(`${OURS}${strike.action}`);
      expect(await ticket()).toBe(own);
    }
    await page.goto(`${site}/`);
    const outcomes = await page.evaluate(
      async ({ ours, body }) => {
        const said: string[] = [];
        const attempt = async (init: RequestInit, path: string): Promise<void> => {
          try {
            const answer = await fetch(ours + path, { credentials: "include", ...init });
            said.push(`${path} ${answer.type} ${answer.status}`);
          } catch {
            said.push(`${path} blocked`);
          }
        };
        navigator.sendBeacon(`${ours}/auth/sign-out`, body);
        navigator.sendBeacon(`${ours}/auth/sign-in`, new Blob([body], { type: "text/plain" }));
        await attempt({ method: "POST", mode: "no-cors", body }, "/auth/sign-in");
        await attempt({ method: "POST", mode: "no-cors" }, "/auth/sign-out");
        await attempt({ method: "POST", body, headers: { "content-type": "application/json" } }, "/auth/sign-in");
        await attempt({ method: "DELETE" }, "/auth/sessions");
        await attempt({ method: "POST" }, "/auth/sign-out");
        return said;
      },
      { ours: OURS, body: JSON.stringify(credentials) },
    );
    expect(outcomes.slice(2)).toEqual(["/auth/sign-in blocked", "/auth/sessions blocked", "/auth/sign-out blocked"]);
    expect(await ticket()).toBe(own);

    // 307 keeps method and body: a form that is sent to the site itself and bounced to us comes from there all the same.
    evil = (incoming, outgoing) => {
      if (incoming.method === "POST") outgoing.writeHead(307, { location: `${OURS}/sign-out` }).end();
      else
        outgoing
          .writeHead(200, { "content-type": "text/html" })
          .end(`<form method="post" action="/bounce"><button>go</button></form><script>document.forms[0].submit()</script>`);
    };
    await page.goto(`${site}/`);
    await page.waitForURL(`${OURS}/sign-out`);
    expect(await ticket()).toBe(own);
    expect(await who()).toBe("ada@example.com");
  });

  it("the same button on our own page works: it is not the form that is refused", async () => {
    const own = await signIn();
    await page.getByRole("button", { name: "Sign out", exact: true }).first().click();
    await page.waitForURL(/\/sign-in$/);
    expect(await ticket()).toBe("");
    const after = new RawConnection(Number(new URL(server.url).port));
    after.send(`GET /auth/me HTTP/1.1\r\nHost: x\r\nCookie: ${NAME}=${own}\r\nConnection: close\r\n\r\n`);
    expect(await after.toEnd()).toMatch(/^HTTP\/1\.1 401 /);
  });
});
