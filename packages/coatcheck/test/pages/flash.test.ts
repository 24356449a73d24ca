import { describe, expect, test } from "vitest";
import { setFlash, takeFlash } from "../../src/pages/flash.ts";
import { createSite } from "../../src/pages/site.ts";
import type { Site } from "../../src/pages/site.ts";
import { NOW, SID_APP } from "./fake-api.ts";

function site(issuer: string, basePath = ""): Site {
  return createSite({ issuer, basePath, signUp: "closed", clock: { now: () => NOW }, api: () => Promise.reject(new Error("not called")) });
}

const LOCAL = site("http://localhost:3000");
const PUBLIC = site("https://id.example.org", "/in");

function take(at: Site, page: "/sign-in" | "/account" | "/account/confirm", cookie: string): ReturnType<typeof takeFlash> {
  return takeFlash({ site: at, request: new Request("http://localhost/", { headers: { cookie } }), peer: undefined }, page);
}

function pairOf(setCookie: string): string {
  return setCookie.split(";", 1)[0] as string;
}

function planted(value: unknown): string {
  return `coatcheck-flash-sign-in=${Buffer.from(JSON.stringify(value)).toString("base64url")}`;
}

test("what one page hands over, the other takes", () => {
  const flash = { code: "invalid_input", fields: ["email"], email: "ä\u0000; x", retryAfter: 30 } as const;
  expect(take(LOCAL, "/sign-in", `a=b; ${pairOf(setFlash(LOCAL, "/sign-in", flash))}; c=d`).flash).toMatchObject(flash);
});

test("lives a minute, for its page alone, out of script's reach", () => {
  expect(setFlash(LOCAL, "/account/confirm", {})).toMatch(
    /^coatcheck-flash-account-confirm=[\w-]+; Max-Age=60; Path=\/account\/confirm; HttpOnly; SameSite=Strict$/,
  );
  expect(setFlash(PUBLIC, "/sign-in", {})).toMatch(
    /^__Secure-coatcheck-flash-sign-in=[\w-]+; Max-Age=60; Path=\/in\/sign-in; Secure; HttpOnly; SameSite=Strict$/,
  );
});

test("taking it clears it, with the same path; without one there is nothing to clear", () => {
  const taken = take(PUBLIC, "/sign-in", pairOf(setFlash(PUBLIC, "/sign-in", { note: "signed_out" })));
  expect(taken.setCookies).toEqual(["__Secure-coatcheck-flash-sign-in=; Max-Age=0; Path=/in/sign-in; Secure; HttpOnly; SameSite=Strict"]);
  expect(take(PUBLIC, "/sign-in", "a=b")).toEqual({ flash: {}, setCookies: [] });
});

test("a page does not take what was handed to the page above it", () => {
  expect(take(LOCAL, "/account/confirm", pairOf(setFlash(LOCAL, "/account", { note: "confirmed" })))).toEqual({
    flash: {},
    setCookies: [],
  });
});

test("over https the name without its prefix is nobody's", () => {
  expect(take(PUBLIC, "/sign-in", planted({ note: "signed_out" })).flash).toEqual({});
});

test("drops what was typed rather than outgrow a cookie, and keeps the reason", () => {
  const value = setFlash(LOCAL, "/sign-up", { code: "invalid_input", fields: ["email"], email: "a".repeat(4_000), name: "b" });
  expect(value.length).toBeLessThan(4_096);
  expect(JSON.parse(Buffer.from(pairOf(value).split("=")[1] as string, "base64url").toString())).toEqual({
    code: "invalid_input",
    fields: ["email"],
  });
});

describe("what somebody planted says nothing:", () => {
  test.each([
    ["no JSON", "coatcheck-flash-sign-in=%%%"],
    ["nothing", "coatcheck-flash-sign-in="],
    ["null", planted(null)],
    ["a list", planted([1])],
    ["an unknown note", planted({ note: "you_won" })],
    ["a note of Object.prototype", planted({ note: "toString" })],
    ["an unknown code", planted({ code: "constructor" })],
    ["numbers that count nothing", planted({ count: -1, retryAfter: 1.5 })],
    ["values of wrong types", planted({ note: 1, code: {}, fields: "email", email: 7, name: [], pending: 1 })],
    ["an address to go to", planted({ pending: "//evil.example" })],
    ["a sid that is none", planted({ pending: `end:${SID_APP}x` })],
  ])("%s", (_, cookie) => {
    const { flash } = take(LOCAL, "/sign-in", cookie);
    expect(Object.values(flash).filter((value) => value !== undefined)).toEqual([]);
  });
});
