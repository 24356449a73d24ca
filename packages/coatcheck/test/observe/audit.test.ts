import { describe, expect, it } from "vitest";
import { EVENTS } from "../../src/core/events.ts";
import type { EventName } from "../../src/core/events.ts";
import type { UserId } from "../../src/core/ids.ts";
import type { AuditEvent } from "../../src/core/ports.ts";
import { COOKIE, EMAIL, openHouse, PASSWORD, shown } from "../http/support.ts";
import type { House, HouseParts, Sent, Visitor } from "../http/support.ts";
import { withServer } from "../support/server.ts";

const CURL = { "user-agent": "curl/8.5.0" };
const PEER = { address: "192.0.2.44" };
const sent = (more: Sent = {}): Sent => ({ ...more, headers: { ...CURL, ...more.headers }, peer: PEER });

/** The one event of this name, its detail only of fields that the table knows. */
async function theOnly({ store }: Pick<House, "store">, event: EventName): Promise<AuditEvent> {
  const [found, ...more] = await store.audit.list({ event }, 9);
  expect(more).toEqual([]);
  expect(Object.keys(EVENTS[event].fields)).toEqual(expect.arrayContaining(Object.keys(found?.detail ?? {})));
  return found as AuditEvent;
}

interface Scene {
  readonly house: House;
  readonly ada: Visitor;
}

async function scene(carrier: "cookie" | "token" = "cookie", parts: HouseParts = {}): Promise<Scene> {
  const house = await openHouse(parts);
  const got = await house.call("POST", "/auth/sign-up", sent({ json: { email: EMAIL, password: PASSWORD, carrier } }));
  return { house, ada: { got, sid: got.json.session.sid, headers: shown(got) } };
}

const from = { ip: PEER.address };
const device = "curl";

describe("who, what, from where and by which proof, of", () => {
  it("sign_up and session_started", async () => {
    const { house, ada } = await scene();
    const userId = ada.got.json.user["id"];
    expect(await theOnly(house, "sign_up")).toMatchObject({ ...from, userId, carrier: "cookie", detail: { device } });
    expect(await theOnly(house, "session_started")).toMatchObject({
      ...from,
      ...{ userId, sid: ada.sid, carrier: "cookie" },
      detail: { amr: ["pwd"], replaces: null, device },
    });
  });

  it("session_confirmed, and password_changed", async () => {
    const { house, ada } = await scene("token");
    const confirmed = await house.call("POST", "/auth/confirm", sent({ headers: ada.headers, json: { password: PASSWORD } }));
    const next = { current: PASSWORD, new: "gravel mitten sonata" };
    await house.call("POST", "/auth/password", sent({ headers: shown(confirmed), json: next }));
    for (const event of ["session_confirmed", "password_changed"] as const)
      expect(await theOnly(house, event)).toMatchObject({ ...from, sid: ada.sid, carrier: "token", detail: { amr: ["pwd"], device } });
  });

  it("session_ended by sign-out, with whose it was", async () => {
    const { house, ada } = await scene();
    await house.call("POST", "/auth/sign-out", sent({ headers: ada.headers }));
    expect(await theOnly(house, "session_ended")).toMatchObject({
      ...from,
      ...{ userId: ada.got.json.user["id"], sid: ada.sid, carrier: "cookie" },
      detail: { why: "sign_out", device },
    });
  });

  it("session_ended from another session, with which", async () => {
    const { house, ada } = await scene();
    const other = await house.signIn("token");
    await house.call("DELETE", `/auth/sessions/${other.sid}`, sent({ headers: ada.headers }));
    expect(await theOnly(house, "session_ended")).toMatchObject({
      sid: other.sid,
      carrier: "token",
      detail: { why: "ended_by_user", by: ada.sid },
    });
  });

  it("sessions_ended", async () => {
    const { house, ada } = await scene();
    await house.call("DELETE", "/auth/sessions", sent({ headers: ada.headers }));
    expect(await theOnly(house, "sessions_ended")).toMatchObject({ ...from, detail: { why: "ended_everywhere", ended: 1, device } });
  });

  it("refresh_reused, refresh_replayed_elsewhere and refresh_refused", async () => {
    const { house, ada } = await scene("token");
    const refresh = (peer = PEER) =>
      house.call("POST", "/oauth/token", {
        ...sent({ form: { grant_type: "refresh_token", refresh_token: ada.got.json.refresh_token } }),
        peer,
      });
    await refresh();
    await refresh({ address: "203.0.113.9" });
    const { sid } = ada;
    expect(await theOnly(house, "refresh_replayed_elsewhere")).toMatchObject({ ip: "203.0.113.9", sid, detail: { device, ended: false } });
    house.clock.advance("1m");
    await refresh();
    expect(await theOnly(house, "refresh_reused")).toMatchObject({ ...from, sid, carrier: "token", detail: { ended: true, device } });
    await refresh();
    expect(await theOnly(house, "refresh_refused")).toMatchObject({ ...from, sid, detail: { reason: "ended", device } });
  });

  it("sign_up_refused for an address that is taken, which is not kept", async () => {
    const { house } = await scene();
    await house.call("POST", "/auth/sign-up", sent({ json: { email: EMAIL, password: PASSWORD } }));
    const event = await theOnly(house, "sign_up_refused");
    expect(event).toMatchObject({ ...from, userId: null, detail: { reason: "email_taken", device } });
    expect(JSON.stringify(event)).not.toContain(EMAIL);
  });

  it("sign_in_refused, by why; an address that nobody has is not kept", async () => {
    const { house, ada } = await scene();
    const userId = ada.got.json.user["id"] as UserId;
    const tryIn = (email: string, password = "wrong otter parade") =>
      house.call("POST", "/auth/sign-in", sent({ json: { email, password } }));
    await tryIn(EMAIL);
    await tryIn("hunter2@example.com");
    await house.store.users.setDisabled(userId, true, house.clock.now());
    await tryIn(EMAIL, PASSWORD);
    const events = await house.store.audit.list({ event: "sign_in_refused" }, 9);
    expect(events.map((event) => [event.userId, event.ip, event.detail])).toEqual([
      [userId, PEER.address, { reason: "disabled", device }],
      [null, PEER.address, { reason: "unknown", device }],
      [userId, PEER.address, { reason: "wrong", device }],
    ]);
    expect(JSON.stringify(events)).not.toMatch(/hunter2|otter/);
  });

  it("sign_in_refused by the throttle", async () => {
    const { house } = await scene();
    const peer = { address: "203.0.113.9" };
    for (let time = 0; time < 11; time += 1)
      await house.call("POST", "/auth/sign-in", { json: { email: EMAIL, password: "wrong otter parade" }, peer });
    const [last] = await house.store.audit.list({ event: "sign_in_refused" }, 1);
    expect(last).toMatchObject({ ip: peer.address, detail: { reason: "too_many_requests" } });
  });

  it("confirm_refused and password_change_refused", async () => {
    const { house, ada } = await scene();
    await house.call("POST", "/auth/confirm", sent({ headers: ada.headers, json: { password: "wrong otter parade" } }));
    const next = { current: "wrong otter parade", new: "gravel mitten sonata" };
    await house.call("POST", "/auth/password", sent({ headers: ada.headers, json: next }));
    for (const event of ["confirm_refused", "password_change_refused"] as const)
      expect(await theOnly(house, event)).toMatchObject({ ...from, sid: ada.sid, carrier: "cookie", detail: { reason: "wrong", device } });
  });

  it("step_up_required", async () => {
    const { house, ada } = await scene();
    house.clock.advance("6m");
    expect((await house.call("DELETE", "/auth/sessions?keep=current", sent({ headers: ada.headers }))).status).toBe(403);
    expect(await theOnly(house, "step_up_required")).toMatchObject({ ...from, sid: ada.sid, detail: { route: "/auth/sessions", device } });
  });

  it("disabled_user_refused, with whose credential it was", async () => {
    const disabled = new Set<string>();
    const users = { get: (id: string) => ({ id, roles: [], disabled: disabled.has(id) }) };
    const house = await openHouse({ users });
    const issued = await house.engine.sessions.start({
      ...{ user: users.get("42"), rsq: 0 as never, amr: ["pwd"], carrier: "cookie" },
      ...{ device: { label: "x", userAgent: "", ip: "" }, data: null, replaces: null },
    });
    disabled.add("42");
    const ticket = issued.shown.carrier === "cookie" ? issued.shown.ticket : "";
    expect((await house.call("GET", "/auth/me", sent({ headers: { cookie: `${COOKIE}=${ticket}` } }))).status).toBe(401);
    expect(await theOnly(house, "disabled_user_refused")).toMatchObject({
      ...from,
      ...{ userId: "42", sid: issued.session.sid, carrier: "cookie" },
      detail: { route: "/auth/me", device },
    });
  });

  it("cross_origin and ambiguous_cookie", async () => {
    const { house } = await scene();
    const headers = { origin: "https://evil.test", cookie: `${COOKIE}=a; ${COOKIE}=b` };
    expect((await house.call("POST", "/auth/sign-out", sent({ headers }))).status).toBe(403);
    expect(await theOnly(house, "cross_origin")).toMatchObject({
      ...from,
      detail: { route: "/auth/sign-out", site: null, origin: "https://evil.test", device },
    });
    expect(await theOnly(house, "ambiguous_cookie")).toMatchObject({ ...from, carrier: "cookie", detail: { device } });
  });
});

describe("the server", () => {
  it("answers its metrics on a port of their own, and to the token on its own", async () => {
    const token = "QbXy2w0tqkYpHk3t9m1cVZ";
    await withServer(
      async ({ url, output }) => {
        const own = /metrics (http:\S+)/.exec(output())?.[1] ?? "";
        expect(new URL(own).port).not.toBe(new URL(url).port);
        for (const [address, headers] of [
          [own, {}],
          [`${url}/metrics`, { authorization: `Bearer ${token}` }],
        ] as const) {
          const got = await fetch(address, { headers });
          expect([got.status, await got.text()]).toEqual([200, expect.stringContaining("coatcheck_build_info{")]);
        }
        expect((await fetch(`${url}/metrics`)).status).toBe(401);
        expect((await fetch(new URL("/healthz", own))).status).toBe(404);
        await fetch(`${url}/sign-in`);
        const page = output()
          .split("\n")
          .flatMap((line) => (line.includes('"event":"request"') ? [JSON.parse(line)] : []));
        expect(page).toContainEqual(expect.objectContaining({ level: "info", method: "GET", route: "/sign-in", status: 200 }));
      },
      ["--metrics-port", "0", "--metrics-token", token],
    );
  });
});
