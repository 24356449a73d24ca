import { describe, expect, it } from "vitest";
import { equal } from "../../src/crypto/constant-time.ts";
import { hkdf, hmac, sha256 } from "../../src/crypto/hash.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("hash", () => {
  it("is SHA-256 of text and of bytes (FIPS 180-4, the example 'abc')", () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    expect(hex(sha256("abc"))).toBe(abc);
    expect(hex(sha256(Buffer.from("abc")))).toBe(abc);
  });

  it("is HMAC with SHA-256 (RFC 4231 §4.3)", () => {
    expect(hex(hmac(Buffer.from("Jefe"), "what do ya want for nothing?"))).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });

  it("is HKDF with SHA-256 (RFC 5869 A.3: no salt; here with its empty info)", () => {
    const okm = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
    expect(hex(hkdf(Buffer.alloc(22, 0x0b), "", 42))).toBe(okm);
  });

  it("derives another key for each use, whatever the length", () => {
    const secret = Buffer.alloc(32, 7);
    const keys = ["ticket", "ticket check", "refresh"].map((use) => hex(hkdf(secret, use, 32)));
    expect(new Set(keys).size).toBe(3);
    expect(hkdf(secret, "id", 4).byteLength).toBe(4);
  });
});

describe("equal", () => {
  it("says whether all bytes are the same", () => {
    expect(equal(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3))).toBe(true);
    expect(equal(Uint8Array.of(), Uint8Array.of())).toBe(true);
    for (const other of [[1, 2, 4], [0, 2, 3], [1, 2], [1, 2, 3, 0], []])
      expect(equal(Uint8Array.of(1, 2, 3), Uint8Array.from(other))).toBe(false);
  });
});
