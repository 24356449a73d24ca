import { describe, expect, it } from "vitest";
import { algorithm } from "../../src/crypto/algorithms.ts";
import type { Algorithm } from "../../src/crypto/algorithms.ts";
import { sign } from "../../src/crypto/signing.ts";
import { NAMES, keyFor } from "./tokens.ts";

describe("algorithms", () => {
  it.each(NAMES)("knows %s, and makes keys and signatures as its row says", (name) => {
    const row = algorithm(name) as Algorithm;
    expect(row.name).toBe(name);
    const key = keyFor(name);
    expect(key.public.jwk).toMatchObject(row.keyType);
    const { byteLength } = sign(key, Buffer.from("x"));
    expect(byteLength).toBeGreaterThanOrEqual(row.signatureBytes.min);
    expect(byteLength).toBeLessThanOrEqual(row.signatureBytes.max);
  });

  it("reads Ed25519 and EdDSA as one, and writes EdDSA", () => {
    expect(algorithm("Ed25519")).toBe(algorithm("EdDSA"));
    expect(algorithm("Ed25519")?.name).toBe("EdDSA");
  });

  it("makes RSA keys of 3072 bits", () => {
    expect(keyFor("RS256").public.verifyWith.key.asymmetricKeyDetails?.modulusLength).toBe(3_072);
  });

  it.each([
    "none",
    "None",
    "nOnE",
    "NONE",
    "",
    "es256",
    "Es256",
    "ES256 ",
    "HS256",
    "HS384",
    "HS512",
    "ES384",
    "ES512",
    "ES256K",
    "PS384",
    "PS512",
    "RS384",
    "RS512",
    "RSA-OAEP",
    "dir",
    "Ed448",
    "ed25519",
    "eddsa",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
  ])("T1 knows no %j", (name) => {
    expect(algorithm(name)).toBeUndefined();
  });
});
