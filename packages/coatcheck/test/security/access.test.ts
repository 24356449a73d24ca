import { beforeAll, describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import { EMAIL, ISSUER, openHouse, PASSWORD } from "../http/support.ts";
import type { House, Visitor } from "../http/support.ts";
import { withServer } from "../support/server.ts";

const NEW_PASSWORD = "violet otter harbour 42";

describe("U6 mass assignment, a body that names the user (CVE-2025-61928)", () => {
  const EXTRA = [
    "role",
    "roles",
    "userId",
    "user_id",
    "id",
    "emailVerified",
    "email_verified",
    "tenant",
    "disabled",
    "sub",
    "admin",
    "is_admin",
    "createdAt",
    "amr",
    "sid",
    "rsq",
    "authTime",
    "password_hash",
  ];
  let house: House;
  let ada: Visitor;
  beforeAll(async () => {
    house = await openHouse();
    ada = await house.arrive("token");
  });

  it("no body takes a field that it does not know, and the field is named", async () => {
    const bodies: Readonly<Record<string, object>> = {
      "/auth/sign-up": { email: "eve@example.com", password: PASSWORD },
      "/auth/sign-in": { email: EMAIL, password: PASSWORD },
      "/auth/confirm": { password: PASSWORD },
      "/auth/password": { current: PASSWORD, new: NEW_PASSWORD },
      "/auth/sign-out": {},
    };
    for (const [path, body] of Object.entries(bodies)) {
      for (const field of EXTRA) {
        const got = await house.call("POST", path, { json: { ...body, [field]: ["admin"] }, headers: ada.headers });
        expect(got.status, `${path} ${field}`).toBe(422);
        expect(got.json.errors).toEqual([{ pointer: `/${field}`, detail: "is not known here" }]);
      }
    }
    expect((await house.call("GET", "/auth/me", { headers: ada.headers })).json.user).toMatchObject({ roles: [], emailVerified: false });
  });

  it("no query and no form field names another user, or gives anything", async () => {
    const bob = await house.arrive("token", "bob@example.com");
    const id = bob.got.json.user["id"] as string;
    for (const field of EXTRA) {
      const me = await house.call("GET", `/auth/me?${field}=${id}`, { headers: ada.headers });
      expect(me.json.user["email"], field).toBe(EMAIL);
      const list = await house.call("GET", `/auth/sessions?${field}=${id}`, { headers: ada.headers });
      expect(list.json.sessions.map(({ sid }) => sid)).not.toContain(bob.sid);
      const all = await house.call("DELETE", `/auth/sessions?${field}=${id}`, { headers: ada.headers });
      expect(all.status, field).toBe(422);
    }
    const form = Object.fromEntries(EXTRA.map((field) => [field, id]));
    const got = await house.call("POST", "/oauth/token", {
      form: { ...form, grant_type: "refresh_token", refresh_token: ada.got.json.refresh_token },
    });
    const claims = JSON.parse(Buffer.from(got.json.access_token.split(".")[1] as string, "base64url").toString()) as {
      sub: string;
      roles: string[];
    };
    expect(claims).toMatchObject({ sub: ada.got.json.user["id"], roles: [] });
  });
});

describe("U7 object-level access (GHSA-4vcf-q4xf-f48m)", () => {
  it("nobody sees, ends or learns of another's session, by sid, through the API or the pages", async () => {
    const house = await openHouse();
    const [ada, bob] = [await house.arrive("cookie"), await house.arrive("token", "bob@example.com")];
    const before = await house.store.feed.since(seq(0));
    for (const { headers } of [ada, bob]) {
      const other = headers === ada.headers ? bob : ada;
      const end = await house.call("DELETE", `/auth/sessions/${other.sid}`, { headers });
      const never = await house.call("DELETE", `/auth/sessions/${"A".repeat(22)}`, { headers });
      // What is another's looks as what is nobody's.
      expect({ status: end.status, text: end.text }).toEqual({ status: never.status, text: never.text });
      expect(end.status).toBe(404);
      const { json } = await house.call("GET", "/auth/sessions", { headers });
      expect(json.sessions.map(({ sid }) => sid)).not.toContain(other.sid);
    }
    expect((await house.store.feed.since(seq(0))).head).toBe(before.head);
    await house.call("DELETE", "/auth/sessions", { headers: ada.headers });
    expect((await house.call("GET", "/auth/me", { headers: bob.headers })).status).toBe(200);
  });

  it("nobody who is logged out, and nobody whose login ended, reaches a route that is somebody's", async () => {
    const house = await openHouse();
    const ended = await house.arrive("token");
    await house.call("POST", "/auth/sign-out", { headers: ended.headers });
    const routes = house.routes.table.filter(({ credentials }) => credentials.includes("cookie") && !credentials.includes("nothing"));
    expect(routes.length).toBeGreaterThan(4);
    for (const { method, path } of routes) {
      for (const headers of [{ origin: ISSUER }, ended.headers])
        expect((await house.call(method, path.replace("{sid}", "A".repeat(22)), { headers })).status, `${method} ${path}`).toBe(401);
    }
  });

  it("the page's button for a device ends one's own alone", () =>
    withServer(async ({ url }) => {
      const headers = { "content-type": "application/json" };
      const arrive = (email: string): Promise<Response> =>
        fetch(`${url}/auth/sign-up`, { method: "POST", headers, body: JSON.stringify({ email, password: PASSWORD }) });
      const [ada, bob] = [await arrive(EMAIL), await arrive("bob@example.com")];
      const cookieOf = (it: Response): string => (it.headers.get("set-cookie") as string).split(";", 1)[0] as string;
      const { session } = (await bob.json()) as { readonly session: { readonly sid: string } };
      await fetch(`${url}/account/end`, {
        method: "POST",
        body: new URLSearchParams({ sid: session.sid }),
        redirect: "manual",
        headers: { cookie: cookieOf(ada), origin: url },
      });
      expect((await fetch(`${url}/auth/me`, { headers: { cookie: cookieOf(bob) } })).status).toBe(200);
    }));
});
