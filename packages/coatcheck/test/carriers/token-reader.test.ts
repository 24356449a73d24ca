import { describe, expect, it } from "vitest";
import { CoatcheckError } from "../../src/core/errors.ts";
import { parseProof, writeProof } from "../../src/carriers/token/credential.ts";
import { NAMES, base64url, keyFor } from "../crypto/tokens.ts";
import { CLAIMS, authentic, tokenOf } from "./access-tokens.ts";

const key = keyFor("ES256");

describe("an access token", () => {
  it.each(NAMES)("of %s says what was written, and is of its kind", (name) => {
    const token = writeProof(keyFor(name), CLAIMS);
    expect(authentic(keyFor(name), token)).toEqual(CLAIMS);
    expect(JSON.parse(Buffer.from(token, "base64url").toString().split("}")[0] + "}")).toEqual({
      alg: name,
      typ: "at+jwt",
      kid: keyFor(name).kid,
    });
  });

  it("has less than 560 characters under ES256, with the default claims", () => {
    expect(writeProof(key, CLAIMS).length).toBeLessThan(560);
  });

  it("verifies under either name of Ed25519", () => {
    const ed = keyFor("EdDSA");
    expect(authentic(ed, tokenOf(ed, { alg: "Ed25519" }))).toEqual(CLAIMS);
    expect(authentic(ed, tokenOf(ed, { alg: "EdDSA" }))).toEqual(CLAIMS);
  });

  it("is not made with claims that its own reader would refuse", () => {
    const deep = JSON.parse(`${"[".repeat(40)}${"]".repeat(40)}`) as [];
    const declared = [
      { note: "x".repeat(8_000) },
      { note: "a\0b" },
      { note: "\ud800" },
      { note: { '"': 1 } },
      { deep },
      Object.fromEntries([["__proto__", 1]]),
    ];
    for (const it of declared) expect(() => writeProof(key, { ...CLAIMS, declared: it })).toThrow(CoatcheckError);
    expect(authentic(key, writeProof(key, { ...CLAIMS, declared: { note: "x".repeat(5_000) } }))?.declared["note"]).toHaveLength(5_000);
  });
});

describe("T12 other kinds of token", () => {
  it.each([
    "JWT",
    "jwt",
    "id_token",
    "logout+jwt",
    "secevent+jwt",
    "dpop+jwt",
    "dbsc+jwt",
    "statuslist+jwt",
    "client-authentication+jwt",
    "rt+jwt",
    "at",
    "at+jws",
    "x-at+jwt",
    "at+jwt+x",
    "at+jwt;x=1",
    " at+jwt",
    "at+jwt\n",
    "text/at+jwt",
    "application/",
    "application/application/at+jwt",
    "",
    null,
    1,
    ["at+jwt"],
  ])("typ %j is refused", (typ) => {
    expect(parseProof(tokenOf(key, { typ }))).toBeNull();
  });

  it("no typ is refused", () => {
    expect(parseProof(tokenOf(key, { typ: undefined }))).toBeNull();
  });

  it.each(["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])(
    "typ %j is an access token's (RFC 9068 §4, RFC 7515 §4.1.9)",
    (typ) => {
      expect(parseProof(tokenOf(key, { typ }))?.typ).toBe(typ);
    },
  );

  it("a refresh token, a cookie's value and plain words are none", () => {
    for (const text of [
      "",
      "null",
      "undefined",
      "[object Object]",
      "A".repeat(75),
      `cc_rt.${"A".repeat(60)}`,
      "a.b.c",
      "..",
      "eyJ9.e30.AA",
    ])
      expect(parseProof(text)).toBeNull();
  });
});

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The same bytes with other unused bits at the end. */
function otherEndings(part: string): string[] {
  const unused = [0, 0, 4, 2][part.length % 4] as number;
  const last = ALPHABET.indexOf(part.at(-1) as string);
  return Array.from({ length: 2 ** unused - 1 }, (_, bits) => part.slice(0, -1) + (ALPHABET[last + bits + 1] as string));
}

/** What a lenient reader might take for this token: its bytes dressed in other characters. */
function spellings(token: string): string[] {
  const parts = token.split(".") as [string, string, string];
  const replaced = (change: (part: string) => readonly string[]): string[] =>
    parts.flatMap((part, at) => change(part).map((other) => parts.with(at, other).join(".")));
  const [header, payload, signature] = parts;
  const insertions = [" ", "\t", "\n", "\r\n", "\v", "\f", "\0", "\u00a0", "\u200b", "\ufeff", "?", "%", "=", "%20", "&#46;"];
  return [
    ...replaced((part) => insertions.flatMap((it) => [it + part, part + it, `${part.slice(0, 8)}${it}${part.slice(8)}`])),
    ...replaced((part) => ["=", "==", "===", "%3D"].map((padding) => part + padding)),
    ...replaced((part) => [
      part.replaceAll("-", "+"),
      part.replaceAll("_", "/"),
      `${part}A`,
      `${part}AAAA`,
      `AAAA${part}`,
      `%${part.charCodeAt(0).toString(16)}${part.slice(1)}`,
    ]),
    ...replaced((part) => [
      part.replace(/[a-z]/, (it) => String.fromCodePoint(it.charCodeAt(0) + 0xfee0)),
      part.toLowerCase(),
      part.toUpperCase(),
      [...part].reverse().join(""),
    ]),
    ...replaced((part) => [
      part.replace(/.{64}/g, "$&\r\n"),
      `"${part}"`,
      Buffer.from(part, "base64url").toString("hex"),
      Buffer.from(part, "base64url").toString("base64"),
      base64url(part),
    ]),
    ...replaced(otherEndings),
    ...[
      `.${token}`,
      `${token}.`,
      `${token}..`,
      `..${token}`,
      token.replace(".", ".."),
      token.replaceAll(".", "-"),
      token.replaceAll(".", "\uff0e"),
      token.replaceAll(".", "%2E"),
      token.replaceAll(".", ":"),
    ],
    ...[
      `Bearer ${token}`,
      `"${token}"`,
      `'${token}'`,
      `<${token}>`,
      `{"token":"${token}"}`,
      `${token},${token}`,
      `${token};`,
      encodeURIComponent(` ${token}`),
      `${token}#`,
      `${token}?x=1`,
    ],
    ...[
      `${payload}.${header}.${signature}`,
      `${header}.${signature}.${payload}`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}..${signature}`,
      `.${payload}.${signature}`,
    ],
    JSON.stringify({ payload, protected: header, signature }),
    JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
  ];
}

describe.each(NAMES)("T9 spellings of one token of %s", (name) => {
  const token = writeProof(keyFor(name), CLAIMS);
  const all = [...new Set([token, ...spellings(token)])];

  it("exactly one of more than 200 is accepted", () => {
    expect(all.length).toBeGreaterThan(200);
    expect(all.filter((it) => authentic(keyFor(name), it) !== null)).toEqual([token]);
  });
});

describe("T9 the second form of an ECDSA signature", () => {
  it("makes a second token of the same claims: so ending goes by sid, never by the token or its hash", () => {
    const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const token = writeProof(key, CLAIMS);
    const [header, payload, signature] = token.split(".") as [string, string, string];
    const bytes = Buffer.from(signature, "base64url");
    const s = (N - BigInt(`0x${bytes.subarray(32).toString("hex")}`)).toString(16).padStart(64, "0");
    const second = `${header}.${payload}.${base64url(Buffer.concat([bytes.subarray(0, 32), Buffer.from(s, "hex")]))}`;
    expect(second).not.toBe(token);
    expect(authentic(key, second)?.sid).toBe(CLAIMS.sid);
  });
});
