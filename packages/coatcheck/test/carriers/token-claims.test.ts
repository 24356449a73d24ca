import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import { LEEWAY } from "../../src/core/limits.ts";
import { duration, instant, later } from "../../src/core/time.ts";
import type { AccessClaims, LoginAccess } from "../../src/carriers/token/claims.ts";
import { judgeClaims, readClaims, writeClaims } from "../../src/carriers/token/claims.ts";
import { CLAIMS, CLIENT_CLAIMS, CLIENT_WIRE, NOW, POLICY, WIRE, payload } from "./access-tokens.ts";

const read = (change: Record<string, unknown>): AccessClaims | null => readClaims(payload({ ...WIRE, ...change }));
const without = (...names: string[]): AccessClaims | null =>
  readClaims(payload(Object.fromEntries(Object.entries(WIRE).filter(([name]) => !names.includes(name)))));

describe("reading claims", () => {
  it("gives instants for seconds, and the application's own claims apart", () => {
    expect(readClaims(payload(WIRE))).toEqual(CLAIMS);
    expect(read({ nbf: 1_764_000_000, tenant: "t1", plan: { seats: 3 } })).toEqual({
      ...CLAIMS,
      nbf: NOW,
      declared: { tenant: "t1", plan: { seats: 3 } },
    });
  });

  it.each(["iss", "aud", "sub", "client_id", "iat", "exp", "jti", "roles", "rsq"])("refuses claims without %s", (name) => {
    expect(without(name)).toBeNull();
  });

  it("has sid, roles, auth_time and amr together", () => {
    for (const some of [
      ["sid"],
      ["auth_time"],
      ["amr"],
      ["roles"],
      ["sid", "amr"],
      ["sid", "auth_time"],
      ["sid", "roles", "auth_time", "amr"],
    ])
      expect(without(...some)).toBeNull();
  });

  describe("of a client's own token", () => {
    const readOwn = (change: Record<string, unknown>): AccessClaims | null => readClaims(payload({ ...CLIENT_WIRE, ...change }));

    it("gives its scopes, each once; without the claim there are none", () => {
      expect(readClaims(payload(CLIENT_WIRE))).toEqual(CLIENT_CLAIMS);
      expect(readOwn({ scope: "a b a" })?.scope).toEqual(["a", "b"]);
      expect(readOwn({ scope: undefined })).toEqual({ ...CLIENT_CLAIMS, scope: [] });
    });

    it("refuses a subject that is anybody but the client (RFC 9068 §2.2)", () => {
      for (const sub of [CLAIMS.sub, "", null, undefined, 1, [CLIENT_CLAIMS.sub]]) expect(readOwn({ sub })).toBeNull();
    });

    it.each(["sid", "roles", "auth_time", "amr"])("refuses %s: that is a login's", (name) => {
      for (const value of [WIRE[name], null, []]) expect(readOwn({ [name]: value })).toBeNull();
    });

    it("refuses a scope that is no list of scope tokens (RFC 6749 §3.3)", () => {
      for (const scope of ["", " a", "a ", "a  b", "a\tb", 'a"b', "a\\b", "é", 1, null, [], ["a"], {}])
        expect(readOwn({ scope })).toBeNull();
    });

    it("has no scope that a login's token may have", () => {
      expect(read({ scope: "admin" })).toBeNull();
    });
  });

  it.each(["iss", "sub", "client_id", "jti"])("refuses %s of another type, or empty", (name) => {
    for (const value of ["", 1, true, null, ["x"], { x: 1 }]) expect(read({ [name]: value })).toBeNull();
  });

  it.each(["", "s", "s".repeat(22), `${"s".repeat(22)}A`, `${"s".repeat(20)}=A`, 1, null, [CLAIMS.sid]])("refuses the sid %j", (sid) => {
    expect(read({ sid })).toBeNull();
  });

  it.each(["roles", "amr"])("refuses %s that is no list of texts; an empty list is one", (name) => {
    for (const value of ["admin", 1, null, {}, [1], [["admin"]], ["user", null], [""], { 0: "admin", length: 1 }])
      expect(read({ [name]: value })).toBeNull();
    expect(read({ [name]: [] })).not.toBeNull();
  });

  it("T12 refuses an aud that is neither a text nor a flat, filled list of texts", () => {
    for (const aud of [
      null,
      1,
      true,
      {},
      [],
      [[]],
      [[POLICY.audience]],
      [POLICY.audience, 1],
      [POLICY.audience, null],
      [""],
      "",
      { 0: POLICY.audience },
    ])
      expect(read({ aud })).toBeNull();
    expect(read({ aud: ["a", "b"] })?.aud).toEqual(["a", "b"]);
  });

  it.each(["iat", "exp", "auth_time", "nbf"])("T11 refuses %s that is no whole number of seconds in [0, 2^41)", (name) => {
    for (const value of ["1764000000", 1_764_000_000.5, -1, 1e20, 2 ** 41, null, [1_764_000_000], {}, true, ""])
      expect(read({ [name]: value })).toBeNull();
    for (const raw of ["1e400", "-1e400", "1e309", "NaN", "Infinity", "0x10", "01", "+1", "1_000"]) {
      expect(readClaims(Buffer.from(JSON.stringify({ ...WIRE, [name]: "@" }).replace('"@"', raw)))).toBeNull();
    }
    expect(read({ [name]: 0 })).not.toBeNull();
    expect(read({ [name]: 2 ** 41 - 1 })).not.toBeNull();
  });

  it("refuses an rsq that is no log position", () => {
    for (const rsq of [-1, 0.5, 2 ** 53, "7", null, [7]]) expect(read({ rsq })).toBeNull();
    expect(read({ rsq: 0 })?.rsq).toBe(0);
    expect(read({ rsq: 2 ** 53 - 1 })?.rsq).toBe(2 ** 53 - 1);
  });

  it("T10 refuses a claim said twice, a byte order mark, bad UTF-8, half a surrogate pair, NUL", () => {
    const text = JSON.stringify(WIRE);
    for (const twice of ['"sub":"admin"', '"roles":["admin"]', '"exp":9999999999', '"tenant":1,"tenant":2', '"\\u0073ub":"x"'])
      expect(readClaims(Buffer.from(`${text.slice(0, -1)},${twice}}`))).toEqual(null);
    expect(readClaims(Buffer.from(`\ufeff${text}`))).toBeNull();
    expect(readClaims(Buffer.from(text.replace('"user"', '"us\xffer"'), "latin1"))).toBeNull();
    for (const escape of ["\\ud800", "\\u0000"]) expect(readClaims(Buffer.from(text.replace('"user"', `"${escape}"`)))).toBeNull();
  });

  it.each([[[]], ["x"], [null], [1], [[WIRE]]])("refuses claims that are %j", (value) => {
    expect(readClaims(payload(value))).toBeNull();
  });

  it("T15 takes no claim from a prototype and gives none to it", () => {
    expect(readClaims(Buffer.from('{"__proto__":{"roles":["admin"]}}'))).toBeNull();
    expect(readClaims(Buffer.from(`${JSON.stringify(WIRE).slice(0, -1)},"__proto__":{"roles":["admin"]}}`))).toBeNull();
    expect(readClaims(Buffer.from(`${JSON.stringify(WIRE).slice(0, -1)},"tenant":{"__proto__":{"admin":true}}}`))).toBeNull();
    const claims = read({ constructor: { prototype: { admin: true } } });
    expect(claims?.declared["toString"]).toBeUndefined();
    expect(({} as Record<string, unknown>)["admin"]).toBeUndefined();
  });
});

describe("writing claims", () => {
  const text = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("é", "\u{1f9e5}", '"\\', "\n"));
  const at = fc.integer({ min: 0, max: 2 ** 41 - 1 }).map((seconds) => instant(seconds * 1_000));

  it("is read back as it was, whatever the claims", () => {
    const arbitrary = fc.record({
      iss: text,
      sub: text,
      client_id: text,
      jti: text,
      aud: fc.oneof(text, fc.array(text, { minLength: 1 })),
      roles: fc.array(text),
      amr: fc.array(text),
      iat: at,
      exp: at,
      auth_time: at,
      rsq: fc.maxSafeNat().map(seq),
    });
    fc.assert(
      fc.property(arbitrary, fc.dictionary(fc.stringMatching(/^[a-z]{1,2}$/), text), (some, own) => {
        const claims = { ...CLAIMS, ...some, declared: own } as object as AccessClaims;
        expect(readClaims(writeClaims(claims))).toEqual(claims);
      }),
      { numRuns: 50 },
    );
  });

  it("is read back for a client too, with whatever scopes", () => {
    const scope = fc.uniqueArray(fc.stringMatching(/^[!#-[\]-~]{1,9}$/), { maxLength: 5 });
    fc.assert(
      fc.property(scope, (some) => {
        const claims = { ...CLIENT_CLAIMS, scope: some };
        expect(readClaims(writeClaims(claims))).toEqual(claims);
      }),
      { numRuns: 50 },
    );
  });

  it("cuts times to whole seconds: a life never gets longer by it", () => {
    const claims = readClaims(writeClaims({ ...CLAIMS, iat: instant(NOW + 1), exp: instant(NOW + 1_999), nbf: instant(NOW + 999) }));
    expect(claims).toMatchObject({ iat: NOW, exp: NOW + 1_000, nbf: NOW });
  });

  it("lets no declared claim stand in for one of ours, not even for one that is absent", () => {
    const { scope: _scope, ...client } = CLIENT_CLAIMS;
    const declared = {
      iss: "evil",
      sub: "admin",
      roles: ["admin"],
      exp: 9e9,
      nbf: 9e9,
      sid: CLAIMS.sid as string,
      auth_time: 1,
      amr: ["mfa"],
      rsq: 9e9,
      scope: "everything",
      tenant: "t",
    };
    expect(readClaims(writeClaims({ ...client, scope: [], declared }))).toEqual({ ...client, scope: [], declared: { tenant: "t" } });
  });
});

describe("judging claims", () => {
  const judge = (change: Partial<LoginAccess>, now = NOW): string | null => judgeClaims({ ...CLAIMS, ...change }, POLICY, now);

  it("has nothing against a fresh token of ours, for us", () => {
    expect(judge({})).toBeNull();
    expect(judge({ aud: ["other", POLICY.audience] })).toBeNull();
  });

  it.each([
    "http://localhost:3000/",
    "http://LOCALHOST:3000",
    "http://localhost",
    "https://localhost:3000",
    "http://localhost:3000 ",
    "localhost:3000",
    "http://localhost:30001",
  ])("T12 refuses the issuer %j: another one to the letter", (iss) => {
    expect(judge({ iss })).toBe("forged");
  });

  it.each([["other"], [`${POLICY.audience}/`], [["other"]], [["other", `${POLICY.audience} `]]])(
    "T12 refuses the audience %j: somebody else's",
    (aud) => {
      expect(judge({ aud })).toBe("wrong_audience");
    },
  );

  it("T11 refuses it from exp on, not before, however the clock is set", () => {
    expect(judge({}, instant(CLAIMS.exp - 1))).toBeNull();
    expect(judge({}, CLAIMS.exp)).toBe("expired");
    expect(judge({}, later(CLAIMS.exp, duration("1h")))).toBe("expired");
    expect(judge({ exp: instant(0), iat: instant(0) })).toBe("expired");
  });

  it("T11 refuses an iat ahead of now and the leeway, and an nbf ahead of now", () => {
    const ahead = later(NOW, LEEWAY);
    expect(judge({ iat: ahead })).toBeNull();
    expect(judge({ iat: instant(ahead + 1) })).toBe("malformed");
    expect(judge({ nbf: NOW })).toBeNull();
    expect(judge({ nbf: instant(NOW + 1) })).toBe("malformed");
    expect(judge({}, instant(NOW - 3_600_000))).toBe("malformed"); // our clock stepped back an hour
  });

  it("refuses a life longer than any was ever given: the log may have forgotten its end", () => {
    expect(judge({ exp: instant(CLAIMS.exp + 1_000) })).toBe("malformed");
    expect(judge({ iat: instant(NOW - 1_000) })).toBe("malformed");
  });

  it("takes a life that was cut to whole seconds at both ends for what it was", () => {
    const short = { ...POLICY, maxTtl: duration("1500ms") };
    const claims = (start: number): AccessClaims =>
      readClaims(writeClaims({ ...CLAIMS, iat: instant(NOW + start), exp: instant(NOW + start + 1_500) })) as AccessClaims;
    for (const start of [0, 499, 500, 999]) expect(judgeClaims(claims(start), short, NOW)).toBeNull();
    expect(judgeClaims({ ...CLAIMS, exp: instant(NOW + 3_000) }, short, NOW)).toBe("malformed");
  });

  it("names the first thing that speaks against it, in the order of RFC 9068 §4", () => {
    const old = instant(0);
    expect(judge({ iss: "x", aud: "x", exp: old })).toBe("forged");
    expect(judge({ aud: "x", exp: old })).toBe("wrong_audience");
    expect(judge({ exp: old, nbf: later(NOW, duration("1h")) })).toBe("expired");
  });
});
