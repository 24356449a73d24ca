import { isSafePattern } from "redos-detector";
import { describe, expect, it } from "vitest";
import { openHouse } from "../http/support.ts";
import { readSources } from "./source.ts";

const sources = readSources();

describe("W6 slow regular expressions, header injection, parameters twice (CVE-2025-7339)", () => {
  /** Those that take more than their length in time on a text that is long enough, and why no text ever is. */
  const BOUNDED: Readonly<Record<string, string>> = {
    "accounts/email.ts ^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+(?!\\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$":
      "an address has 254 characters",
    "accounts/hashing.ts =+$": "base64 of 16 or 32 bytes of our own",
    'http/json.ts "[^"\\\\]*(?:\\\\.[^"\\\\]*)*"': "reads what JSON.parse has read: every quote is closed",
    'http/openapi/pruned.ts "#\\/components\\/(\\w+)\\/([\\w-]+)"': "our own document",
    "http/table.ts \\{(\\w+)\\}": "our own paths",
  };

  it("no expression takes longer than its text is long, or what it reads is short", { timeout: 120_000 }, () => {
    // Command line and settings read what the operator writes, for the operator alone.
    const served = sources.filter(({ path }) => !/^(?:cli|config)\//.test(path));
    const all = served.flatMap(({ path, regexes }) => regexes.map((it) => ({ path, ...it })));
    expect(all.length).toBeGreaterThan(40);
    const slow = all.filter(({ pattern, flags }) => {
      const options = {
        caseInsensitive: flags.includes("i"),
        unicode: flags.includes("u"),
        dotAll: flags.includes("s"),
        multiLine: flags.includes("m"),
      };
      return !isSafePattern(pattern, { ...options, timeout: 2_000 }).safe;
    });
    expect(slow.map(({ path, pattern }) => `${path} ${pattern}`).toSorted()).toEqual(Object.keys(BOUNDED).toSorted());
  });
});

describe("W6 parameters twice", () => {
  it("is 400, in a query, a form and a body, however it is spelt", async () => {
    const { arrive, call } = await openHouse();
    const { headers, got } = await arrive("token");
    const json = { ...headers, "content-type": "application/json" };
    const form = { "content-type": "application/x-www-form-urlencoded" };
    for (const query of ["keep=current&keep=current", "keep=current&keep=", "wait=true&%77ait=false", "keep&keep"])
      expect((await call("DELETE", `/auth/sessions?${query}`, { headers })).status, query).toBe(400);
    const refresh = `grant_type=refresh_token&refresh_token=${got.json.refresh_token}`;
    for (const twice of ["grant_type=refresh_token", "grant_type=", "%67rant_type=x", "refresh_token=x", "refresh_token="])
      expect((await call("POST", "/oauth/token", { body: `${refresh}&${twice}`, headers: form })).json.error, twice).toBe(
        "invalid_request",
      );
    for (const twice of ['"password":"b"', '"p\\u0061ssword":"b"', '"x":{"y":1,"y":2}'])
      expect((await call("POST", "/auth/confirm", { body: `{"password":"a",${twice}}`, headers: json })).status, twice).toBe(400);
    expect((await call("GET", "/auth/me", { headers })).status).toBe(200);
  });

  it("a type with sixteen thousand blanks is no type, and is not tried in every division of them", async () => {
    const { call } = await openHouse();
    for (const type of ["application/json", "application/x-www-form-urlencoded"])
      for (const path of ["/auth/sign-in", "/oauth/token"])
        expect((await call("POST", path, { body: "{}", headers: { "content-type": `${type}${" ".repeat(15_000)}x` } })).status).toBe(415);
  });
});

describe("U10 comparing takes as long as it takes (ASVS 11.2.4)", () => {
  const SECRET = /secret|hash|\bmac\b|digest|password|token|ticket|signature|credential|\bcheck\b|salt|wonBy|refreshId/i;
  /** Comparisons of values with such names that are none of secrets. */
  const HARMLESS: Readonly<Record<string, string>> = {
    'cli/password.ts: (await ask("The same again: ")) !== password': "typed twice by one person, at their own terminal",
    "http/locate.ts: ticket !== value": "two cookies of one request: both are the client's own",
    "stores/memory/users.ts: row?.passwordHash !== expect": "two hashes of the store's own, which nobody outside chooses",
    "carriers/token/key-changes.ts: secretOf(key, secrets) === secrets.writer": "which of our secrets it is, not what it holds",
    'crypto/node-base64url.ts: bytes.toString("base64url") === text': "whether a client's own value is spelled as we would spell it",
    "crypto/json.ts: membersOf(value, escapes) === written": "two counts",
    "crypto/public-jwk.ts: jwk[name] === value": "the type of a public key",
    "testing/twins/accounts.ts: before?.passwordHash !== change.expect": "a broken store, for tests",
  };

  it("no secret, and no hash of one, is compared by === or its like; where secrets are made, nothing is that is not listed", () => {
    const found = sources.flatMap(({ path, comparisons }) =>
      comparisons
        .filter(({ left, right }) => path.startsWith("crypto/") || SECRET.test(left) || SECRET.test(right))
        .map(({ text }) => `${path}: ${text}`),
    );
    expect(found.length).toBeGreaterThan(3);
    expect(found.filter((it) => !Object.hasOwn(HARMLESS, it))).toEqual([]);
  });
});
