import { describe, expect, it } from "vitest";
import { PATHS, scene, settled } from "./support.ts";

describe("a verifier that can't hear the issuer", () => {
  it.each(["introspect", "refuse"] as const)(
    "decides from memory for as long as its lease holds, and then says that it can't know (%s)",
    async (whenStale) => {
      const { login, word, line, pass, verifier } = await scene({ whenStale });
      const { token } = await login();
      line.cut();
      const { leaseLeft } = verifier.state();
      await pass(`${Math.floor(leaseLeft) - 100}ms`);
      expect(await word(token)).toBe("ok");
      await pass("100ms");
      expect(await word(token)).toBe("unknown");
      line.mend();
      await pass("4s");
      expect(await word(token)).toBe("ok");
    },
  );

  it("counts its lease from when the question was sent, however late the answer comes", async () => {
    const { line, pass, verifier } = await scene();
    line.cut(PATHS.events);
    await pass("1s");
    const held: (() => void)[] = [];
    line.bend(PATHS.changes, async (_, answer) => {
      const response = await answer();
      await new Promise<void>((go) => held.push(go));
      return response;
    });
    await pass("3s");
    expect(held.length).toBeGreaterThan(1);
    held[0]?.();
    await settled();
    // The answer was two seconds and some on its way: that much is gone of its lease.
    expect(verifier.state().leaseLeft).toBeLessThan(4_995 - 1_900);
    expect(verifier.state().leaseLeft).toBeGreaterThan(4_995 - 3_000);
  });

  it("asks about each token itself meanwhile, if the issuer answers that", async () => {
    const { login, check, word, line, pass, house } = await scene();
    const { token, sid } = await login();
    const theirs = await check(token);
    line.cut(PATHS.changes);
    line.cut(PATHS.events);
    await pass("5s");
    const now = house.clock.now();
    expect(await check(token)).toEqual({ ...theirs, until: now, freshness: { by: "introspection", age: 0 } });
    await check(token);
    expect(line.count(PATHS.introspect)).toBe(2);
    await house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    expect(await word(token)).toBe("ended");
    line.cut(PATHS.introspect);
    expect(await word((await login()).token)).toBe("unknown");
  });

  it("asks once for all who show one token at once, and keeps nothing", async () => {
    const { login, word, line, pass } = await scene();
    const { token } = await login();
    line.cut(PATHS.changes);
    line.cut(PATHS.events);
    await pass("5s");
    const words = await Promise.all(Array.from({ length: 50 }, () => word(token)));
    expect(new Set(words)).toEqual(new Set(["ok"]));
    expect(line.count(PATHS.introspect)).toBe(1);
    await word(token);
    expect(line.count(PATHS.introspect)).toBe(2);
  });

  it("does not believe an introspection that is older than memory may be", async () => {
    const { login, word, line, pass } = await scene();
    const { token } = await login();
    line.cut(PATHS.changes);
    line.cut(PATHS.events);
    await pass("5s");
    let go = (_bytes: Uint8Array | null): void => {};
    line.bind(PATHS.introspect, (start) => (go = start));
    for (const [pieces, expected] of [
      [2, "ok"],
      [4, "unknown"],
    ] as const) {
      const asked = word(token);
      await settled();
      // A byte comes now and then, so that nobody loses patience with it.
      for (let piece = 1; piece < pieces; piece += 1) {
        await pass("2s");
        go(new TextEncoder().encode(" "));
        await settled();
      }
      go(null);
      expect([pieces, await asked]).toEqual([pieces, expected]);
    }
  });

  it("takes no refresh token, and nothing that is for somebody else, on an introspection's word", async () => {
    const { login, word, line, pass } = await scene();
    const { token } = await login();
    line.cut(PATHS.changes);
    line.cut(PATHS.events);
    await pass("5s");
    const say = (body: object): void => line.bend(PATHS.introspect, () => Promise.resolve(Response.json(body)));
    const claims = JSON.parse(Buffer.from(token.split(".")[1] as string, "base64url").toString()) as Record<string, unknown>;
    say({ active: true, token_type: "Bearer", ...claims });
    expect(await word(token)).toBe("ok");
    say({ active: true, ...claims });
    expect(await word(token)).toBe("malformed");
    say({ active: true, token_type: "Bearer", ...claims, aud: "https://other.example.com" });
    expect(await word(token)).toBe("wrong_audience");
    say({ active: true, token_type: "Bearer", ...claims, iss: "https://other.example.com" });
    expect(await word(token)).toBe("forged");
    say({ active: true, token_type: "Bearer", sub: "ada" });
    expect(await word(token)).toBe("unknown");
    say({ active: "true" });
    expect(await word(token)).toBe("unknown");
  });

  it("refuses what it knows has ended, with or without a lease", async () => {
    const { login, word, line, pass, house } = await scene();
    const { token, sid } = await login();
    await house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    await pass("1s");
    line.cut();
    await pass("10s");
    expect(await word(token)).toBe("ended");
  });

  it("with `refuse` tries once to hear from the issuer, for all who come meanwhile, and introspects nothing", async () => {
    const { login, word, line, pass } = await scene({ whenStale: "refuse" });
    const { token } = await login();
    line.cut();
    await pass("5s");
    line.mend(PATHS.changes);
    line.cut(PATHS.introspect);
    const before = line.count(PATHS.changes);
    const words = await Promise.all(Array.from({ length: 20 }, () => word(token)));
    expect(new Set(words)).toEqual(new Set(["unknown"]));
    expect(line.count(PATHS.changes) - before).toBeLessThanOrEqual(2);
    line.mend();
    expect(await word(token)).toBe("ok");
    expect(line.count(PATHS.introspect)).toBe(0);
  });

  it("starts before the issuer does", async () => {
    const { line, another, pass, login } = await scene();
    line.cut();
    const verifier = another();
    let isReady = false;
    void verifier.ready().then(() => (isReady = true));
    const { token } = await login();
    await pass("20s");
    await expect((async () => verifier.check({ authorization: `Bearer ${token}` }))()).rejects.toThrow("out of reach");
    expect(isReady).toBe(false);
    expect(verifier.state()).toEqual({ head: 0, leaseLeft: 0, lastHeard: null });
    line.mend();
    await pass("4s");
    expect(isReady).toBe(true);
    expect(await verifier.check({ authorization: `Bearer ${token}` })).toMatchObject({ ok: true });
  });

  it("before its first answer asks about each token", async () => {
    const { line, another, login } = await scene();
    line.cut(PATHS.changes);
    const verifier = another();
    await settled();
    const { token } = await login();
    expect(await verifier.check({ authorization: `Bearer ${token}` })).toMatchObject({ ok: true, freshness: { by: "introspection" } });
  });

  it("comes back to the stream after a while, and not in a hurry", async () => {
    const { line, pass, house, word, login } = await scene();
    line.cut(PATHS.events);
    const before = line.count(PATHS.events);
    // The stream that is open ends; from then on none begins.
    await house.store.feed.append("client", house.client.id, house.clock.now());
    await pass("20s");
    const tries = line.count(PATHS.events) - before;
    expect(tries).toBeGreaterThan(2);
    expect(tries).toBeLessThan(12);
    line.mend(PATHS.events);
    await pass("30s");
    const { token, sid } = await login();
    await house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    await settled();
    expect(await word(token)).toBe("ended");
  });
});
