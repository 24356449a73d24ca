import { describe, expect, test } from "vitest";
import { cookiesAfter, fake, json, LIVE, markupOf, problem } from "./fake-api.ts";
import type { Fake, Respond } from "./fake-api.ts";

const TICKET = "coatcheck=live; Max-Age=60; Path=/; HttpOnly; SameSite=Lax";

/** The page that the browser shows after this answer. */
async function follow({ get }: Fake, response: Response): Promise<string> {
  const page = await get(response.headers.get("location") as string, { cookie: cookiesAfter(response) });
  return markupOf(page);
}

/** The `<input>` of a field, as markup. */
function inputOf(text: string, name: string): string {
  return new RegExp(`<input id="${name}"[^>]*>`).exec(text)?.[0] ?? "";
}

describe("signing in", () => {
  const form = { email: "ada@example.org", password: "correct horse" };

  test("hands on the cookie and goes to the account", async () => {
    const { post, calls } = fake({ "POST /auth/sign-in": () => json({}, { "set-cookie": TICKET }) });
    const response = await post("/sign-in", form);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/account"]);
    expect(response.headers.getSetCookie()).toEqual([TICKET]);
    expect(calls[0]?.body).toEqual(form);
  });

  test("a wrong password: back to the form, with the address, the error at the field and the focus there, once", async () => {
    const site = fake({ "POST /auth/sign-in": () => problem("invalid_credentials") });
    const response = await site.post("/sign-in", form);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/sign-in"]);
    const text = await follow(site, response);
    expect(text).toContain("<title>Error: Sign in · Coatcheck</title>");
    expect(text).toContain('<p class="error" id="password-error" role="alert">The address or the password is wrong.</p>');
    expect(inputOf(text, "password")).toMatch(/aria-describedby="password-error" aria-invalid="true" autofocus>$/);
    expect(inputOf(text, "email")).toContain('value="ada@example.org"');
    expect(inputOf(text, "email")).not.toMatch(/autofocus|aria-invalid/);
    const shown = await site.get("/sign-in", { cookie: cookiesAfter(response) });
    expect(cookiesAfter(response, shown)).toBe("");
  });

  test("no password comes back, in no cookie, address or page", async () => {
    const site = fake({ "POST /auth/sign-in": () => problem("invalid_credentials") });
    const response = await site.post("/sign-in", form);
    const decoded = Buffer.from(cookiesAfter(response).split("=")[1] as string, "base64url").toString();
    expect(decoded).toContain("ada@example.org");
    for (const place of [decoded, response.headers.get("location"), await follow(site, response)]) expect(place).not.toContain("horse");
  });

  test("what was typed comes back escaped", async () => {
    const site = fake({ "POST /auth/sign-in": () => problem("invalid_credentials") });
    const text = await follow(site, await site.post("/sign-in", { ...form, email: '"><script>' }));
    expect(inputOf(text, "email")).toContain('value="&quot;&gt;&lt;script&gt;"');
  });

  test("too many tries: says how long to wait, with the focus on it", async () => {
    const site = fake({ "POST /auth/sign-in": () => problem("too_many_requests", { headers: { "retry-after": "840" } }) });
    const text = await follow(site, await site.post("/sign-in", form));
    expect(text).toContain('<p class="alert" role="alert" tabindex="-1" autofocus>Too many tries. Try again in 14 minutes.</p>');
    expect(text.match(/autofocus/g)).toHaveLength(1);
  });

  test("fields that break the schema are named in words of the page", async () => {
    const fields = [{ pointer: "/email", detail: "<b>from the API</b>" }];
    const site = fake({ "POST /auth/sign-in": () => problem("invalid_input", { fields }) });
    const text = await follow(site, await site.post("/sign-in", { email: "x", password: "y" }));
    expect(text).toContain('id="email-error" role="alert">Write the address like name@example.org.<');
    expect(text).not.toContain('class="alert"');
    expect(inputOf(text, "email")).toContain("autofocus");
  });

  test("a field that the form does not have is said above it", async () => {
    const site = fake({ "POST /auth/sign-in": () => problem("invalid_input", { fields: [{ pointer: "/carrier", detail: "" }] }) });
    expect(await follow(site, await site.post("/sign-in", form))).toContain(
      'role="alert" tabindex="-1" autofocus>The input breaks the schema.<',
    );
  });

  test("password managers find what they need, and nothing hinders pasting", async () => {
    const text = await markupOf(await fake().get("/sign-in"));
    expect(inputOf(text, "email")).toBe(
      '<input id="email" name="email" type="email" autocomplete="username" autocapitalize="none" spellcheck="false" required>',
    );
    expect(inputOf(text, "password")).toBe(
      '<input id="password" name="password" type="password" autocomplete="current-password" required>',
    );
    expect(text).toContain('<form method="post" action="/sign-in" novalidate>');
  });
});

describe("what can't be mended in the form is a page of its own", () => {
  const cases: readonly (readonly [string, Respond, number, string])[] = [
    ["another origin", () => problem("cross_origin"), 403, "It was not sent from our own page"],
    ["the store away", () => problem("store_unavailable", { headers: { "retry-after": "3" } }), 503, "Nobody has been logged out."],
    ["overload", () => problem("overloaded", { headers: { "retry-after": "3" } }), 503, "Nobody has been logged out."],
    ["a failure inside", () => problem("internal"), 500, "Something went wrong inside"],
    ["a code that nobody knows", () => json({ code: "constructor" }, {}, 418), 500, "Something went wrong inside"],
    ["a refusal without a body", () => new Response(null, { status: 502 }), 500, "Something went wrong inside"],
  ];

  test.each(cases)("%s", async (_, respond, status, words) => {
    const response = await fake({ "POST /auth/sign-in": respond }).post("/sign-in", { email: "a", password: "b" });
    expect(response.status).toBe(status);
    expect(response.headers.get("retry-after")).toBe(status === 503 ? "3" : null);
    expect(await markupOf(response)).toContain(words);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test.each([
    ["a body of another type", 415, { "content-type": "text/plain" }, "email=a&password=b"],
    ["a field too many", 400, {}, "email=a&password=b&carrier=token"],
    ["too much", 413, {}, `email=${"a".repeat(70_000)}&password=b`],
  ])("%s never reaches the API", async (_, status, headers, body) => {
    const { post, calls } = fake();
    expect((await post("/sign-in", body, headers)).status).toBe(status);
    expect(calls).toEqual([]);
  });
});

describe("who is there already", () => {
  test.each(["/sign-in", "/sign-up"])("goes from %s to the account", async (path) => {
    const response = await fake().get(path, { cookie: LIVE });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/account"]);
  });

  test.each(["/sign-in", "/sign-up", "/account", "/account/confirm", "/"])(
    "with the store away %s is 503 and says that nobody was logged out",
    async (path) => {
      const { get } = fake({ "GET /auth/me": () => problem("store_unavailable", { headers: { "retry-after": "1" } }) });
      const response = await get(path, { cookie: LIVE });
      expect([response.status, response.headers.get("retry-after"), response.headers.getSetCookie()]).toEqual([503, "1", []]);
      expect(await markupOf(response)).toContain("Nobody has been logged out.");
    },
  );
});

describe("signing up", () => {
  const form = { email: "ada@example.org", name: "Ada", password: "a fine long one" };

  test("signs in at once", async () => {
    const { post, calls } = fake({ "POST /auth/sign-up": () => json({}, { "set-cookie": TICKET }, 201) });
    const response = await post("/sign-up", form);
    expect([response.status, response.headers.get("location"), response.headers.getSetCookie()]).toEqual([303, "/account", [TICKET]]);
    expect(calls[0]?.body).toEqual(form);
  });

  test("an empty name is none", async () => {
    const { post, calls } = fake({ "POST /auth/sign-up": () => json({}, {}, 201) });
    await post("/sign-up", { ...form, name: "" });
    expect(calls[0]?.body).toEqual({ email: form.email, password: form.password });
  });

  test.each([
    ["weak_password", "password", "This password is too easy to guess."],
    ["email_taken", "email", "There is an account with this address."],
  ] as const)("%s is said at the field, and all but the password comes back", async (code, field, words) => {
    const site = fake({ "POST /auth/sign-up": () => problem(code) });
    const response = await site.post("/sign-up", form);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/sign-up"]);
    const text = await follow(site, response);
    expect(text).toContain(`id="${field}-error" role="alert">${words}`);
    expect(inputOf(text, field)).toContain("autofocus");
    expect(inputOf(text, "email")).toContain('value="ada@example.org"');
    expect(inputOf(text, "name")).toContain('value="Ada"');
    expect(text).not.toContain(form.password);
  });

  test("the hint and the error both belong to the password", async () => {
    const site = fake({ "POST /auth/sign-up": () => problem("weak_password") });
    const text = await follow(site, await site.post("/sign-up", form));
    expect(inputOf(text, "password")).toContain('autocomplete="new-password" required aria-describedby="password-error password-hint"');
    expect(text).toContain('id="password-hint">At least 8 characters.');
  });

  test("two wrong fields are both named, the focus on the first", async () => {
    const fields = ["/password", "/email"].map((pointer) => ({ pointer, detail: "" }));
    const site = fake({ "POST /auth/sign-up": () => problem("invalid_input", { fields }) });
    const text = await follow(site, await site.post("/sign-up", form));
    expect(inputOf(text, "email")).toContain("autofocus");
    expect(inputOf(text, "password")).toMatch(/aria-invalid="true">$/);
  });

  test("where it is closed the page says so, sign-in does not lead there, and the form comes back to it", async () => {
    const site = fake({ "POST /auth/sign-up": () => problem("sign_up_closed") }, { signUp: "closed" });
    const page = await site.get("/sign-up");
    expect(page.status).toBe(403);
    expect(await markupOf(page)).toContain("<h1>Sign-up is closed</h1>");
    expect(await markupOf(await site.get("/sign-in"))).not.toContain("/sign-up");
    expect((await site.post("/sign-up", form)).headers.get("location")).toBe("/sign-up");
    expect(await markupOf(await fake().get("/sign-in"))).toContain('href="/sign-up"');
  });
});
