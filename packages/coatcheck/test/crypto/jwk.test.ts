import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { calculateJwkThumbprint } from "jose";
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../../src/core/session.ts";
import { algorithm } from "../../src/crypto/algorithms.ts";
import type { Algorithm } from "../../src/crypto/algorithms.ts";
import type { JsonObject } from "../../src/crypto/json.ts";
import { importJwkSet, importPublicJwk, publicKeyOf, thumbprint } from "../../src/crypto/jwk.ts";
import { generateSigningKey, sign } from "../../src/crypto/signing.ts";
import { verify } from "../../src/crypto/verify.ts";
import { NAMES, base64url, keyFor } from "./tokens.ts";

const EC = keyFor("ES256").public.jwk;
const RSA = keyFor("RS256").public.jwk;

/** A fitting RSA JWK of another size or exponent. */
function rsaJwk(modulusLength: number, publicExponent = 65_537): JsonObject {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength, publicExponent });
  return { ...publicKey.export({ format: "jwk" }), kid: "rsa", alg: "RS256" };
}

describe("a public JWK", () => {
  it.each(NAMES)("of %s is read as it was written, and verifies", (name) => {
    const key = keyFor(name);
    const read = importPublicJwk(key.public.jwk);
    expect(read).toMatchObject({ kid: key.kid, alg: key.alg, jwk: key.public.jwk });
    const input = Buffer.from("x");
    expect(read !== null && verify(read, input, sign(key, input))).toBe(true);
  });

  it.each(NAMES)("of %s publishes the key, its name and its use, and nothing else", (name) => {
    const { keyType, members } = algorithm(name) as Algorithm;
    const jwk = keyFor(name).public.jwk;
    expect(Object.keys(jwk).toSorted()).toEqual([...Object.keys(keyType), ...Object.keys(members), "kid", "alg", "use"].toSorted());
    expect(jwk).toMatchObject({ alg: name, use: "sig" });
  });

  it("may say key_ops verify, and what we do not know", () => {
    expect(importPublicJwk({ ...EC, key_ops: ["verify"], ext: true, x5t: "abc", iat: 1 })).not.toBeNull();
  });

  it("is known by either name of Ed25519", () => {
    const jwk = keyFor("EdDSA").public.jwk;
    expect(importPublicJwk({ ...jwk, alg: "Ed25519" })?.alg).toBe(algorithm("EdDSA"));
  });

  it.each<[string, JsonObject]>([
    ["names no algorithm", { alg: undefined as never }],
    ["names another of its type", { alg: "ES384" }],
    ["names one that is none", { alg: "ES224" }],
    ["names a symmetric one", { alg: "HS256" }],
    ["names one of another type", { alg: "RS256" }],
    ["names an encryption", { alg: "ECDH-ES" }],
    ["names a list", { alg: ["ES256"] }],
    ["is of another type", { kty: "RSA" }],
    ["is of no type", { kty: undefined as never }],
    ["is of a type in another case", { kty: "ec" }],
    ["is on another curve", { crv: "P-384" }],
    ["is on no curve", { crv: undefined as never }],
    ["is for encrypting", { use: "enc" }],
    ["has a null use", { use: null }],
    ["may encrypt", { key_ops: ["encrypt"] }],
    ["may sign", { key_ops: ["sign"] }],
    ["may verify and more", { key_ops: ["verify", "sign"] }],
    ["may do nothing", { key_ops: [] }],
    ["has key_ops of another type", { key_ops: "verify" }],
    ["has no kid", { kid: undefined as never }],
    ["has an empty kid", { kid: "" }],
    ["has a number for a kid", { kid: 1 }],
    ["is private", { d: EC["x"] as string }],
    ["is half symmetric", { k: "AAAA" }],
    ["has no x", { x: undefined as never }],
    ["has a short x", { x: base64url(Buffer.from(EC["x"] as string, "base64url").subarray(1)) }],
    ["has a long x", { x: base64url(Buffer.concat([Buffer.alloc(1), Buffer.from(EC["x"] as string, "base64url")])) }],
    ["has a padded x", { x: `${EC["x"]}=` }],
    ["has x in another spelling", { x: `${EC["x"]?.slice(0, -1)}${String.fromCharCode((EC["x"]?.charCodeAt(42) as number) + 1)}` }],
    ["has a number for x", { x: 1 }],
    ["is a point off its curve", { y: EC["x"] as string }],
    ["is the point 0, 0", { x: base64url(Buffer.alloc(32)), y: base64url(Buffer.alloc(32)) }],
  ])("T3 is refused when it %s", (_, change) => {
    const jwk = Object.fromEntries(Object.entries<JsonValue>({ ...EC, ...change }).filter(([, value]) => value !== undefined));
    expect(importPublicJwk(jwk)).toBeNull();
    expect(importPublicJwk(EC)).not.toBeNull();
  });

  it("has coordinates of their full length, zeros in front included (RFC 7518 §6.2.1.2)", () => {
    // One key in 256 has such a coordinate.
    let jwk = keyFor("ES256").public.jwk;
    while (Buffer.from(jwk["x"] as string, "base64url")[0] !== 0) jwk = generateSigningKey(algorithm("ES256") as Algorithm).public.jwk;
    expect(importPublicJwk(jwk)).not.toBeNull();
    expect(importPublicJwk({ ...jwk, x: base64url(Buffer.from(jwk["x"] as string, "base64url").subarray(1)) })).toBeNull();
  });

  it.each([1_024, 2_048, 3_064])("T3 is refused with an RSA modulus of %i bits", (bits) => {
    expect(importPublicJwk(rsaJwk(bits))).toBeNull();
  });

  it("is read with a smaller RSA modulus only where the caller says so", () => {
    const rules = { minRsaBits: 2_048, kid: /^rsa$/ };
    expect(importPublicJwk(rsaJwk(2_048), rules)).not.toBeNull();
    expect(importPublicJwk(rsaJwk(1_024), rules)).toBeNull();
    expect(importPublicJwk(RSA, rules)).toBeNull(); // its kid is another
  });

  it("T13 is refused with an RSA modulus beyond 4096 bits: each check would cost too much", () => {
    const modulus = Buffer.alloc(4_104 / 8, 0xff);
    expect(importPublicJwk({ ...RSA, n: base64url(modulus) })).toBeNull();
    expect(importPublicJwk({ ...RSA, n: base64url(modulus.subarray(1)) })).not.toBeNull();
  });

  it.each([1, 3, 17, 65_539])("T3 is refused with the RSA exponent %i", (exponent) => {
    const bytes = Buffer.from(exponent.toString(16).padStart(6, "0"), "hex");
    const e = base64url(bytes.subarray(bytes.findIndex((byte) => byte !== 0)));
    expect(importPublicJwk({ ...RSA, e })).toBeNull();
    expect(importPublicJwk({ ...RSA, e: "AQAB" })).not.toBeNull();
  });

  it("T3 is refused with leading zeros, or with nothing, for a number of RSA", () => {
    expect(importPublicJwk({ ...RSA, e: "AAEAAQ" })).toBeNull();
    expect(
      importPublicJwk({ ...RSA, n: base64url(Buffer.concat([Buffer.alloc(1), Buffer.from(RSA["n"] as string, "base64url")])) }),
    ).toBeNull();
    expect(importPublicJwk({ ...RSA, n: "" })).toBeNull();
  });

  it("T3 is refused with the fingerprint of ROCA", () => {
    // A power of 65537 is one modulo every prime; enough of them multiplied make 3072 bits, and no flawed prime was needed.
    const modulus = Buffer.from((65_537n ** 191n).toString(16).padStart(766, "0"), "hex");
    const bits = modulus.byteLength * 8;
    expect(bits).toBeGreaterThan(3_056);
    const rules = { minRsaBits: 2_048, kid: /./ };
    expect(importPublicJwk({ ...RSA, n: base64url(modulus) }, rules)).toBeNull();
    expect(importPublicJwk({ ...RSA, n: base64url(Buffer.concat([modulus.subarray(0, -1), Buffer.of(3)])) }, rules)).not.toBeNull();
  });

  it.each(["../../dev/null", "' OR 1=1--", "a.b", "a b", "a\n", "a\0", "ключ", "k".repeat(65)])("T5 is refused with the kid %j", (kid) => {
    expect(importPublicJwk({ ...EC, kid })).toBeNull();
    expect(importPublicJwk({ ...EC, kid: "k".repeat(64) })).not.toBeNull();
  });
});

describe("the thumbprint", () => {
  it.each(NAMES)("of %s is that of RFC 7638, as jose has it", async (name) => {
    const { jwk } = keyFor(name).public;
    expect(thumbprint(jwk)).toBe(await calculateJwkThumbprint(jwk, "sha256"));
  });

  it("names our keys: the same key, the same kid, short enough for every token to carry", () => {
    const key = keyFor("ES256");
    const again = publicKeyOf(key.alg, createPublicKey({ key: { ...key.public.jwk }, format: "jwk" }));
    expect(again.kid).toBe(key.kid);
    expect(key.kid).toBe(thumbprint(key.public.jwk).slice(0, 11));
  });
});

describe("a JWK set", () => {
  const set = (...keys: unknown[]): JsonObject => ({ keys }) as JsonObject;

  it("gives its keys by kid", () => {
    const keys = importJwkSet(set(EC, RSA));
    expect([...(keys?.keys() ?? [])]).toEqual([EC.kid, RSA.kid]);
    expect(keys?.get(EC.kid)?.alg.name).toBe("ES256");
    expect(importJwkSet(set())?.size).toBe(0);
  });

  it("T2 leaves out keys that name no algorithm of ours, and keys of types that it does not know", () => {
    const { alg: _, ...nameless } = EC;
    const others = [
      { ...nameless, kid: "1" },
      { kty: "AKP", kid: "2", alg: "ML-DSA-44", pub: "AA" },
      { ...EC, kid: "3", use: "enc" },
      { ...EC, kid: "4", y: EC["x"] },
      {},
    ];
    expect([...(importJwkSet(set(...others, RSA))?.keys() ?? [])]).toEqual([RSA["kid"]]);
  });

  it("is refused when it names one kid twice, even for keys of different types or keys that it would leave out", () => {
    expect(importJwkSet(set(EC, EC))).toBeNull();
    expect(importJwkSet(set(EC, { ...RSA, kid: EC["kid"] }))).toBeNull();
    expect(importJwkSet(set(EC, { kty: "AKP", kid: EC["kid"] }))).toBeNull();
  });

  it("is refused when it publishes a secret: a private or a symmetric key", () => {
    expect(importJwkSet(set(EC, { ...RSA, d: "AQAB" }))).toBeNull();
    expect(importJwkSet(set(EC, { kty: "oct", kid: "mac", k: "AAAA" }))).toBeNull();
    expect(importJwkSet(set(EC, { kty: "oct", kid: "mac" }))).toBeNull();
  });

  it.each([{}, { keys: null }, { keys: {} }, { keys: "x" }, { keys: [null] }, { keys: [[]] }, { keys: ["x"] }])(
    "is refused when it is none: %j",
    (value) => {
      expect(importJwkSet(value as JsonObject)).toBeNull();
    },
  );
});
