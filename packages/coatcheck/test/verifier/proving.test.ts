import { afterEach, describe, expect, it, vi } from "vitest";
import { isPromise } from "../../src/core/maybe.ts";
import { PATHS, scene, settled } from "./support.ts";
import type { Scene } from "./support.ts";

afterEach(() => vi.restoreAllMocks());

const bearer = (token: string): { readonly authorization: string } => ({ authorization: `Bearer ${token}` });

describe("a token's signature, at a verifier", () => {
  it("is proved once, for all who show the token meanwhile and later", async () => {
    const { login, verifier } = await scene();
    const { token } = await login();
    const verifying = vi.spyOn(crypto.subtle, "verify");
    const first = Array.from({ length: 100 }, () => verifier.check(bearer(token)));
    expect(new Set(first.map(isPromise))).toEqual(new Set([true]));
    expect(new Set((await Promise.all(first.map(async (it) => it))).map(({ ok }) => ok))).toEqual(new Set([true]));
    expect(verifier.check(bearer(token))).toMatchObject({ ok: true });
    expect(verifying).toHaveBeenCalledTimes(1);
  });

  it("of each token for itself: one that is known says nothing of its neighbour", async () => {
    const { login, word } = await scene();
    const [one, other] = [await login(), await login()];
    expect(await word(one.token)).toBe("ok");
    const swapped = `${other.token.slice(0, other.token.lastIndexOf("."))}${one.token.slice(one.token.lastIndexOf("."))}`;
    expect(await Promise.all([word(swapped), word(other.token), word(swapped), word(one.token)])).toEqual(["forged", "ok", "forged", "ok"]);
  });

  it("is judged after it was proved: what ends meanwhile is refused", async () => {
    const { login, verifier, house } = await scene();
    const { token, sid } = await login();
    const real = crypto.subtle.verify.bind(crypto.subtle);
    vi.spyOn(crypto.subtle, "verify").mockImplementationOnce(async (...given) => {
      const isOurs = await real(...given);
      await house.engine.sessions.end({ sid: sid as never }, { ip: "", why: "sign_out" });
      await settledTurns();
      return isOurs;
    });
    expect(await verifier.check(bearer(token))).toEqual({ ok: false, reason: "ended" });
  });

  it("that takes longer than the lease is not believed by what was known before", async () => {
    const { login, verifier, house, line } = await scene({ whenStale: "refuse" });
    const { token } = await login();
    const real = crypto.subtle.verify.bind(crypto.subtle);
    vi.spyOn(crypto.subtle, "verify").mockImplementationOnce(async (...given) => {
      line.cut();
      house.clock.advance("5s");
      return real(...given);
    });
    await expect(Promise.resolve(verifier.check(bearer(token)))).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it("can't be known to be forged when the runtime fails", async () => {
    const { login, word, line } = await scene({ whenStale: "refuse" });
    const { token } = await login();
    vi.spyOn(crypto.subtle, "verify").mockRejectedValue(new Error("out of memory"));
    expect(await word(token)).toBe("unknown");
    expect(line.count(PATHS.introspect)).toBe(0);
    vi.restoreAllMocks();
    expect(await word(token)).toBe("ok");
  });

  it.each(["ES256", "EdDSA", "PS256", "RS256"] as const)("is verified when the issuer signs with %s", async (alg) => {
    const { login, check, word } = await scene({ whenStale: "refuse" }, { options: { alg } });
    const { token } = await login();
    expect(JSON.parse(Buffer.from(token.split(".")[0] as string, "base64url").toString())).toMatchObject({ alg });
    expect(await check(token)).toMatchObject({ ok: true, freshness: { by: "memory" } });
    expect(await word(`${token.slice(0, token.lastIndexOf("."))}.${"A".repeat(token.length - token.lastIndexOf(".") - 1)}`)).toBe("forged");
  });
});

describe("a key of the issuer's, at a verifier", () => {
  it("is imported once, however often the set is read", async () => {
    const { login, word, pass, house, line, another } = await scene();
    const importing = vi.spyOn(crypto.subtle, "importKey");
    another();
    await settled();
    const read = line.count(PATHS.jwks);
    for (let nth = 0; nth < 3; nth += 1) {
      await house.store.feed.append("invalidate-keys", "", house.clock.now());
      await pass("1s");
    }
    expect(line.count(PATHS.jwks) - read).toBeGreaterThanOrEqual(3);
    expect(importing).toHaveBeenCalledTimes(1);
    expect(await word((await login()).token)).toBe("ok");
  });

  const without = (importing: () => void): Promise<Scene> => {
    vi.spyOn(crypto.subtle, "importKey").mockImplementation(() => {
      importing();
      return Promise.reject(Object.assign(new Error("no such algorithm"), { name: "NotSupportedError" }));
    });
    return scene({ whenStale: "introspect" }, { options: { alg: "EdDSA" } });
  };

  it("of an algorithm that the runtime doesn't have is said loudly, and its tokens are asked about: never forged", async () => {
    const { login, check, word, line, another, house } = await without(() => {});
    const missing = house.log.filter(({ event }) => event === "algorithm_missing");
    expect(missing).toHaveLength(1);
    expect(JSON.stringify(missing)).toContain('"alg":"EdDSA"');
    const { token } = await login();
    expect(await check(token)).toMatchObject({ ok: true, freshness: { by: "introspection" } });
    line.cut(PATHS.introspect);
    expect(await word(token)).toBe("unknown");
    const strict = another({ whenStale: "refuse" });
    await settled();
    await expect(Promise.resolve(strict.check(bearer(token)))).rejects.toMatchObject({ code: "store_unavailable" });
    vi.restoreAllMocks();
  });
});

async function settledTurns(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
