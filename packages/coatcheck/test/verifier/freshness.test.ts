import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import type { CheckedToken, CheckOptions } from "../../src/verifier.ts";
import { PATHS, scene, settled } from "./support.ts";
import type { Scene } from "./support.ts";

const asked = async ({ verifier }: Scene, token: string, options: CheckOptions): Promise<CheckedToken> =>
  verifier.check({ authorization: `Bearer ${token}` }, options);

describe("a check with freshness `now`", () => {
  it("asks the issuer, whatever memory says, and keeps nothing", async () => {
    const at = await scene();
    const { token } = await at.login();
    expect(await at.word(token)).toBe("ok");
    for (const times of [1, 2]) {
      const now = at.house.clock.now();
      expect(await asked(at, token, { freshness: "now" })).toMatchObject({
        ok: true,
        until: now,
        freshness: { by: "introspection", age: 0 },
      });
      expect(at.line.count(PATHS.introspect)).toBe(times);
    }
    expect(await asked(at, token, { freshness: "bound" })).toMatchObject({ freshness: { by: "memory" } });
    expect(at.line.count(PATHS.introspect)).toBe(2);
  });

  it("refuses what has ended a moment ago, of which memory has not heard", async () => {
    const at = await scene();
    const { token, sid } = await at.login();
    at.line.cut(PATHS.changes);
    at.line.cut(PATHS.events);
    await at.house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    expect(await at.word(token)).toBe("ok");
    expect(await asked(at, token, { freshness: "now" })).toEqual({ ok: false, reason: "ended" });
  });

  it("takes no answer to a question that was sent before", async () => {
    const at = await scene({ whenStale: "introspect" });
    const { token, sid } = await at.login();
    at.line.cut(PATHS.changes);
    at.line.cut(PATHS.events);
    await at.pass("5s");
    let answer = (): void => {};
    at.line.bend(PATHS.introspect, async (_, pass) => {
      const told = await pass();
      await new Promise<void>((go) => (answer = go));
      return told;
    });
    const before = asked(at, token, {});
    await settled();
    at.line.mend(PATHS.introspect);
    await at.house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    expect(await asked(at, token, { freshness: "now" })).toEqual({ ok: false, reason: "ended" });
    answer();
    expect(await before).toMatchObject({ ok: true });
  });

  it("can't be had while the issuer is away, even from a memory that is fresh", async () => {
    const at = await scene();
    const { token } = await at.login();
    at.line.cut(PATHS.introspect);
    await expect(asked(at, token, { freshness: "now" })).rejects.toThrow(StoreUnavailable);
    expect(await at.word(token)).toBe("ok");
  });

  it("asks nobody about what is refused anyway", async () => {
    const at = await scene();
    const { token, sid } = await at.login();
    expect(await asked(at, `${token.slice(0, -40)}${"A".repeat(40)}`, { freshness: "now" })).toMatchObject({ ok: false, reason: "forged" });
    expect(await asked(at, "nonsense", { freshness: "now" })).toMatchObject({ ok: false, reason: "malformed" });
    await at.house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    await settled();
    expect(await asked(at, token, { freshness: "now" })).toEqual({ ok: false, reason: "ended" });
    expect(at.line.count(PATHS.introspect)).toBe(0);
  });
});

describe("a check with an audience of its own", () => {
  it("lets in what is for it, and nothing else, from memory and from the issuer's word", async () => {
    const at = await scene();
    const { token } = await at.login();
    for (const freshness of ["bound", "now"] as const) {
      expect(await asked(at, token, { freshness, audience: "https://reports.example.com" })).toEqual({
        ok: false,
        reason: "wrong_audience",
      });
      expect(await asked(at, token, { freshness, audience: "https://id.example.com" })).toMatchObject({ ok: true });
    }
    // One answer, to two who are not the same.
    at.line.cut(PATHS.changes);
    at.line.cut(PATHS.events);
    await at.pass("5s");
    const both = [asked(at, token, {}), asked(at, token, { audience: "https://reports.example.com" })];
    expect((await Promise.all(both)).map((it) => (it.ok ? "ok" : it.reason))).toEqual(["ok", "wrong_audience"]);
  });
});
