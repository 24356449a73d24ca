import { describe, expect, test } from "vitest";
import { cookiesAfter, fake, json, LIVE, markupOf, problem, SID_APP } from "./fake-api.ts";
import type { Fake, Respond } from "./fake-api.ts";

const signedIn = { cookie: LIVE };
const END = `DELETE /auth/sessions/${SID_APP}`;
const END_OTHERS = "DELETE /auth/sessions?keep=current";
const ended: Respond = () => new Response(null, { status: 204 });

async function follow({ get }: Fake, response: Response): Promise<string> {
  const page = await get(response.headers.get("location") as string, { cookie: `${LIVE}; ${cookiesAfter(response)}` });
  return markupOf(page);
}

describe("ending", () => {
  test.each([
    ["one", "/account/end", { sid: SID_APP }, END, ended, "That device is signed out."],
    ["one that had ended", "/account/end", { sid: SID_APP }, END, () => problem("not_found"), "That session had ended already."],
    ["the others", "/account/end-others", {}, END_OTHERS, () => json({ ended: 2 }), "2 other sessions ended."],
    ["one other", "/account/end-others", {}, END_OTHERS, () => json({ ended: 1 }), "1 other session ended."],
    ["no other", "/account/end-others", {}, END_OTHERS, () => json({ ended: 0 }), "No other device was signed in."],
  ] as const)("%s says so on the account page, once", async (_, path, fields, call, respond, words) => {
    const site = fake({ [call]: respond });
    const response = await site.post(path, { ...fields }, signedIn);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/account"]);
    expect(await follow(site, response)).toContain(`<p class="note" role="status">${words}</p>`);
    expect(cookiesAfter(response, await site.get("/account", { cookie: `${LIVE}; ${cookiesAfter(response)}` }))).toBe("");
  });

  test("everywhere asks for no proof, clears the cookie and leads out", async () => {
    const site = fake({ "DELETE /auth/sessions": () => json({ ended: 3 }, { "set-cookie": "coatcheck=; Max-Age=0; Path=/" }) });
    const response = await site.post("/account/end-all", "", signedIn);
    expect([response.status, response.headers.get("location")]).toEqual([303, "/sign-in"]);
    expect(response.headers.getSetCookie()[0]).toBe("coatcheck=; Max-Age=0; Path=/");
    expect(await markupOf(await site.get("/sign-in", { cookie: cookiesAfter(response) }))).toContain(
      "You are signed out everywhere: 3 sessions ended.",
    );
  });

  test.each(["", "x", "../sessions", `${SID_APP}?keep=current`, "%2e%2e", `${SID_APP.slice(0, 21)}B`])(
    "a sid like %j never reaches the API",
    async (sid) => {
      const { post, calls } = fake();
      expect((await post("/account/end", { sid }, signedIn)).status).toBe(400);
      expect(calls).toEqual([]);
    },
  );

  test.each(["/account/end-others", "/account/end-all", "/sign-out"])("%s takes no field", async (path) => {
    const { post, calls } = fake();
    expect((await post(path, "keep=current", signedIn)).status).toBe(400);
    expect(calls).toEqual([]);
  });

  test.each([
    ["/account/end", { sid: SID_APP }],
    ["/account/end-others", {}],
    ["/account/end-all", {}],
  ])("%s from another origin is a 403 page", async (path, fields) => {
    const refused: Respond = () => problem("cross_origin");
    const { post } = fake({ [END]: refused, [END_OTHERS]: refused, "DELETE /auth/sessions": refused });
    const response = await post(path, { ...fields }, { ...signedIn, "sec-fetch-site": "cross-site" });
    expect(response.status).toBe(403);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test("too often is a page with Retry-After: there is no form to go back to", async () => {
    const { post } = fake({ [END_OTHERS]: () => problem("too_many_requests", { headers: { "retry-after": "9" } }) });
    const response = await post("/account/end-others", "", signedIn);
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "9"]);
  });
});

describe("a fresh proof", () => {
  /** An API that asks for the password until it was given: then the cookie is another. */
  function strict(more: Readonly<Record<string, Respond>> = {}): Fake {
    const guarded =
      (respond: Respond): Respond =>
      (seen) =>
        seen.headers.get("cookie")?.includes("coatcheck=fresh") ? respond(seen) : problem("step_up_required");
    return fake({
      [END]: guarded(ended),
      [END_OTHERS]: guarded(() => json({ ended: 1 })),
      "POST /auth/confirm": ({ body }) =>
        (body as { password: string }).password === "right"
          ? json({}, { "set-cookie": "coatcheck=fresh; Path=/; HttpOnly" })
          : problem("invalid_credentials"),
      ...more,
    });
  }

  test.each([
    ["one", "/account/end", { sid: SID_APP }, `end:${SID_APP}`, "sign out another device", END, "That device is signed out."],
    ["the others", "/account/end-others", {}, "end-others", "sign out every other device", END_OTHERS, "1 other session ended."],
  ] as const)("ending %s: asked for, then carried on with the new cookie", async (_, path, fields, pending, words, call, note) => {
    const site = strict();
    const asked = await site.post(path, { ...fields }, { cookie: `a=b; ${LIVE}` });
    expect([asked.status, asked.headers.get("location")]).toEqual([303, "/account/confirm"]);
    const page = await follow(site, asked);
    expect(page).toContain(words);
    expect(page).toContain(`<input type="hidden" name="pending" value="${pending}">`);
    expect(page).toContain('autocomplete="username" value="ada@example.org"');

    const done = await site.post("/account/confirm", { password: "right", pending }, { cookie: `a=b; ${LIVE}` });
    expect([done.status, done.headers.get("location")]).toEqual([303, "/account"]);
    expect(done.headers.getSetCookie()[0]).toBe("coatcheck=fresh; Path=/; HttpOnly");
    expect(site.calls.at(-1)?.call).toBe(call);
    // Both at once would be two of ours with different values: none.
    expect(site.calls.at(-1)?.headers.get("cookie")).toBe("a=b; coatcheck=fresh");
    expect(await follow(site, done)).toContain(note);
  });

  test("a wrong password keeps what was asked, and does nothing", async () => {
    const site = strict();
    const response = await site.post("/account/confirm", { password: "wrong", pending: "end-others" }, signedIn);
    expect(site.calls.map(({ call }) => call)).toEqual(["POST /auth/confirm"]);
    const page = await follow(site, response);
    expect(page).toContain("<title>Error: Confirm that it is you · Coatcheck</title>");
    expect(page).toContain('id="password-error" role="alert">That is not your password.');
    expect(page).toContain('name="pending" value="end-others"');
  });

  test("with nothing pending it goes back to the account", async () => {
    const site = strict();
    expect(await markupOf(await site.get("/account/confirm", signedIn))).toContain('name="pending" value=""');
    const response = await site.post("/account/confirm", { password: "right", pending: "" }, signedIn);
    expect(response.headers.get("location")).toBe("/account");
    expect(site.calls.at(-1)?.call).toBe("POST /auth/confirm");
    expect(await follow(site, response)).toContain("Thank you, that was the right password.");
  });

  test.each([
    "//evil.example",
    "/\\evil.example",
    "https:evil.example",
    "/account",
    "javascript:alert(1)",
    "end:",
    "end:../x",
    `end:${SID_APP}/..`,
    `END:${SID_APP}`,
    "end-all",
    "toString",
  ])("nothing but what the pages write is carried on with: %s", async (pending) => {
    const { post, calls } = strict();
    const response = await post("/account/confirm", { password: "right", pending }, signedIn);
    expect([response.status, response.headers.get("location")]).toEqual([400, null]);
    expect(calls).toEqual([]);
  });

  test("the new cookie arrives even if what follows fails", async () => {
    const site = strict({ [END_OTHERS]: () => problem("store_unavailable", { headers: { "retry-after": "1" } }) });
    const response = await site.post("/account/confirm", { password: "right", pending: "end-others" }, signedIn);
    expect(response.status).toBe(503);
    expect(response.headers.getSetCookie()).toEqual(["coatcheck=fresh; Path=/; HttpOnly"]);
  });
});
