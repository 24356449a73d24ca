import { describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../src/core/errors.ts";
import { isPromise } from "../../src/core/maybe.ts";
import { PATHS, scene, settled } from "./support.ts";

describe("a verifier that hears the issuer", () => {
  it("tells from memory whose request it is, and how fresh that is", async () => {
    const { login, verifier, pass, house, line } = await scene();
    const { token, sid } = await login();
    await pass("300ms");
    const asked = line.asked.length;
    // Its signature is proved once, by WebCrypto, which answers later.
    const first = verifier.check({ authorization: `Bearer ${token}` });
    expect([isPromise(first), (await first).ok]).toEqual([true, true]);
    const checked = verifier.check({ authorization: `Bearer ${token}` });
    expect(isPromise(checked)).toBe(false);
    expect(line.asked).toHaveLength(asked);
    const theirs = await house.routes.check({ authorization: `Bearer ${token}` });
    expect(theirs).toMatchObject({ ok: true, principal: { kind: "user", userId: "ada", sid, roles: ["editor"] } });
    if (!theirs.ok) throw new Error(theirs.reason);
    const { leaseLeft } = verifier.state();
    expect(checked).toEqual({
      ...{ ok: true, principal: theirs.principal },
      // It must be asked again when the lease has run out, long before the token does.
      until: house.clock.now() + leaseLeft,
      freshness: { by: "memory", age: 4_995 - leaseLeft },
    });
  });

  it.each(["at once, where the stream brings the news", "at the next heartbeat, without it"])("refuses what has ended: %s", async (how) => {
    const { login, word, house, pass, line, another } = await scene();
    const without = how.includes("without");
    if (without) line.cut(PATHS.events);
    const verifier = another();
    await settled();
    const { token, sid } = await login();
    const verdict = async (): Promise<string> => {
      const it = await verifier.check({ authorization: `Bearer ${token}` });
      return it.ok ? "ok" : it.reason;
    };
    expect(await verdict()).toBe("ok");
    await house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    if (without) await pass("1s");
    await settled();
    expect(await verdict()).toBe("ended");
    if (!without) expect(await word(token)).toBe("ended");
  });

  it("refuses what has ended in any scope, and what has changed", async () => {
    const { login, word, house, pass, people } = await scene();
    people.set("bob", { id: "bob", roles: [], disabled: false });
    const [ada, bob] = [await login(), await login("bob")];
    await house.store.feed.append("invalidate-user", "ada", house.clock.now());
    await pass("1s");
    expect([await word(ada.token), await word(bob.token)]).toEqual(["stale", "ok"]);
    await house.store.feed.append("user", "bob", house.clock.now());
    await pass("1s");
    expect(await word(bob.token)).toBe("ended");
    const later = await login();
    expect(await word(later.token)).toBe("ok");
    await house.store.feed.append("global", "", house.clock.now());
    await pass("1s");
    expect(await word(later.token)).toBe("ended");
  });

  it("knows a client's own token, until the client has ended", async () => {
    const { house, check, word, pass } = await scene();
    const hired = await house.hire();
    const got = await house.call("POST", "/oauth/token", { form: { grant_type: "client_credentials", scope: "read", ...hired.form } });
    const token = got.json.access_token;
    expect(await check(token)).toMatchObject({ ok: true, principal: { kind: "client", clientId: hired.id, scopes: ["read"] } });
    await house.store.clients.remove(hired.id, house.clock.now());
    await pass("1s");
    expect(await word(token)).toBe("ended");
  });

  it("refuses what is no token of the issuer's for it, without asking anybody", async () => {
    const { login, verifier, line, another, house, word } = await scene();
    const { token } = await login();
    const asked = line.asked.length;
    const [header, payload, signature] = token.split(".") as [string, string, string];
    const forged = `${header}.${payload}.${signature.slice(0, -2)}${signature.endsWith("AA") ? "BA" : "AA"}`;
    expect(await word(forged)).toMatch(/^(forged|malformed)$/);
    expect(await word(`${header}.${payload}.${"A".repeat(signature.length)}`)).toBe("forged");
    for (const junk of ["nonsense", "", "a.b.c", "x".repeat(10_000)]) expect(await word(junk)).toBe("malformed");
    for (const none of [undefined, null, "", "Basic YTpi"])
      expect(verifier.check({ authorization: none })).toMatchObject({ reason: "absent" });
    expect(line.asked).toHaveLength(asked);
    const other = another({ audience: "https://reports.example.com" });
    await settled();
    expect(await other.check({ authorization: `Bearer ${token}` })).toEqual({ ok: false, reason: "wrong_audience" });
    house.clock.advance("5m");
    expect(await word(token)).toBe("expired");
  });

  it("is noted by a name of its own as a holder of a lease, with what it has applied", async () => {
    const { house, pass, another } = await scene();
    another();
    await house.happen();
    await pass("1s");
    const { body } = await house.ask();
    const holders = (await house.holders()).filter(({ holder }) => holder.split(" ").length === 3);
    expect(holders.map(({ applied }) => applied)).toEqual([body.head, body.head]);
    for (const { holder } of holders) expect(holder).toMatch(new RegExp(`^client ${house.client.id} [A-Za-z0-9_-]{22}$`));
    expect(new Set(holders.map(({ holder }) => holder)).size).toBe(2);
  });

  it("goes by the lease that the issuer gives, and beats with it", async () => {
    const { verifier, line, pass } = await scene({}, { options: { bound: "1s" } });
    expect(verifier.state().leaseLeft).toBe(999);
    const before = line.count(PATHS.changes);
    await pass("1s");
    expect(line.count(PATHS.changes) - before).toBeGreaterThanOrEqual(5);
    line.cut();
    await pass("1s");
    expect(verifier.state().leaseLeft).toBe(0);
  });

  it("says how it stands", async () => {
    const { verifier, house, pass } = await scene();
    const head = await house.happen();
    await pass("1s");
    const state = verifier.state();
    expect(state).toMatchObject({ head });
    expect(state.leaseLeft).toBeGreaterThan(3_900);
    expect(state.lastHeard).toBe(house.clock.now() - (4_995 - state.leaseLeft));
  });

  it("an authentic token from further on makes it ask, and one from nowhere is refused", async () => {
    const { house, line, word } = await scene();
    line.cut(PATHS.events);
    await house.happen();
    const proof = await house.engine.clients.prove(house.client, { ip: "" });
    if (!proof.ok) throw new Error(proof.reason);
    const own = async (head: number): Promise<string> => {
      const { accessToken } = await house.engine.oauth.issue(
        { ...proof.proof, head: head as never },
        { scopes: [], audience: "https://id.example.com" },
        { ip: "" },
      );
      return accessToken;
    };
    const { head } = (await house.ask()).body;
    expect(await word(await own(head))).toBe("ok");
    expect(await word(await own(head + 7))).toBe("ahead");
    expect(house.log.filter(({ event }) => event === "token_ahead")).toHaveLength(1);
    expect((await house.ask()).body.head).toBeLessThan(2 ** 40);
  });

  it("asks nobody any more when it was closed", async () => {
    const { verifier, line, pass, word, login } = await scene();
    const { token } = await login();
    verifier.close();
    await settled();
    const asked = line.asked.length;
    await pass("10s");
    expect(line.asked).toHaveLength(asked);
    line.cut();
    expect(await word(token)).toBe("unknown");
    await expect(verifier.ready()).rejects.toThrow(StoreUnavailable);
  });

  it("remembers what has ended for as long as a token of it may live", async () => {
    const { login, house, word, pass } = await scene({}, { options: { accessTtl: "1h" } });
    const { token, sid } = await login();
    await house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
    await pass("1s");
    for (let minute = 0; minute < 58; minute += 1) house.clock.advance("1m");
    await settled();
    expect(await word(token)).toBe("ended");
  });
});
