import { describe, expect, test } from "vitest";
import { cookiesAfter, fake, json, LIVE, markupOf, problem, SESSIONS, SID_APP, SID_HERE, USER } from "./fake-api.ts";

const signedIn = { cookie: LIVE };

/** The device rows, in order. */
function rowsOf(text: string): readonly string[] {
  return [...text.matchAll(/<li class="device">[\s\S]*?<\/li>/g)].map((match) => match[0]);
}

describe("the account", () => {
  test("shows who one is, escaped", async () => {
    const text = await markupOf(await fake().get("/account", signedIn));
    expect(text).toContain("Ada &lt;b&gt;Lovelace&lt;/b&gt;");
    expect(text).toContain("ada@example.org");
    expect(text).toContain('Here since <time datetime="2026-10-01T09:30:00.000Z">1 October 2026</time>');
  });

  test("without a name it shows the address once", async () => {
    const { get } = fake({ "GET /auth/me": () => json({ user: { ...USER, name: "" }, session: SESSIONS[0] }) });
    const person = /<section class="card person"[\s\S]*?<\/section>/.exec(await markupOf(await get("/account", signedIn)))?.[0];
    expect(person?.match(/ada@example\.org/g)).toHaveLength(1);
  });

  test("lists devices in the order of the API, this one marked and without a button", async () => {
    const [here, app, ...more] = rowsOf(await markupOf(await fake().get("/account", signedIn))) as [string, string, ...string[]];
    expect(more).toEqual([]);
    expect(here).toContain('Firefox on Linux <span class="badge">This one</span>');
    expect(here).toMatch(/Website .*203\.0\.113\.7/);
    expect(here).toContain('Last active <time datetime="2026-11-24T08:00:00.000Z">just now</time>');
    expect(here).not.toContain("<form");
    expect(app).toContain("okhttp &lt;i&gt;");
    expect(app).toMatch(/App .*address unknown/);
    expect(app).toContain("3 minutes ago");
    expect(app).toContain('Signed in <time datetime="2026-11-20T07:05:00.000Z">20 November 2026, 07:05 UTC</time>');
    expect(app).toContain(`<input type="hidden" name="sid" value="${SID_APP}">`);
    expect(app).toContain('End<span class="unseen"> okhttp &lt;i&gt;, signed in');
    expect(app).not.toContain("This one");
  });

  test("alone there are no others to end, but everywhere is always there", async () => {
    const alone = await markupOf(
      await fake({ "GET /auth/sessions": () => json({ sessions: SESSIONS.slice(0, 1) }) }).get("/account", signedIn),
    );
    expect(alone).not.toContain('action="/account/end-others"');
    expect(alone).toContain('action="/account/end-all"');
    expect(await markupOf(await fake().get("/account", signedIn))).toContain('action="/account/end-others"');
  });

  test("tells a password manager whose password it is", async () => {
    const text = await markupOf(await fake().get("/account", signedIn));
    expect(text).toMatch(
      /<form method="post" action="\/account\/password" novalidate>\s*<input type="email" autocomplete="username" value="ada@example.org" readonly hidden>/,
    );
    expect(text).toContain('<input id="current" name="current" type="password" autocomplete="current-password" required>');
    expect(text).toContain('<input id="new" name="new" type="password" autocomplete="new-password" required aria-describedby="new-hint">');
  });
});

describe("without a session", () => {
  test("one is sent to sign in, without ado", async () => {
    for (const path of ["/account", "/account/confirm"]) {
      const response = await fake().get(path);
      expect([response.status, response.headers.get("location"), response.headers.getSetCookie()]).toEqual([303, "/sign-in", []]);
    }
  });

  test.each([
    ["http://localhost:3000", "coatcheck"],
    ["https://id.example.org", "__Host-Http-coatcheck"],
  ])("a dead cookie at %s is told kindly, and the API may clear it", async (issuer, name) => {
    const clear = `${name}=; Max-Age=0; Path=/`;
    const { get } = fake({ "GET /auth/me": () => problem("unauthenticated", { headers: { "set-cookie": clear } }) }, { issuer });
    const response = await get("/account", { cookie: `${name}=dead` });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/sign-in"]);
    expect(response.headers.getSetCookie()[0]).toBe(clear);
    const page = await markupOf(await get("/sign-in", { cookie: cookiesAfter(response) }));
    expect(page).toContain('<p class="note" role="status">You are no longer signed in here');
  });

  test("a session that dies between two calls is told too", async () => {
    const { get } = fake({ "GET /auth/sessions": () => problem("unauthenticated") });
    expect((await get("/account", signedIn)).headers.get("location")).toBe("/sign-in");
  });

  test.each(["/account/end-others", "/account/end-all", "/account/password", "/account/end", "/account/confirm", "/sign-out"])(
    "%s sends to sign-in",
    async (path) => {
      const refused = () => problem("unauthenticated");
      const calls = [
        "DELETE /auth/sessions?keep=current",
        "DELETE /auth/sessions",
        "POST /auth/password",
        `DELETE /auth/sessions/${SID_APP}`,
        "POST /auth/confirm",
        "POST /auth/sign-out",
      ];
      const fields: Record<string, Record<string, string>> = {
        "/account/password": { current: "a", new: "b" },
        "/account/end": { sid: SID_APP },
        "/account/confirm": { password: "a", pending: "" },
      };
      const { post } = fake(Object.fromEntries(calls.map((call) => [call, refused])));
      const response = await post(path, fields[path] ?? {}, { cookie: "coatcheck=dead" });
      expect([response.status, response.headers.get("location")]).toEqual([303, "/sign-in"]);
      expect(cookiesAfter(response)).toContain("coatcheck-flash-sign-in=");
    },
  );
});

describe("signing out", () => {
  test("clears the cookie, passes on Clear-Site-Data and says so", async () => {
    const headers = { "set-cookie": "coatcheck=; Max-Age=0; Path=/", "clear-site-data": '"cache"' };
    const { post, get } = fake({ "POST /auth/sign-out": () => new Response(null, { status: 204, headers }) });
    const response = await post("/sign-out", "", signedIn);
    expect([response.status, response.headers.get("location"), response.headers.get("clear-site-data")]).toEqual([
      303,
      "/sign-in",
      '"cache"',
    ]);
    expect(response.headers.getSetCookie()[0]).toBe("coatcheck=; Max-Age=0; Path=/");
    expect(await markupOf(await get("/sign-in", { cookie: cookiesAfter(response) }))).toContain("You are signed out.");
  });

  test("with the store away: this browser is signed out, the session may live on, and nobody claims otherwise", async () => {
    const headers = { "set-cookie": "coatcheck=; Max-Age=0; Path=/", "retry-after": "1" };
    const { post } = fake({ "POST /auth/sign-out": () => problem("store_unavailable", { headers }) });
    const response = await post("/sign-out", "", signedIn);
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(response.headers.getSetCookie()).toEqual(["coatcheck=; Max-Age=0; Path=/"]);
    const text = await markupOf(response);
    expect(text).toContain("the session itself may live on");
    expect(text).not.toContain("Nobody has been logged out");
  });
});

describe("the password", () => {
  test("changes with the current one, renews the cookie and says what else ended", async () => {
    const { post, get, calls } = fake({ "POST /auth/password": () => json({}, { "set-cookie": "coatcheck=live; Path=/" }) });
    const response = await post("/account/password", { current: "old one", new: " new one " }, signedIn);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/account"]);
    expect(calls[0]?.body).toEqual({ current: "old one", new: " new one " });
    expect(await markupOf(await get("/account", { cookie: cookiesAfter(response) }))).toContain(
      "Your password is changed, and every other device is signed out.",
    );
  });

  test.each([
    ["invalid_credentials", "current", "That is not your current password."],
    ["weak_password", "new", "This password is too easy to guess."],
  ] as const)("%s is said at the field, with neither password", async (code, field, words) => {
    const { post, get } = fake({ "POST /auth/password": () => problem(code) });
    const response = await post("/account/password", { current: "old one", new: "new one" }, signedIn);
    const text = await markupOf(await get("/account", { cookie: `${LIVE}; ${cookiesAfter(response)}` }));
    expect(text).toContain("<title>Error: Your account · Coatcheck</title>");
    expect(text).toContain(`id="${field}-error" role="alert">${words}`);
    expect(text).toMatch(new RegExp(`<input id="${field}"[^>]* aria-invalid="true" autofocus>`));
    expect(text).not.toMatch(/old one|new one/);
  });
});

test("ending this one's own session by hand leads out", async () => {
  const { post } = fake({
    [`DELETE /auth/sessions/${SID_HERE}`]: () => new Response(null, { status: 204, headers: { "set-cookie": "coatcheck=; Max-Age=0" } }),
  });
  const response = await post("/account/end", { sid: SID_HERE }, signedIn);
  expect(response.headers.get("location")).toBe("/account");
  expect((await fake().get("/account", { cookie: cookiesAfter(response) })).headers.get("location")).toBe("/sign-in");
});
