import { describe, expect, test } from "vitest";
import { ERRORS } from "../../src/core/errors.ts";
import { OAUTH_ERRORS } from "../../src/http/oauth-errors.ts";
import { fake, json, LIVE, markupOf, problem, SESSIONS, USER } from "./fake-api.ts";

const signedIn = { cookie: LIVE };

describe("addresses", () => {
  test.each(["/nothing", "/sign-in/", "//sign-in", "/sign%2din", "/Sign-in", "/auth/me", "/account/", "/assets/other.css", "/constructor"])(
    "%s is none of the pages'",
    async (path) => {
      expect(await fake().pages.fetch(new Request(`http://localhost:3000${path}`))).toBeNull();
    },
  );

  test("the base path stands before every address, and nothing else does", async () => {
    const { pages, get } = fake({}, { basePath: "/in" });
    expect(await pages.fetch(new Request("http://localhost:3000/sign-in"))).toBeNull();
    expect(await pages.fetch(new Request("http://localhost:3000/inner"))).toBeNull();
    expect(await pages.fetch(new Request("http://localhost:3000/on/sign-in"))).toBeNull();
    expect((await get("")).headers.get("location")).toBe("/in/sign-in");
    expect((await get("/", signedIn)).headers.get("location")).toBe("/in/account");
  });

  test("with a base path every link, form and stylesheet of every page has it", async () => {
    const { get } = fake({}, { basePath: "/in" });
    const pages = await Promise.all([
      get("/sign-in"),
      get("/sign-up"),
      get("/account", signedIn),
      get("/account/confirm", signedIn),
      get("/errors"),
      get("/sign-out"),
    ]);
    for (const page of pages) {
      const targets = [...(await markupOf(page)).matchAll(/(?:href|action|src)="([^"]*)"/g)].map((match) => match[1] as string);
      expect(targets.length).toBeGreaterThan(2);
      expect(targets.filter((target) => !/^(?:\/in\/|#main$|data:)/.test(target))).toEqual([]);
    }
  });

  test("/ goes to the account of whoever is signed in, else to sign-in", async () => {
    expect((await fake().get("/", signedIn)).headers.get("location")).toBe("/account");
    expect((await fake().get("/")).headers.get("location")).toBe("/sign-in");
  });

  test("a Host header decides nothing", async () => {
    const { pages, calls } = fake();
    const response = await pages.fetch(new Request("http://evil.example/", { headers: { host: "evil.example" } }));
    expect(response?.headers.get("location")).toBe("/sign-in");
    expect(calls[0]?.url).toBe("http://localhost:3000/auth/me");
  });
});

describe("methods", () => {
  test.each([
    ["PUT", "/sign-in", "GET, HEAD, POST"],
    ["GET", "/sign-out", "POST"],
    ["HEAD", "/account/end", "POST"],
    ["POST", "/account", "GET, HEAD"],
    ["OPTIONS", "/", "GET, HEAD"],
    ["DELETE", "/account/end-all", "POST"],
    ["toString", "/errors", "GET, HEAD"],
  ])("%s %s is 405 with Allow", async (method, path, allow) => {
    const { pages, calls } = fake();
    const response = await pages.fetch(new Request(`http://localhost:3000${path}`, { method }));
    expect([response?.status, response?.headers.get("allow")]).toEqual([405, allow]);
    expect(calls).toEqual([]);
  });

  test("HEAD is GET without the body", async () => {
    const { pages } = fake();
    const head = await pages.fetch(new Request("http://localhost:3000/sign-in", { method: "HEAD" }));
    expect([head?.status, head?.headers.get("content-type"), await head?.text()]).toEqual([200, "text/html; charset=utf-8", ""]);
  });
});

describe("headers", () => {
  const answers = { "POST /auth/sign-in": () => problem("store_unavailable", { headers: { "retry-after": "1" } }) };

  async function every(issuer: string): Promise<Response[]> {
    const { get, post } = fake(answers, { issuer });
    const cookie = { cookie: issuer.startsWith("https") ? "coatcheck=live" : LIVE };
    return Promise.all([
      get("/"),
      get("/sign-in"),
      get("/account", cookie),
      get("/errors"),
      get("/sign-out"),
      get("/assets/coatcheck.css"),
      post("/sign-in", "x"),
      post("/sign-in", { email: "a", password: "b" }),
    ]);
  }

  test("every answer carries them, whatever its status", async () => {
    const responses = await every("http://localhost:3000");
    expect(responses.map(({ status }) => status)).toEqual([303, 200, 200, 200, 405, 200, 400, 503]);
    for (const { headers } of responses) {
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
      );
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      // `no-referrer` would make browsers send `Origin: null` with our own forms.
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("strict-transport-security")).toBeNull();
    }
  });

  test("HSTS wherever the issuer is https", async () => {
    for (const { headers } of await every("https://id.example.org")) {
      expect(headers.get("strict-transport-security")).toBe("max-age=63072000; includeSubDomains");
    }
  });

  test("no page is kept", async () => {
    const { get } = fake();
    expect((await get("/sign-in")).headers.get("cache-control")).toBe("no-store");
    expect((await get("/")).headers.get("cache-control")).toBe("no-store");
  });
});

describe("the stylesheet", () => {
  test("is kept for good under the address that the pages use", async () => {
    const { get, calls } = fake();
    const address = /<link rel="stylesheet" href="([^"]*)"/.exec(await markupOf(await get("/errors")))?.[1] as string;
    const response = await get(address);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("content-type")).toBe("text/css; charset=utf-8");
    expect(await markupOf(response)).toContain("prefers-color-scheme: dark");
    expect(calls).toEqual([]);
  });

  test.each(["", "?v=other", "?x=1"])("but not under %s", async (query) => {
    expect((await fake().get(`/assets/coatcheck.css${query}`)).headers.get("cache-control")).toBe("no-cache");
  });
});

describe("what the API is told", () => {
  test("the browser's cookie, origin and device, and the peer; no Authorization", async () => {
    const { post, calls } = fake({ "POST /auth/sign-in": () => json({}) });
    const headers = {
      cookie: "a=b; coatcheck=old",
      origin: "http://localhost:3000",
      "sec-fetch-site": "same-site",
      "user-agent": "Browser/1",
      "x-forwarded-for": "203.0.113.7",
    };
    await post("/sign-in", { email: "a", password: "b" }, { ...headers, authorization: "Bearer x", "x-other": "1" });
    expect(Object.fromEntries(calls[0]?.headers ?? [])).toEqual({
      ...headers,
      accept: "application/json",
      "content-type": "application/json",
    });
    expect(calls[0]?.peer).toEqual({ address: "192.0.2.9" });
  });
});

describe("every page", () => {
  test("has no script, a language, one h1, a main landmark and a skip link to it", async () => {
    const { get } = fake();
    const pages = await Promise.all([
      get("/sign-in"),
      get("/sign-up"),
      get("/account", signedIn),
      get("/account/confirm", signedIn),
      get("/errors"),
      get("/sign-out"),
    ]);
    for (const page of pages) {
      const text = await markupOf(page);
      expect(text).toMatch(/^<!doctype html> <html lang="en">/);
      expect(text).not.toMatch(/<script|<style| style=| on\w+=|javascript:/i);
      expect(text.match(/<h1>/g)).toHaveLength(1);
      expect(text).toMatch(/<title>[^<]+ · Coatcheck<\/title>/);
      expect(text).toMatch(/<body[^>]*>\s*<a class="skip" href="#main">/);
      expect(text).toContain('<main id="main"');
      const ids = [...text.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
      expect(new Set(ids).size).toBe(ids.length);
      const named = [...text.matchAll(/(?:for|aria-labelledby)="([^"]*)"/g)].map((match) => match[1]);
      expect(named.filter((id) => !ids.includes(id))).toEqual([]);
    }
  });

  test("that only a signed-in person sees has the way out", async () => {
    const { get } = fake();
    for (const path of ["/account", "/account/confirm"]) expect(await markupOf(await get(path, signedIn))).toContain('action="/sign-out"');
  });

  test("passes on a cookie that the API renews while it is looked at", async () => {
    const renewed = "coatcheck=live; Max-Age=9; Path=/";
    const { get } = fake({
      "GET /auth/me": () => json({ user: USER, session: SESSIONS[0] }, { "set-cookie": "coatcheck=live; Max-Age=8; Path=/" }),
      "GET /auth/sessions": () => json({ sessions: SESSIONS }, { "set-cookie": renewed }),
    });
    expect((await get("/account", signedIn)).headers.getSetCookie()).toEqual([renewed]);
  });
});

describe("/errors", () => {
  test("names every error with its status, title and mend, each under an anchor", async () => {
    const { get, calls } = fake();
    const text = await markupOf(await get("/errors"));
    const sections = new Map(
      [...text.matchAll(/<section class="card entry" id="(\w+)"[\s\S]*?<\/section>/g)].map((match) => [match[1] as string, match[0]]),
    );
    const all = { ...ERRORS, ...OAUTH_ERRORS };
    expect([...sections.keys()]).toEqual(Object.keys(all));
    for (const [code, { status, title, mend }] of Object.entries(all)) {
      const shown = (sections.get(code) as string).replaceAll("&#39;", "'");
      for (const part of [String(status), title, mend]) expect(shown).toContain(part);
    }
    expect(calls).toEqual([]);
  });
});
