import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, SignJWT } from "jose";
import { afterAll, describe, expect, test } from "vitest";
import { audienceCheck, issuerCheck, signatureCheck, timeCheck } from "../../../src/cli/inspect/checks.ts";
import { keysIn } from "../../../src/cli/inspect/jwks.ts";
import { readForm } from "../../../src/cli/inspect/forms.ts";
import { claimsInWords, headerInWords, lasting, relative } from "../../../src/cli/inspect/words.ts";
import { instant } from "../../../src/core/time.ts";
import { CLAIMS, HEADER, NOW, signed, symmetric, unsigned } from "./tokens.ts";

const folder = mkdtempSync(join(tmpdir(), "coatcheck-inspect-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(value: unknown): string {
  const path = join(folder, `${Math.random()}.json`);
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return path;
}

const TICKET = `${"A".repeat(74)}A`;
const REFRESH = `ccr_${"A".repeat(86)}`;

describe("what it is", () => {
  test.each([
    ["signed", unsigned(HEADER, CLAIMS)],
    ["signed", `  ${unsigned(HEADER, CLAIMS)}\n`],
    ["signed", `Authorization: Bearer ${unsigned(HEADER, CLAIMS)}`],
    ["signed", `"${unsigned(HEADER, CLAIMS)}"`],
    ["signed", unsigned({ alg: "none" }, {}).replace(/[^.]*$/, "")],
    ["encrypted", `${Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString("base64url")}..iv.text.tag`],
    ["ticket", TICKET],
    ["ticket", `__Host-Http-coatcheck=${TICKET}; Secure; HttpOnly`],
    ["ticket", `Cookie: coatcheck=${TICKET}`],
    ["refresh", REFRESH],
    ["unreadable", "x"],
    ["unreadable", "a.b.c"],
    ["unreadable", `${unsigned(HEADER, CLAIMS)}.more`],
    ["unreadable", unsigned(HEADER, "[]")],
    ["unreadable", unsigned("null", CLAIMS)],
    ["unreadable", ""],
  ])("%s: %s", (form, text) => {
    expect(readForm(text).form).toBe(form);
  });
});

describe("the signature", () => {
  const pairs = {
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
    EdDSA: generateKeyPairSync("ed25519"),
    RS256: generateKeyPairSync("rsa", { modulusLength: 2_048 }),
  };

  test.each(["ES256", "EdDSA", "RS256"] as const)(
    "%s of a key that the file has holds, with and without kid and alg there",
    async (alg) => {
      const { privateKey, publicKey } = pairs[alg];
      const jwk = await exportJWK(publicKey);
      const text = await new SignJWT(CLAIMS).setProtectedHeader({ alg, kid: "k1", typ: "at+jwt" }).sign(privateKey);
      const other = await exportJWK(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey);
      for (const set of [{ keys: [other, { ...jwk, kid: "k1", alg }] }, { keys: [{ ...jwk, kid: "k1" }] }, { keys: [other, jwk] }, jwk]) {
        const token = signed(text);
        expect(signatureCheck(token, keysIn(file(set), token)), JSON.stringify(set)).toMatchObject({ reason: null });
      }
    },
  );

  test("does not hold when a byte differs, by another key, or by a key of another kid or alg", async () => {
    const { privateKey, publicKey } = pairs.ES256;
    const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256" };
    const text = await new SignJWT(CLAIMS).setProtectedHeader(HEADER).sign(privateKey);
    const [header, , signature] = text.split(".");
    const changed = `${header}.${Buffer.from(JSON.stringify({ ...CLAIMS, sub: "43" })).toString("base64url")}.${signature}`;
    const stranger = { ...(await exportJWK(generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey)), kid: "k1", alg: "ES256" };
    const cases: readonly (readonly [string, object])[] = [
      [changed, jwk],
      [text, stranger],
      [text, { ...jwk, kid: "k2" }],
      [text, { ...jwk, alg: "RS256" }],
      [text, { ...jwk, use: "enc" }],
      [`${header}.${text.split(".")[1]}.`, jwk],
    ];
    for (const [it, key] of cases) {
      const token = signed(it);
      expect(signatureCheck(token, keysIn(file({ keys: [key] }), token))).toMatchObject({ reason: "forged" });
    }
  });

  test("is unproved by none, by a shared secret, and by algorithms that are not read here", () => {
    for (const text of [
      unsigned({ alg: "none" }, CLAIMS),
      symmetric({ alg: "HS256" }, CLAIMS),
      unsigned({ alg: "ES512" }, CLAIMS),
      unsigned({}, {}),
    ]) {
      expect(signatureCheck(signed(text), { from: "here", keys: [] })).toMatchObject({ reason: "unproved" });
    }
  });

  test.each([
    ["no JSON", "x", /can't be read \(no JSON\)/],
    ["no key", {}, /holds no key/],
    ["an empty set", { keys: [] }, /holds no key/],
  ])("a file with %s is said so", (_, content, line) => {
    expect(() => keysIn(file(content), signed(unsigned(HEADER, CLAIMS)))).toThrow(line);
    expect(() => keysIn(join(folder, "nope"), signed(unsigned(HEADER, CLAIMS)))).toThrow(/can't be read \(ENOENT\)/);
  });
});

describe("time, issuer and audience", () => {
  const exp = CLAIMS.exp * 1_000;

  test.each([
    ["before its end", {}, exp - 1, null],
    ["at its end", {}, exp, "expired"],
    ["after its end", {}, exp + 1, "expired"],
    ["without an end", { exp: undefined }, exp, null],
    ["with an end that is no time", { exp: "soon" }, NOW, "malformed"],
    ["before its beginning", { nbf: NOW / 1_000 + 1 }, NOW, "early"],
    ["at its beginning", { nbf: NOW / 1_000 }, NOW, null],
    ["issued a moment ahead", { iat: NOW / 1_000 + 30 }, NOW, null],
    ["issued well ahead", { iat: NOW / 1_000 + 31 }, NOW, "early"],
  ])("%s", (_, claims, now, reason) => {
    expect(timeCheck(signed(unsigned(HEADER, { ...CLAIMS, ...claims })), instant(now)).reason).toBe(reason);
  });

  test("must be those that are asked for, to the letter", () => {
    const one = signed(unsigned(HEADER, CLAIMS));
    const many = signed(unsigned(HEADER, { ...CLAIMS, aud: ["a", "b"] }));
    expect(issuerCheck(one, "https://as.example").reason).toBe(null);
    expect(issuerCheck(one, "https://as.example/").reason).toBe("wrong_issuer");
    expect([audienceCheck(one, "app"), audienceCheck(many, "b")].map(({ reason }) => reason)).toEqual([null, null]);
    expect([audienceCheck(one, "ap"), audienceCheck(many, "a,b")].map(({ reason }) => reason)).toEqual([
      "wrong_audience",
      "wrong_audience",
    ]);
  });
});

describe("in words", () => {
  test("each header parameter and claim says what it means, and times relative to now", () => {
    expect(headerInWords({ typ: "AT+JWT", "x-own": 1 })).toEqual([
      { name: "typ", value: "AT+JWT", says: "an access token (RFC 9068)" },
      { name: "x-own", value: 1, says: "unknown to the standards" },
    ]);
    const said = claimsInWords({ exp: CLAIMS.exp, iat: CLAIMS.iat, nbf: "x", constructor: 1, sub: "42" }, NOW);
    expect(said.map(({ says }) => says.replace(/\d{4}-\S+ \S+, /, ""))).toEqual([
      "when it ends: in 4 minutes",
      "when it was issued: 1 minute ago",
      "from when on it is good",
      "a claim of the issuer's own",
      "whom it is about",
    ]);
  });

  test("lengths of time have one unit", () => {
    expect([30_000, 3_600_000, 90_000_000].map((by) => relative(instant(NOW - by), NOW))).toEqual([
      "30 seconds ago",
      "1 hour ago",
      "1 day ago",
    ]);
    expect([1_000, 300_000, 86_400_000 * 400].map(lasting)).toEqual(["1 second", "5 minutes", "1 year"]);
  });
});
