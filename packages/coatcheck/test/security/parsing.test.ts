import { beforeAll, describe, expect, it } from "vitest";
import { parseProof } from "../../src/carriers/token/credential.ts";
import { base64url, signedParts } from "../crypto/tokens.ts";
import { expectAccepted, expectOnlyGenuine, expectRefused, openForge } from "./forging.ts";
import type { Forge } from "./forging.ts";

let forge: Forge;
beforeAll(async () => {
  forge = await openForge();
});

/** The genuine token with its signature made anew from these 64 bytes. */
function withSignature(bytes: Uint8Array): string {
  return `${forge.genuine.slice(0, forge.genuine.lastIndexOf("."))}.${base64url(bytes)}`;
}

/** A positive number as DER has it (X.690 §8.3): no zero bytes in front, but for one where the first bit would say that it is negative. */
function derInteger(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(start);
  const content = (digits[0] as number) < 0x80 ? digits : Buffer.concat([Buffer.alloc(1), digits]);
  return Buffer.concat([Buffer.of(2, content.length), content]);
}

/** The order of P-256's group, and 32 bytes of a number. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const bytes32 = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0"), "hex");

describe("T7 crit ignored (CVE-2026-35042, CVE-2025-59420)", () => {
  it("a token with critical extensions is refused, known, unknown or malformed, and so is b64", async () => {
    const crits: readonly unknown[] = [
      ["exp"],
      ["b64"],
      ["x"],
      ["alg"],
      ["kid", "typ"],
      [],
      ["x", "x"],
      [1],
      [null],
      "exp",
      "",
      {},
      null,
      true,
      0,
    ];
    const bends = [
      ...crits.flatMap((crit) => [{ crit }, { crit, x: 1 }, { crit, exp: 1 }]),
      ...[true, false, null, "false", 0].flatMap((b64) => [{ b64 }, { b64, crit: ["b64"] }]),
      { zip: "DEF" },
      { cty: "JWT" },
    ];
    await expectOnlyGenuine(
      forge,
      bends.map((bend) => forge.sign(bend)),
    );
  });

  it("an unencoded payload is refused (RFC 7797)", async () => {
    const { header, claims, key } = forge;
    const head = base64url(JSON.stringify({ ...header, b64: false, crit: ["b64"] }));
    await expectOnlyGenuine(forge, [signedParts(key, head, JSON.stringify(claims).replaceAll(".", ""))]);
  });
});

describe("T8 zero and out-of-range ECDSA (CVE-2022-21449)", () => {
  it("no signature of zeros, of the group's order, or beyond it holds", async () => {
    const edges = [0n, 1n, 2n, ORDER - 1n, ORDER, ORDER + 1n, 2n ** 256n - 1n].map(bytes32);
    const pairs = edges.flatMap((r) => edges.map((s) => Buffer.concat([r, s])));
    const own = Buffer.from(forge.genuine.split(".")[2] as string, "base64url");
    const [r, s] = [own.subarray(0, 32), own.subarray(32)];
    const mixed = [Buffer.concat([s, r]), Buffer.concat([r, edges[0] as Buffer]), Buffer.concat([edges[0] as Buffer, s])];
    await expectOnlyGenuine(forge, [...pairs, ...mixed].map(withSignature));
  });

  it("no signature of another length is even looked at: DER, short, long, 64 kB", async () => {
    const own = Buffer.from(forge.genuine.split(".")[2] as string, "base64url");
    const integers = [own.subarray(0, 32), own.subarray(32)].map(derInteger);
    const der = Buffer.concat([Buffer.of(0x30, Buffer.concat(integers).length), ...integers]);
    const lengths = [0, 1, 63, 65, 66, 96, 128, 132, 16_122, 65_536].map((length) => Buffer.alloc(length, own));
    const padded = [Buffer.concat([own, Buffer.alloc(1)]), Buffer.concat([Buffer.alloc(1), own])];
    const tokens = [der, ...lengths, ...padded].map(withSignature);
    await expectOnlyGenuine(forge, tokens);
    // Refused as it is read: no key is found for it, and nothing of OpenSSL sees it.
    expect(tokens.map(parseProof).filter((proof) => proof !== null)).toEqual([]);
    expect(parseProof(forge.genuine)).not.toBeNull();
  });
});

describe("T9 malleability and lenient base64", () => {
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

  it("of hundreds of spellings of one token exactly one is accepted", async () => {
    const { genuine } = forge;
    const dots = [genuine.indexOf("."), genuine.lastIndexOf(".")];
    const places = [0, 1, ...dots.flatMap((dot) => [dot, dot + 1]), 50, 200, genuine.length - 1, genuine.length];
    const inserted = ["=", "==", " ", "\t", "+", "/", "%3D", ".", ",", "\u00a0", "\n", "\r\n", "\f", "\0", "\u2000", "é", "A"].flatMap(
      (text) =>
        // What stands around a token in its header is no part of it (RFC 9110 §5.5).
        places
          .filter((at) => !((at === 0 || at === genuine.length) && /^[ \t]$/.test(text)))
          .map((at) => genuine.slice(0, at) + text + genuine.slice(at)),
    );
    const ends = [dots[0] as number, dots[1] as number, genuine.length].flatMap((end) =>
      [...ALPHABET].map((last) => genuine.slice(0, end - 1) + last + genuine.slice(end)),
    );
    const others = [
      genuine.replaceAll("-", "+").replaceAll("_", "/"),
      ...[genuine.toUpperCase(), genuine.toLowerCase(), [...genuine].toReversed().join(""), `${genuine}.`, `.${genuine}`, `${genuine}.x.y`],
      ...[`"${genuine}"`, `<${genuine}>`, encodeURIComponent(`${genuine}=`), JSON.stringify({ token: genuine })],
    ];
    const spellings = [...new Set([...inserted, ...ends, ...others])].filter((it) => it !== genuine);
    expect(spellings.length).toBeGreaterThan(200);
    await expectOnlyGenuine(forge, spellings);
  });

  it("ECDSA's second signature changes nothing: what ends is the session, under either spelling", async () => {
    const house = await openForge();
    const own = Buffer.from(house.genuine.split(".")[2] as string, "base64url");
    const s = BigInt(`0x${own.subarray(32).toString("hex")}`);
    const twin = `${house.genuine.slice(0, house.genuine.lastIndexOf("."))}.${base64url(Buffer.concat([own.subarray(0, 32), bytes32(ORDER - s)]))}`;
    expect(twin).not.toBe(house.genuine);
    await expectAccepted(house, twin);
    await house.call("POST", "/auth/sign-out", { headers: house.ada.headers });
    for (const token of [house.genuine, twin])
      expect((await house.call("GET", "/auth/me", { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
  });
});

describe("T10 duplicate members, BOM, bad UTF-8, half surrogates, NUL", () => {
  /** Bytes that stand for themselves, inside of text. */
  const raw = (before: string, bytes: readonly number[], after: string): Uint8Array =>
    Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);

  it("what two parsers read in two ways is refused, in the header and in the claims", async () => {
    const [header, claims] = [JSON.stringify(forge.header), JSON.stringify(forge.claims)];
    const [head, body] = [header.slice(0, -1), claims.slice(0, -1)];
    const bentClaims: readonly (string | Uint8Array)[] = [
      ...['"sub":"x"', '"roles":["admin"]', '"\\u0073ub":"x"', '"exp":99999999999', '"y":{"a":1,"a":2}'].map((it) => `${body},${it}}`),
      `{"sub":"x",${claims.slice(1)}`,
      ...[`\ufeff${claims}`, `${claims}\0`, `${claims}{}`, `${claims},`, `[${claims}]`, `"${claims}"`, "", "null", "1", "{}"],
      ...['"y":"\\ud800"', '"y":"\\u0000"', '"y\\udfff":1', '"y":"\\udc00\\ud800"', '"__proto__":{"roles":["admin"]}'].map(
        (it) => `${body},${it}}`,
      ),
      ...[[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80]].map((it) =>
        raw(`${body},"y":"`, it, `"}`),
      ),
      ...['"y":NaN', '"y":Infinity', '"y":0x10', '"y":01', "'y':1", "y:1", '"y":1,', "/**/"].map((it) => `${body},${it}}`),
      Buffer.from(claims, "utf16le"),
    ];
    const bentHeaders: readonly (string | Uint8Array)[] = [
      ...[`"kid":"${forge.key.kid}"`, '"alg":"none"', '"\\u0061lg":"none"', '"typ":"JWT"'].map((it) => `${head},${it}}`),
      ...[`{"alg":"none",${header.slice(1)}`, `\ufeff${header}`, `${header}\0`, `${header}{}`, `[${header}]`],
      raw(`${head},"kid":"`, [0xff], `"}`),
      Buffer.from(header, "utf16le"),
    ];
    const { key } = forge;
    await expectOnlyGenuine(forge, [
      ...bentClaims.map((it) => signedParts(key, base64url(header), base64url(it))),
      ...bentHeaders.map((it) => signedParts(key, base64url(it), base64url(claims))),
    ]);
    await expectAccepted(forge, signedParts(key, base64url(header), base64url(claims)));
  });
});

describe("T11 times that are no times", () => {
  const VALUES = [
    "null",
    "true",
    '"x"',
    "[]",
    "{}",
    "1e400",
    "-1e400",
    "1e20",
    "-1",
    "0.5",
    "-0.5",
    "2199023255552",
    "9007199254740993",
    '"9999999999"',
  ];

  it("exp, iat, nbf, auth_time and rsq are whole numbers in range, or the token is refused", async () => {
    const { claims } = forge;
    const tokens = ["exp", "iat", "nbf", "auth_time", "rsq"].flatMap((name) => {
      const rest = JSON.stringify({ ...claims, [name]: undefined }).slice(0, -1);
      return VALUES.filter((raw) => !(name === "rsq" && /^[12]\d+$/.test(raw))).map((raw) => forge.sign({}, `${rest},"${name}":${raw}}`));
    });
    await expectOnlyGenuine(forge, tokens);
  });

  it("every claim of RFC 9068 must be there", async () => {
    const names = ["iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid", "roles", "auth_time", "amr", "rsq"];
    await expectOnlyGenuine(
      forge,
      names.map((name) => forge.sign({}, { [name]: undefined })),
    );
  });

  it("a life longer than any, a beginning that is not yet, an iat ahead of 30 s", async () => {
    const { iat, exp } = forge.claims as { readonly iat: number; readonly exp: number };
    const bends = [
      { exp: exp + 1 },
      { exp: exp + 86_400 },
      { iat: iat - 1 },
      { nbf: iat + 1 },
      { iat: iat + 31, exp: exp + 31 },
      { iat: exp, exp: iat },
    ];
    for (const bend of bends) await expectRefused(forge, forge.sign({}, bend));
    await expectAccepted(forge, forge.sign({}, { iat: iat + 30, exp: exp + 30 }));
    await expectAccepted(forge, forge.sign({}, { nbf: iat }));
  });

  it("holds to the last second before exp, from memory too, and not a millisecond longer; clocks that step say the same", async () => {
    const house = await openForge();
    await expectAccepted(house, house.genuine);
    house.clock.advance("299s");
    await expectAccepted(house, house.genuine);
    house.clock.advance("1s");
    await expectRefused(house, house.sign());
    expect((await house.call("GET", "/auth/me", { headers: house.ada.headers })).status).toBe(401);
    house.clock.advance("1h");
    expect((await house.call("GET", "/auth/me", { headers: house.ada.headers })).status).toBe(401);
  });

  it("on a clock an hour behind the issuer's the token is not yet one", async () => {
    const house = await openForge();
    const { iat, exp } = house.claims as { readonly iat: number; readonly exp: number };
    await expectRefused(house, house.sign({}, { iat: iat + 3_600, exp: exp + 3_600 }));
    house.clock.advance("1h");
    await expectAccepted(house, house.sign({}, { iat: iat + 3_600, exp: exp + 3_600 }));
  });
});
