import { describe, expect, it } from "vitest";
import { createVerifier, ConfigError, StoreUnavailable } from "../../src/verifier.ts";
import { instant } from "../../src/core/time.ts";
import type { Verifier, VerifierOptions } from "../../src/verifier.ts";
import { ISSUER, PATHS, scene, settled } from "./support.ts";
import type { Line } from "./support.ts";

const metadata = async (line: Line): Promise<Record<string, unknown>> =>
  (await (await line.fetch(ISSUER + PATHS.metadata)).json()) as Record<string, unknown>;

describe("the issuer, as a verifier sees it", () => {
  it("is asked where its metadata say, and shown the client's secret there alone", async () => {
    const { line, pass } = await scene();
    await pass("1s");
    for (const { path, authorization } of line.asked) {
      const isShown = path === PATHS.changes || path === PATHS.events || path === PATHS.introspect;
      expect([path, authorization !== null]).toEqual([path, isShown]);
    }
    expect(line.count(PATHS.changes)).toBeGreaterThan(0);
    for (const { url } of line.asked) expect(url).not.toContain("secret");
  });

  it.each([
    ["another issuer's", (it: Record<string, unknown>) => ({ ...it, issuer: "https://evil.example.com" })],
    ["almost the issuer's", (it: Record<string, unknown>) => ({ ...it, issuer: `${ISSUER}/` })],
    [
      "with the feed elsewhere",
      (it: Record<string, unknown>) => ({ ...it, coatcheck_changes_endpoint: "https://evil.example.com/oauth/changes" }),
    ],
    [
      "with introspection elsewhere",
      (it: Record<string, unknown>) => ({ ...it, introspection_endpoint: "http://id.example.com/oauth/introspect" }),
    ],
    ["with the keys elsewhere", (it: Record<string, unknown>) => ({ ...it, jwks_uri: "https://evil.example.com/jwks" })],
    ["without a feed", ({ coatcheck_changes_endpoint: _feed, ...it }: Record<string, unknown>) => it],
  ])("metadata that are %s are not believed, and nothing is shown to anybody", async (_, bent) => {
    const { line, another, pass } = await scene();
    const real = await metadata(line);
    line.bend(PATHS.metadata, () => Promise.resolve(Response.json(bent(real))));
    const before = line.asked.length;
    const verifier = another();
    await pass("1s");
    expect(verifier.state().leaseLeft).toBe(0);
    const asked = line.asked.slice(before).filter(({ path }) => path === PATHS.introspect || path === PATHS.jwks);
    expect(asked).toEqual([]);
    expect(line.asked.filter(({ url }) => !url.startsWith(ISSUER))).toEqual([]);
    line.mend(PATHS.metadata);
    await pass("1s");
    expect(verifier.state().leaseLeft).toBeGreaterThan(0);
  });

  it("is not followed elsewhere: a redirect is no answer", async () => {
    const { line, another, pass } = await scene();
    line.bend(PATHS.changes, (request) => {
      expect(request.redirect).toBe("manual");
      return Promise.resolve(new Response(null, { status: 307, headers: { location: "https://evil.example.com/" } }));
    });
    const verifier = another();
    await pass("1s");
    expect(verifier.state().leaseLeft).toBe(0);
  });

  it("is said loudly, and not each second, when it lets the client in no more", async () => {
    const { line, pass, house, another } = await scene();
    line.cut(PATHS.events);
    const verifier = another({ client: { id: house.client.id, secret: "another" } });
    await pass("3s");
    expect(verifier.state().leaseLeft).toBe(0);
    expect(house.log.filter(({ event }) => event === "not_let_in")).toHaveLength(1);
    expect(JSON.stringify(house.log)).not.toContain(house.client.secret);
  });

  it("may be put back: what has ended stays ended, and the log is read anew", async () => {
    const { line, pass, login, house, word, verifier } = await scene();
    line.cut(PATHS.events);
    const { token, sid } = await login();
    await house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    await pass("1s");
    expect(await word(token)).toBe("ended");
    const asked: string[] = [];
    line.bend(PATHS.changes, async (request, answer) => {
      const { searchParams } = new URL(request.url);
      asked.push(searchParams.get("from") ?? "");
      if (searchParams.get("from") === "0") return answer();
      return Response.json({ error: "invalid_request", error_description: "", code: "position_lost", snapshot: "" }, { status: 409 });
    });
    await pass("1s");
    expect(asked).toContain("0");
    expect(verifier.state().leaseLeft).toBeGreaterThan(0);
    expect(await word(token)).toBe("ended");
    expect(house.log.filter(({ event }) => event === "store_rolled_back").length).toBeGreaterThan(0);
  });

  it.each([
    ["of a kind that nobody here knows", { entries: [{ seq: 1, kind: "everything", key: "", exp: 9_999_999_999 }], head: 1 }],
    ["out of its range", { entries: [{ seq: 7, kind: "user", key: "u", exp: 9_999_999_999 }], head: 1 }],
    ["without an end", { entries: [{ seq: 1, kind: "user", key: "u" }], head: 1 }],
    ["from elsewhere", { from: 3 }],
    ["with a lease for good", { lease: 1e9 }],
    ["with a lease of nothing", { lease: 0 }],
    ["without a clock", { now: null }],
  ])("a page %s gives no lease", async (_, bent) => {
    const { line, another, pass, login } = await scene();
    line.bend(PATHS.changes, async (_request, answer) => Response.json({ ...((await (await answer()).json()) as object), ...bent }));
    const verifier = another({ whenStale: "refuse" });
    await pass("2s");
    expect(verifier.state().leaseLeft).toBe(0);
    const { token } = await login();
    await expect((async () => verifier.check({ authorization: `Bearer ${token}` }))()).rejects.toThrow(StoreUnavailable);
  });

  it("and its clock must not be minutes apart", async () => {
    const { line, another, pass, house } = await scene();
    line.bend(PATHS.changes, async (_request, answer) => {
      const page = (await (await answer()).json()) as { now: number };
      return Response.json({ ...page, now: page.now + 400 });
    });
    const verifier = another();
    await pass("2s");
    expect(verifier.state().leaseLeft).toBe(0);
    expect(house.log.some(({ event }) => event === "clocks_apart")).toBe(true);
  });

  it.each([-3_600, 3_600])("with clocks minutes apart (%s s) each token is asked about, and the issuer's clock decides", async (by) => {
    const { line, another, pass, house, login } = await scene();
    const clock = { ...house.clock, now: () => instant(house.clock.now() + by * 1_000) };
    const clocks = { wall: () => clock.now(), monotonic: () => house.clock.now(), sinceBoot: () => null };
    const [asking, refusing] = [another({ clock, clocks }), another({ clock, clocks, whenStale: "refuse" })];
    await pass("2s");
    const { token, sid } = await login();
    const show = async (verifier: Verifier, it = token) => await verifier.check({ authorization: `Bearer ${it}` });
    expect(asking.state().leaseLeft).toBe(0);
    const before = line.count(PATHS.introspect);
    expect(await show(asking)).toMatchObject({ ok: true, freshness: { by: "introspection" } });
    expect(await show(asking)).toMatchObject({ ok: true });
    expect(line.count(PATHS.introspect)).toBe(before + 2);
    await expect(show(refusing)).rejects.toThrow(StoreUnavailable);
    await house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    for (const verifier of [asking, refusing])
      await expect(show(verifier).catch(() => ({ ok: false }))).resolves.toMatchObject({ ok: false });
    const { token: old } = await login();
    house.clock.advance("5m");
    expect(await show(asking, old)).toMatchObject({ ok: false });
    line.cut(PATHS.introspect);
    await expect(show(asking, (await login()).token)).rejects.toThrow(StoreUnavailable);
  });

  it("an answer that does not come is not waited for", async () => {
    const { line, another, pass } = await scene();
    line.bend(
      PATHS.changes,
      (request) => new Promise((_, fail) => request.signal.addEventListener("abort", () => fail(new Error("aborted")))),
    );
    const verifier = another();
    await settled();
    line.mend(PATHS.changes);
    await pass("5s");
    expect(verifier.state().leaseLeft).toBeGreaterThan(0);
  });
});

describe("what a verifier is given", () => {
  const given: VerifierOptions = { issuer: ISSUER, client: { id: "cli_a", secret: "s" } };
  it.each([
    ["plain http", { issuer: "http://id.example.com" }, "https"],
    ["no address", { issuer: "id.example.com" }, "address"],
    ["a slash at its end", { issuer: `${ISSUER}/` }, "slash"],
    ["a user's name", { issuer: "https://a:b@id.example.com" }, "name"],
    ["a query", { issuer: `${ISSUER}?a=1` }, "query"],
    ["no client", { client: undefined }, "client"],
    ["no secret", { client: { id: "cli_a", secret: "" } }, "secret"],
    ["another way", { whenStale: "accept" }, "whenStale"],
    ["a misspelt option", { whenstale: "refuse" }, "whenstale"],
  ])("with %s can't be meant", (_, bent, says) => {
    const make = (): unknown => createVerifier({ ...given, ...bent } as VerifierOptions);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(says);
  });
});
