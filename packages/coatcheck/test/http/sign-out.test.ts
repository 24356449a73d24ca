import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { COOKIE, ISSUER, openHouse } from "./support.ts";
import type { House } from "./support.ts";

const ME = "/auth/me";
const SIGN_OUT = "/auth/sign-out";

describe("POST /auth/sign-out", () => {
  it("ends the cookie's session and clears the cookie", async () => {
    const { arrive, call, events } = await openHouse();
    const { headers } = await arrive();
    const got = await call("POST", SIGN_OUT, { headers });
    expect(got).toMatchObject({ status: 204, text: "", ticket: "" });
    expect(got.headers.get("set-cookie")).toBe(`${COOKIE}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax`);
    expect(got.headers.get("clear-site-data")).toBe('"cache"');
    expect((await call("GET", ME, { headers })).status).toBe(401);
    expect(await events()).toEqual(["sign_up", "session_started", "session_ended"]);
  });

  it("ends the access token's session, however old the token is", async () => {
    const { arrive, call, clock, store } = await openHouse();
    const { headers, sid } = await arrive("token");
    clock.advance("1h");
    expect((await call("GET", ME, { headers })).status).toBe(401);
    expect(await call("POST", SIGN_OUT, { headers })).toMatchObject({ status: 204, ticket: null });
    expect((await store.sessions.find(sid as never))?.session.endedSeq).not.toBeNull();
  });

  it("ends the session of a refresh token in the body, and the cookie's with it", async () => {
    const { arrive, signIn, call } = await openHouse();
    const inBrowser = await arrive();
    const app = await signIn("token");
    const got = await call("POST", SIGN_OUT, { headers: inBrowser.headers, json: { refresh_token: app.got.json.refresh_token } });
    expect(got).toMatchObject({ status: 204, ticket: "" });
    expect((await call("GET", ME, { headers: app.headers })).status).toBe(401);
    expect((await call("GET", ME, { headers: inBrowser.headers })).status).toBe(401);
  });

  it("with a bearer token neither ends nor clears the cookie that came along", async () => {
    const { arrive, signIn, call } = await openHouse();
    const inBrowser = await arrive();
    const app = await signIn("token");
    expect(await call("POST", SIGN_OUT, { headers: { ...inBrowser.headers, ...app.headers } })).toMatchObject({
      status: 204,
      ticket: null,
    });
    expect((await call("GET", ME, { headers: inBrowser.headers })).status).toBe(200);
  });

  it("is 204 when nothing was shown, with and without a body", async () => {
    const { call } = await openHouse();
    expect(await call("POST", SIGN_OUT)).toMatchObject({ status: 204, ticket: "" });
    expect(await call("POST", SIGN_OUT, { json: {} })).toMatchObject({ status: 204 });
    expect(await call("POST", SIGN_OUT, { body: "", headers: { "content-type": "application/x-www-form-urlencoded" } })).toMatchObject({
      status: 204,
    });
  });

  it("is 204 again for a session that has ended", async () => {
    const { arrive, call } = await openHouse();
    const { headers } = await arrive();
    expect((await call("POST", SIGN_OUT, { headers })).status).toBe(204);
    expect((await call("POST", SIGN_OUT, { headers })).status).toBe(204);
  });

  it.each([
    ["a cookie that is made up", { cookie: `${COOKIE}=${"A".repeat(75)}`, origin: ISSUER }, undefined, "unauthenticated", "Bearer"],
    ["two cookies", { cookie: `${COOKIE}=a; ${COOKIE}=b`, origin: ISSUER }, undefined, "unauthenticated", "Bearer"],
    ["a token that is made up", { authorization: "Bearer abc.def.ghi" }, undefined, "invalid_token", 'Bearer error="invalid_token"'],
    ["no token after the scheme", { authorization: "Bearer" }, undefined, "invalid_token", 'Bearer error="invalid_token"'],
    ["a refresh token that is made up", {}, { refresh_token: "abc" }, "unauthenticated", "Bearer"],
  ])("is 401 for %s, and clears nothing", async (_, headers, json, code, challenge) => {
    const { call } = await openHouse();
    const got = await call("POST", SIGN_OUT, { headers, json });
    expect(got).toMatchObject({ status: 401, json: { code }, ticket: null });
    expect(got.headers.get("www-authenticate")).toBe(challenge);
  });

  it("ends nothing if anything that was shown is not authentic: nobody is told that they are out when they are not", async () => {
    const { arrive, call } = await openHouse();
    const { headers } = await arrive();
    expect(await call("POST", SIGN_OUT, { headers, json: { refresh_token: "abc" } })).toMatchObject({ status: 401, ticket: null });
    expect((await call("GET", ME, { headers })).status).toBe(200);
  });

  it.each([
    [{ refresh_token: 1 }, "/refresh_token"],
    [{ token: "x" }, "/token"],
  ])("is 422 for %j", async (json, pointer) => {
    const { call } = await openHouse();
    expect(await call("POST", SIGN_OUT, { json })).toMatchObject({ status: 422, json: { errors: [{ pointer }] } });
  });

  it("with the store away is 503, the cookie cleared all the same, and says that the session may live on", async () => {
    const { house, cut } = await houseWithAFuse();
    const { headers } = await house.arrive();
    cut();
    const got = await house.call("POST", SIGN_OUT, { headers });
    expect(got).toMatchObject({
      status: 503,
      json: { code: "store_unavailable", detail: expect.stringContaining("may live on") },
      ticket: "",
    });
    expect(got.headers.get("retry-after")).toBe("1");
    expect(got.headers.get("clear-site-data")).toBeNull();
  });

  it("with the store away and a bearer token is 503 and leaves the cookie", async () => {
    const { house, cut } = await houseWithAFuse();
    const { headers } = await house.arrive("token");
    cut();
    expect(await house.call("POST", SIGN_OUT, { headers })).toMatchObject({ status: 503, ticket: null });
  });
});

/** A house whose sessions can't be ended any more once the fuse is cut. */
async function houseWithAFuse(): Promise<{ house: House; cut: () => void }> {
  let isCut = false;
  const house = await openHouse({
    wrap: ({ engine }) => {
      const end = engine.sessions.end.bind(engine.sessions);
      engine.sessions.end = (...args) => (isCut ? Promise.reject(new StoreUnavailable(new Error("gone"))) : end(...args));
      return engine;
    },
  });
  return { house, cut: () => void (isCut = true) };
}
