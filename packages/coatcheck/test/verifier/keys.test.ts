import { describe, expect, it } from "vitest";
import { rotateSigningKey, revokeSigningKeys } from "../../src/carriers/token/key-changes.ts";
import { PATHS, scene, settled } from "./support.ts";

/** The same token, as if signed with a key that nobody has. */
function withKid(token: string, kid: string): string {
  const [, payload, signature] = token.split(".") as [string, string, string];
  return `${Buffer.from(JSON.stringify({ alg: "ES256", typ: "at+jwt", kid })).toString("base64url")}.${payload}.${signature}`;
}

describe("the issuer's keys, at a verifier", () => {
  it("are known before they sign", async () => {
    const { login, word, pass, house, keyParts, line } = await scene();
    await rotateSigningKey(keyParts);
    await pass("1s");
    const read = line.count(PATHS.jwks);
    house.clock.advance("61m");
    await settled();
    await pass("1s");
    const { token } = await login();
    expect(await word(token)).toBe("ok");
    expect(line.count(PATHS.jwks) - read).toBeLessThanOrEqual(1);
  });

  it("that were revoked prove nothing any more, whatever a cache says", async () => {
    const { login, word, pass, keyParts, line } = await scene();
    const { token } = await login();
    expect(await word(token)).toBe("ok");
    const cached = await (await line.fetch("https://id.example.com/.well-known/jwks.json")).text();
    line.bend(PATHS.jwks, () => Promise.resolve(new Response(cached)));
    await revokeSigningKeys(keyParts);
    await pass("1s");
    expect(await word(token)).toBe("forged");
    line.mend(PATHS.jwks);
    await pass("31s");
    expect(await word(token)).toBe("forged");
    expect(await word((await login()).token)).toBe("ok");
  });

  it("that it doesn't know say nothing while its lease has run out: then the issuer is asked", async () => {
    const { login, check, pass, keyParts, line } = await scene();
    const cached = await (await line.fetch("https://id.example.com/.well-known/jwks.json")).text();
    line.bend(PATHS.jwks, () => Promise.resolve(new Response(cached)));
    line.cut(PATHS.changes);
    line.cut(PATHS.events);
    await pass("5s");
    await revokeSigningKeys(keyParts);
    expect(await check((await login()).token)).toMatchObject({ ok: true, freshness: { by: "introspection" } });
  });

  it("are asked for anew past every cache", async () => {
    const { line, another } = await scene();
    let header: string | null = null;
    line.bend(PATHS.jwks, (request, pass) => {
      header = request.headers.get("cache-control");
      return pass();
    });
    another();
    await settled();
    expect(header).toBe("no-cache");
  });

  it("are read before the log's word of them counts: without them the lease runs out", async () => {
    const { line, pass, keyParts, verifier } = await scene();
    line.cut(PATHS.jwks);
    await rotateSigningKey(keyParts);
    await pass("6s");
    expect(verifier.state().leaseLeft).toBe(0);
    line.mend(PATHS.jwks);
    await pass("1s");
    expect(verifier.state().leaseLeft).toBeGreaterThan(0);
  });

  it("an unknown kid fetches them once, however many show one, and not again for a while", async () => {
    const { login, word, line, pass } = await scene();
    const { token } = await login();
    const before = line.count(PATHS.jwks);
    const words = await Promise.all(Array.from({ length: 1_000 }, (_, nth) => word(withKid(token, `unknown-${nth}`))));
    expect(new Set(words)).toEqual(new Set(["forged"]));
    expect(line.count(PATHS.jwks) - before).toBe(1);
    await pass("29s");
    expect(await word(withKid(token, "unknown-again"))).toBe("forged");
    expect(line.count(PATHS.jwks) - before).toBe(1);
    await pass("2s");
    expect(await word(withKid(token, "unknown-again"))).toBe("forged");
    expect(line.count(PATHS.jwks) - before).toBe(2);
  });

  it("an unknown kid while they can't be read is not known to be forged; and that is no storm either", async () => {
    const { login, word, line } = await scene();
    const { token } = await login();
    line.cut(PATHS.jwks);
    line.cut(PATHS.introspect);
    const before = line.count(PATHS.jwks);
    for (let nth = 0; nth < 20; nth += 1) expect(await word(withKid(token, `unknown-${nth}`))).toBe("unknown");
    expect(line.count(PATHS.jwks) - before).toBe(1);
  });

  it.each([
    ["no set", "[]"],
    ["a set with a secret in it", JSON.stringify({ keys: [{ kty: "oct", k: "AAAA", kid: "a", alg: "HS256" }] })],
    ["too large", JSON.stringify({ keys: [], padding: "x".repeat(300_000) })],
  ])("that are %s are not taken", async (_, body) => {
    const { line, another, pass } = await scene();
    line.bend(PATHS.jwks, () => Promise.resolve(new Response(body)));
    const verifier = another();
    await pass("3s");
    expect(verifier.state().leaseLeft).toBe(0);
  });
});
