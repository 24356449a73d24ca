import { afterEach, describe, expect, it } from "vitest";
import { METRICS_TYPE } from "../../src/observe/metrics.ts";
import { createMetricsSite } from "../../src/http/index.ts";
import { COOKIE, ISSUER, openHouse, PASSWORD } from "./support.ts";
import type { House } from "./support.ts";

const TOKEN = "QbXy2w0tqkYpHk3t9m1cVZ";
const bearer = { authorization: `Bearer ${TOKEN}` };
const watched = (): Promise<House> => openHouse({ metricsToken: TOKEN });

/** The number of one line of the text; 0 if there is none. */
function valueOf(text: string, line: string): number {
  return Number(
    text
      .split("\n")
      .find((it) => it.startsWith(`${line} `))
      ?.slice(line.length + 1) ?? 0,
  );
}
const scrape = async (house: House): Promise<string> => (await house.fetchText("/metrics", bearer)).text;

describe("GET /metrics", () => {
  it("is not there without a token to open it, whatever is shown", async () => {
    const house = await openHouse();
    for (const headers of [{}, bearer]) expect((await house.fetchText("/metrics", headers)).status).toBe(404);
  });

  it.each([
    ["nothing", {}, "Bearer"],
    ["another token", { authorization: "Bearer QbXy2w0tqkYpHk3t9m1cVz" }, 'Bearer error="invalid_token"'],
    ["an empty token", { authorization: "Bearer" }, 'Bearer error="invalid_token"'],
    ["the token as a cookie", { cookie: `${COOKIE}=${TOKEN}` }, "Bearer"],
    ["the token in another scheme", { authorization: `Basic ${TOKEN}` }, "Bearer"],
  ])("is 401 for whoever shows %s", async (_, headers, challenge) => {
    const got = await (await watched()).fetchText("/metrics", headers);
    expect(got).toMatchObject({ status: 401 });
    expect(got.headers.get("www-authenticate")).toBe(challenge);
    expect(got.text).not.toContain("# HELP");
  });

  it("does not take the token from the address", async () => {
    expect((await (await watched()).fetchText(`/metrics?token=${TOKEN}`, {})).status).toBe(401);
  });

  it("answers the token with the text format, for nobody to keep", async () => {
    const got = await (await watched()).fetchText("/metrics", bearer);
    expect(got.status).toBe(200);
    expect(got.headers.get("content-type")).toBe(METRICS_TYPE);
    expect(got.headers.get("cache-control")).toBe("no-store");
    expect(got.text).toMatch(/^# HELP coatcheck_http_requests_total /);
    expect(got.text).toMatch(/\ncoatcheck_build_info\{version="[\d.]+",node="v[\d.]+"\} 1\n/);
    expect(valueOf(got.text, "process_resident_memory_bytes")).toBeGreaterThan(1e6);
    expect(valueOf(got.text, "process_start_time_seconds")).toBeGreaterThan(1.7e9);
  });
});

describe("on a port of its own", () => {
  it("there are the metrics, to read alone, and nothing else", async () => {
    const { engine } = await openHouse();
    const site = createMetricsSite(engine);
    const ask = async (method: string, path: string): Promise<Response> =>
      site(new Request(`${ISSUER}${path}`, { method }), { target: path });
    const got = await ask("GET", "/metrics");
    expect([got.status, got.headers.get("content-type")]).toEqual([200, METRICS_TYPE]);
    expect(await got.text()).toContain("coatcheck_build_info");
    expect((await ask("HEAD", "/metrics")).status).toBe(200);
    const refused = await ask("POST", "/metrics");
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    for (const path of ["/", "/auth/me", "/metrics/", "//metrics", "/healthz"]) expect((await ask("GET", path)).status).toBe(404);
  });
});

describe("what is counted", () => {
  let house: House;
  afterEach(async () => house.close());

  it("requests, by the route's pattern and never by the path", async () => {
    house = await watched();
    const sid = "A".repeat(22);
    await house.call("DELETE", `/auth/sessions/${sid}`);
    await house.call("GET", "/auth/me?token=hunter2");
    await house.call("GET", "/nothing/here");
    await house.call("DELETE", "/auth/me");
    const text = await scrape(house);
    expect(valueOf(text, 'coatcheck_http_requests_total{method="DELETE",route="/auth/sessions/{sid}",status="401"}')).toBe(1);
    expect(valueOf(text, 'coatcheck_http_requests_total{method="GET",route="/auth/me",status="401"}')).toBe(1);
    expect(valueOf(text, 'coatcheck_http_requests_total{method="GET",route="none",status="404"}')).toBe(1);
    expect(valueOf(text, 'coatcheck_http_requests_total{method="DELETE",route="/auth/me",status="405"}')).toBe(1);
    expect(valueOf(text, 'coatcheck_http_request_duration_seconds_count{route="/auth/me"}')).toBe(2);
    expect(valueOf(text, 'coatcheck_http_errors_total{code="unauthenticated"}')).toBe(2);
    expect(valueOf(text, 'coatcheck_http_errors_total{code="not_found"}')).toBe(1);
    expect(text).not.toMatch(new RegExp(`${sid}|hunter2|/nothing`));
  });

  it("nothing of what a request says becomes a label", async () => {
    house = await watched();
    const lines = async (): Promise<number> => (await scrape(house)).split("\n").length;
    await house.call("GET", "/x");
    await lines();
    const before = await lines();
    for (let time = 0; time < 50; time += 1)
      await house.call("GET", `/x${time}`, { headers: { "user-agent": `u${time}`, "x-request-id": `r${time}` } });
    expect(await lines()).toBe(before);
  });

  it("verdicts, by carrier and reason, of routes and of check() alike", async () => {
    house = await watched();
    const ada = await house.arrive();
    await house.call("GET", "/auth/me", { headers: ada.headers });
    await house.routes.check({ cookie: ada.headers["cookie"] });
    await house.routes.check({});
    await house.routes.check({ cookie: `${COOKIE}=a; ${COOKIE}=b` });
    await house.routes.check({ authorization: "Bearer x" });
    await house.call("GET", "/auth/me");
    const text = await scrape(house);
    const verdict = (carrier: string, name: string): number =>
      valueOf(text, `coatcheck_verdicts_total{carrier="${carrier}",verdict="${name}"}`);
    expect(verdict("cookie", "ok")).toBe(2);
    expect(verdict("token", "malformed")).toBe(1);
    expect(verdict("none", "ambiguous")).toBe(1);
    expect(verdict("none", "absent")).toBe(2);
    expect(valueOf(text, 'coatcheck_check_duration_seconds_count{carrier="cookie"}')).toBe(1);
  });

  it("values that this server never made: refused without a read of the store", async () => {
    house = await watched();
    const ada = await house.arrive();
    const token = await house.signIn("token");
    const ticket = ada.got.ticket as string;
    const flipped = (text: string, at: number): string => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    await house.routes.check({ cookie: ada.headers["cookie"] });
    const reads = async (): Promise<number> =>
      valueOf(await scrape(house), 'coatcheck_store_operations_total{port="sessions",operation="find",kind="read"}');
    const before = await reads();
    // No ticket, one that nobody made, and another secret for a session that memory knows.
    for (const junk of ["junk", "A".repeat(74) + "A", flipped(ticket, 40)]) await house.routes.check({ cookie: `${COOKIE}=${junk}` });
    for (const junk of ["x.y.z", flipped(token.got.json.access_token, 300)]) await house.routes.check({ authorization: `Bearer ${junk}` });
    for (const junk of ["x", flipped(token.got.json.refresh_token, 30)])
      await house.call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token: junk } });
    expect(await reads()).toBe(before);
    const text = await scrape(house);
    expect(valueOf(text, 'coatcheck_junk_total{credential="cookie"}')).toBe(3);
    expect(valueOf(text, 'coatcheck_junk_total{credential="access_token"}')).toBe(2);
    expect(valueOf(text, 'coatcheck_junk_total{credential="refresh_token"}')).toBe(2);
  });

  it("not as junk: a ticket that this server made and has replaced since", async () => {
    house = await watched();
    const ada = await house.arrive();
    const confirmed = await house.call("POST", "/auth/confirm", { headers: ada.headers, json: { password: PASSWORD } });
    expect(confirmed.status).toBe(200);
    await house.routes.check({ cookie: `${COOKIE}=${confirmed.ticket}` });
    expect(await house.routes.check({ cookie: ada.headers["cookie"] })).toEqual({ ok: false, reason: "forged" });
    expect(valueOf(await scrape(house), 'coatcheck_junk_total{credential="cookie"}')).toBe(0);
  });

  it("reads and writes of the store, and memory's hits", async () => {
    house = await watched();
    const ada = await house.arrive();
    for (let time = 0; time < 5; time += 1) await house.routes.check({ cookie: ada.headers["cookie"] });
    const text = await scrape(house);
    const calls = (port: string, operation: string, kind: string): number =>
      valueOf(text, `coatcheck_store_operations_total{port="${port}",operation="${operation}",kind="${kind}"}`);
    expect([calls("users", "create", "write"), calls("sessions", "start", "write"), calls("sessions", "find", "read")]).toEqual([1, 1, 1]);
    expect(valueOf(text, 'coatcheck_cache_hits_total{cache="sessions"}')).toBe(4);
    expect(valueOf(text, 'coatcheck_cache_misses_total{cache="sessions"}')).toBe(1);
    expect(valueOf(text, 'coatcheck_cache_entries{cache="sessions"}')).toBe(1);
    expect(valueOf(text, 'coatcheck_store_operation_duration_seconds_count{kind="write"}')).toBeGreaterThan(2);
    expect(text).not.toContain("moved");
  });

  it("refreshes by outcome, events by name, and where the log stands", async () => {
    house = await watched();
    const { got } = await house.arrive("token");
    const refresh = () =>
      house.call("POST", "/oauth/token", { form: { grant_type: "refresh_token", refresh_token: got.json.refresh_token } });
    await refresh();
    await refresh();
    house.clock.advance("1m");
    expect((await refresh()).status).toBe(400);
    const text = await scrape(house);
    for (const outcome of ["rotated", "replayed", "reuse"])
      expect(valueOf(text, `coatcheck_refreshes_total{outcome="${outcome}"}`)).toBe(1);
    expect(valueOf(text, 'coatcheck_audit_events_total{event="sign_up"}')).toBe(1);
    expect(valueOf(text, 'coatcheck_audit_events_total{event="refresh_reused"}')).toBe(1);
    expect(valueOf(text, 'coatcheck_http_errors_total{code="invalid_grant"}')).toBe(1);
    await house.routes.check({ cookie: null });
    expect(valueOf(text, "coatcheck_revocation_head")).toBe(house.head());
  });

  it("who is turned away as too many, by route", async () => {
    house = await watched();
    await house.arrive();
    const peer = { address: "203.0.113.9" };
    for (let time = 0; time < 11; time += 1)
      await house.call("POST", "/auth/sign-in", { json: { email: "ada@example.com", password: "wrong horse battery" }, peer });
    expect(valueOf(await scrape(house), 'coatcheck_throttled_total{route="/auth/sign-in"}')).toBe(1);
  });
});
