import { beforeAll, describe, expect, it } from "vitest";
import { REFUSALS_AN_HOUR } from "../../src/observe/audit.ts";
import { COOKIE, ISSUER, openHouse } from "./support.ts";
import type { House, Sent, Visitor } from "./support.ts";

const FRIEND = "https://app.example.net";

let house: House;
let ada: Visitor;
beforeAll(async () => {
  house = await openHouse({ options: { origins: [FRIEND] } });
  ada = await house.arrive();
});

/** Every call that changes something, with a body that breaks its schema: what passes the origin check comes to another refusal, and changes nothing. */
const CALLS: readonly (readonly [string, string])[] = [
  ["POST", "/auth/sign-up"],
  ["POST", "/auth/sign-in"],
  ["POST", "/auth/sign-out"],
  ["POST", "/auth/confirm"],
  ["POST", "/auth/password"],
  ["DELETE", "/auth/sessions/x"],
  ["DELETE", "/auth/sessions?wrong=1"],
  ["POST", "/oauth/token"],
  ["POST", "/oauth/revoke"],
];
const SITES = ["same-origin", "none", "same-site", "cross-site", "junk", null] as const;
const ORIGINS = {
  absent: null,
  null: "null",
  same: ISSUER,
  friend: FRIEND,
  sameSite: "https://evil.example.com",
  cross: "https://evil.test",
  junk: "x",
} as const;
/** What a page of anybody can send without a preflight, and what it can't. */
const TYPES = ["application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", null] as const;

function passes(site: string | null, origin: keyof typeof ORIGINS, cookie: boolean): boolean {
  if (site === "same-origin" || site === "none" || origin === "same" || origin === "friend") return true;
  return site === null && origin === "absent" && !cookie;
}

function sent(path: string, type: string | null, headers: Record<string, string>): Sent {
  const body = path.startsWith("/oauth/") ? "x=1" : '{"wrong":1}';
  return { body, headers: { "content-type": type ?? "", ...headers } };
}

describe.each(CALLS)("%s %s", (method, path) => {
  it.each(TYPES)("with a body of type %s comes from where the contract says, and from nowhere else", async (type) => {
    // On /oauth/* the credential that needs no origin stands in the form: one that can't be read is refused for that.
    const unreadable = path.startsWith("/oauth/") && type !== "application/x-www-form-urlencoded";
    for (const site of SITES) {
      for (const [name, origin] of Object.entries(ORIGINS) as [keyof typeof ORIGINS, string | null][]) {
        for (const cookie of [null, ada.headers["cookie"] ?? "", `${COOKIE}=junk`, `${COOKIE}=a; ${COOKIE}=b`, "other=1"]) {
          const headers = {
            ...(site === null ? {} : { "sec-fetch-site": site }),
            ...(origin === null ? {} : { origin }),
            ...(cookie === null ? {} : { cookie }),
          };
          const { status, json } = await house.call(method, path, sent(path, type, headers));
          const allowed = passes(site, name, cookie !== null && cookie.includes(COOKIE));
          const found = { site, name, cookie, refused: status === 403 && json.code === "cross_origin" };
          expect(found).toEqual({ site, name, cookie, refused: !allowed && !unreadable });
          if (unreadable) expect(status).toBe(415);
        }
      }
    }
  });
});

describe("what needs no origin", () => {
  const evil = { origin: "https://evil.test", "sec-fetch-site": "cross-site" };

  it.each(CALLS)("%s %s with a bearer token: a browser attaches none by itself", async (method, path) => {
    const got = await house.call(
      method,
      path,
      sent(path, path.startsWith("/oauth/") ? "application/x-www-form-urlencoded" : "application/json", {
        ...evil,
        authorization: "Bearer abc",
        cookie: ada.headers["cookie"] ?? "",
      }),
    );
    expect(got.json.code).not.toBe("cross_origin");
    expect(got.status).toBeLessThan(500);
  });

  it.each([
    ["/oauth/token", { grant_type: "refresh_token", refresh_token: "abc" }, {}, 400],
    ["/oauth/token", { grant_type: "refresh_token", client_id: "x", client_secret: "y" }, {}, 401],
    ["/oauth/token", { grant_type: "refresh_token" }, { authorization: "Basic abc" }, 401],
    ["/oauth/revoke", { token: "abc" }, {}, 200],
  ])("%s with %j", async (path, form, headers, status) => {
    expect((await house.call("POST", path, { form, headers: { ...evil, ...headers, cookie: ada.headers["cookie"] ?? "" } })).status).toBe(
      status,
    );
  });

  it.each([
    { grant_type: "refresh_token" },
    { grant_type: "refresh_token", refresh_token: "" },
    { grant_type: "refresh_token", client_id: "coatcheck" },
  ])("/oauth/token with %j shows no credential, and is refused in the form of RFC 6749", async (form) => {
    expect(await house.call("POST", "/oauth/token", { form, headers: evil })).toMatchObject({
      status: 403,
      json: { error: "invalid_request", code: "cross_origin" },
    });
  });

  it("reading: a page of another origin may ask, and without CORS can't read", async () => {
    expect((await house.call("GET", "/auth/me", { headers: { ...evil, cookie: ada.headers["cookie"] ?? "" } })).status).toBe(200);
  });
});

describe("the trail", () => {
  it("hears of a call from a foreign origin, and is not filled by a flood of them", async () => {
    const { call, store, clock, engine } = await openHouse();
    const strike = () =>
      call("POST", "/auth/sign-out", {
        headers: { origin: `https://evil.test/${"x".repeat(999)}`, "sec-fetch-site": "cross-site" },
        peer: { address: "192.0.2.1" },
      });
    for (let time = 0; time < REFUSALS_AN_HOUR.ofNobody + 40; time++) expect((await strike()).status).toBe(403);
    const events = await store.audit.list({ event: "cross_origin" }, 999);
    expect(events).toHaveLength(REFUSALS_AN_HOUR.ofNobody);
    expect(events[0]).toMatchObject({ ip: "192.0.2.1", userId: null, detail: { route: "/auth/sign-out", site: "cross-site" } });
    expect(events[0]?.detail["origin"]).toHaveLength(256);
    expect(engine.metrics.render()).toContain('coatcheck_audit_suppressed_total{event="cross_origin"} 40');
    clock.advance("1h");
    await strike();
    expect(await store.audit.list({ event: "cross_origin" }, 999)).toHaveLength(REFUSALS_AN_HOUR.ofNobody + 1);
    const [sum] = await store.audit.list({ event: "audit_suppressed" }, 9);
    expect(sum?.detail).toEqual({ counts: { cross_origin: 40 } });
  });
});
