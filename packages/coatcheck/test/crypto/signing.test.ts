import { constants, privateEncrypt } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Random } from "../../src/core/ports.ts";
import { algorithm } from "../../src/crypto/algorithms.ts";
import type { Algorithm } from "../../src/crypto/algorithms.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { seal, unseal } from "../../src/crypto/seal.ts";
import { generateSigningKey, sealSigningKey, sign, unsealSigningKey } from "../../src/crypto/signing.ts";
import { verify } from "../../src/crypto/verify.ts";
import { NAMES, keyFor } from "./tokens.ts";

const INPUT = Buffer.from("header.payload");
const SECRET = Buffer.alloc(32, 1);

/** Never the same twice, and the same in each run. */
function counting(): Random {
  let count = 0;
  return { bytes: (length) => Buffer.alloc(length, ++count) };
}

describe.each(NAMES)("signing with %s", (name) => {
  const key = keyFor(name);

  it("is verified by its own key over its own input, and by nothing else", () => {
    const signature = sign(key, INPUT);
    expect(verify(key.public, INPUT, signature)).toBe(true);
    expect(verify(key.public, Buffer.from("header.paylobd"), signature)).toBe(false);
    expect(verify(generateSigningKey(key.alg).public, INPUT, signature)).toBe(false);
  });

  it("T8 is refused with any bit changed, any byte more or less, none at all, and zeros", () => {
    const signature = sign(key, INPUT);
    for (const at of [0, signature.byteLength >> 1, signature.byteLength - 1]) {
      const changed = Buffer.from(signature);
      changed[at] = (changed[at] as number) ^ 1;
      expect(verify(key.public, INPUT, changed)).toBe(false);
    }
    const others = [
      signature.subarray(1),
      signature.subarray(0, -1),
      Buffer.concat([signature, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), signature]),
    ];
    for (const other of [...others, Buffer.alloc(0), Buffer.alloc(signature.byteLength), Buffer.alloc(65_536)])
      expect(verify(key.public, INPUT, other)).toBe(false);
  });

  it("takes a sealed key back from the store, with its kid and its public half", () => {
    const sealed = sealSigningKey(key, SECRET, counting());
    const opened = unsealSigningKey(key.alg, key.kid, sealed, SECRET);
    expect(opened).toMatchObject({ kid: key.kid, alg: key.alg });
    expect(opened?.public.jwk).toEqual(key.public.jwk);
    expect(opened !== null && verify(key.public, INPUT, sign(opened, INPUT))).toBe(true);
  });
});

describe("ECDSA", () => {
  const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
  const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
  const key = keyFor("ES256");

  it.each([
    ["0", 0n],
    ["n", N],
    ["n - 1", N - 1n],
    ["n + 1", N + 1n],
    ["p", P],
    ["2^256 - 1", 2n ** 256n - 1n],
    ["1", 1n],
  ])("T8 (CVE-2022-21449) is refused with r or s or both %s", (_, value) => {
    const real = Buffer.from(sign(key, INPUT));
    for (const forged of [
      Buffer.concat([bytes(value), real.subarray(32)]),
      Buffer.concat([real.subarray(0, 32), bytes(value)]),
      Buffer.concat([bytes(value), bytes(value)]),
    ]) {
      expect(verify(key.public, INPUT, forged)).toBe(false);
    }
  });

  it("T8 is refused in DER, which has other lengths", () => {
    const real = Buffer.from(sign(key, INPUT));
    const der = Buffer.concat([Buffer.from([0x30, 0x44, 0x02, 0x20]), real.subarray(0, 32), Buffer.from([0x02, 0x20]), real.subarray(32)]);
    expect(verify(key.public, INPUT, der)).toBe(false);
  });

  it("T9 is accepted in its second form, s' = n - s: so no token is known by its signature", () => {
    const real = Buffer.from(sign(key, INPUT));
    const s = BigInt(`0x${real.subarray(32).toString("hex")}`);
    expect(verify(key.public, INPUT, Buffer.concat([real.subarray(0, 32), bytes(N - s)]))).toBe(true);
  });
});

describe("RSA", () => {
  const key = keyFor("RS256");
  const SHA256_INFO = "3031300d060960864801650304020105000420";

  /** A PKCS #1 v1.5 signature (RFC 8017 §9.2) around any inside. */
  function padded(info: string, before = "0001", filler = "ff", after = ""): Buffer {
    const inside = `00${info}${Buffer.from(sha256(INPUT)).toString("hex")}${after}`;
    const fill = filler.repeat(384 - (before.length + inside.length) / 2);
    return privateEncrypt({ key: key.signWith.key, padding: constants.RSA_NO_PADDING }, Buffer.from(before + fill + inside, "hex"));
  }

  it("is what the forgeries below are made like", () => {
    expect(verify(key.public, INPUT, padded(SHA256_INFO))).toBe(true);
  });

  it.each([
    ["no parameters", "302f300b0609608648016503040201", "0420"],
    ["a long form of length", "30813130", "0d060960864801650304020105000420"],
    ["another digest", "3031300d0609608648016503040202", "05000420"],
    ["no DigestInfo", "", ""],
  ])("is refused with %s in its padding", (_, ...info) => {
    expect(verify(key.public, INPUT, padded(info.join("")))).toBe(false);
  });

  it("is refused with another block type, another filler, or bytes after the digest", () => {
    expect(verify(key.public, INPUT, padded(SHA256_INFO, "0002"))).toBe(false);
    expect(verify(key.public, INPUT, padded(SHA256_INFO, "0001", "fe"))).toBe(false);
    expect(verify(key.public, INPUT, padded(SHA256_INFO, "0001", "ff", "00"))).toBe(false);
  });

  it("is of one padding for each key: PS256 and RS256 do not stand in for each other", () => {
    const asPss = unsealSigningKey(
      algorithm("PS256") as Algorithm,
      key.kid,
      seal(key.signWith.key.export({ format: "der", type: "pkcs8" }), SECRET, `PS256 ${key.kid}`, counting()),
      SECRET,
    );
    expect(asPss).not.toBeNull();
    if (asPss === null) return;
    expect(verify(asPss.public, INPUT, sign(asPss, INPUT))).toBe(true);
    expect(verify(key.public, INPUT, sign(asPss, INPUT))).toBe(false);
    expect(verify(asPss.public, INPUT, sign(key, INPUT))).toBe(false);
  });
});

describe("sealing", () => {
  const plain = Buffer.from("the private key");

  it("gives back what was sealed, under the same key and context", () => {
    expect(unseal(seal(plain, SECRET, "kid", counting()), SECRET, "kid")).toEqual(plain);
  });

  it("shows nothing of it, and never the same twice", () => {
    const random = counting();
    const [one, two] = [seal(plain, SECRET, "kid", random), seal(plain, SECRET, "kid", random)];
    expect(Buffer.from(one).includes("private")).toBe(false);
    expect(Buffer.from(one).equals(two)).toBe(false);
    expect(one.byteLength).toBe(12 + plain.byteLength + 16);
  });

  it("does not open with another key or context, changed in any byte, or cut short", () => {
    const sealed = Buffer.from(seal(plain, SECRET, "kid", counting()));
    expect(unseal(sealed, Buffer.alloc(32, 2), "kid")).toBeNull();
    expect(unseal(sealed, SECRET, "kie")).toBeNull();
    for (let at = 0; at < sealed.byteLength; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect(unseal(changed, SECRET, "kid")).toBeNull();
    }
    for (let length = 0; length < sealed.byteLength; length++) expect(unseal(sealed.subarray(0, length), SECRET, "kid")).toBeNull();
  });

  it("T16 takes a key of 32 bytes and no other", () => {
    for (const length of [0, 16, 31, 33]) expect(() => seal(plain, Buffer.alloc(length), "kid", counting())).toThrow(/key length/);
  });

  it("opens a signing key under its own kid and algorithm alone", () => {
    const key = keyFor("RS256");
    const sealed = sealSigningKey(key, SECRET, counting());
    expect(unsealSigningKey(key.alg, `${key.kid}x`, sealed, SECRET)).toBeNull();
    expect(unsealSigningKey(algorithm("PS256") as Algorithm, key.kid, sealed, SECRET)).toBeNull();
    expect(unsealSigningKey(key.alg, key.kid, sealed, Buffer.alloc(32, 9))).toBeNull();
  });
});
