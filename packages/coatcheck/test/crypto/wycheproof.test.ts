import { describe, expect, it } from "vitest";
import { algorithm } from "../../src/crypto/algorithms.ts";
import type { JsonObject } from "../../src/crypto/json.ts";
import { importJwkSet, importPublicJwk } from "../../src/crypto/jwk.ts";
import type { PublicKey } from "../../src/crypto/jwk.ts";
import { readCompact } from "../../src/crypto/jws.ts";
import { verify } from "../../src/crypto/verify.ts";
import { readVectors } from "../vectors/vectors.ts";
import { FOREIGN, holds } from "./tokens.ts";

interface Case {
  readonly tcId: number;
  readonly comment: string;
  readonly result: "valid" | "invalid";
}

interface Jws extends Case {
  readonly jws: string;
}

interface Signature extends Case {
  readonly msg: string;
  readonly sig: string;
}

interface Vectors<Group> {
  readonly numberOfTests: number;
  readonly testGroups: readonly Group[];
}

/** Their RSA keys have 2048 bits; everything else is judged as the product judges it. */
const RULES = { minRsaBits: 2_048, kid: /^[\w@.-]{1,64}$/ };

/** Which cases were judged otherwise than the set says. */
function differences<C extends Case>(cases: readonly C[], accepts: (it: C) => boolean): number[] {
  return cases.filter((it) => accepts(it) !== (it.result === "valid")).map((it) => it.tcId);
}

interface JwsGroup {
  readonly public?: JsonObject;
  readonly private: JsonObject;
  readonly tests: readonly Jws[];
}

interface JudgedJws extends JwsGroup {
  readonly key: PublicKey | null;
}

/** The groups whose key is of an algorithm of ours, each with that key, and the others. */
function judgeJws(): {
  readonly count: number;
  readonly all: readonly Jws[];
  readonly ours: readonly JudgedJws[];
  readonly others: readonly JudgedJws[];
} {
  const { numberOfTests, testGroups } = readVectors("wycheproof/json_web_signature_test.json") as Vectors<JwsGroup>;
  const judged = testGroups.map((group) => ({ ...group, key: importPublicJwk(group.public ?? group.private, RULES) }));
  const ours = judged.filter((group) => algorithm((group.public ?? group.private)["alg"] as string) !== undefined);
  return {
    count: numberOfTests,
    all: testGroups.flatMap((group) => group.tests),
    ours,
    others: judged.filter((group) => !ours.includes(group)),
  };
}

describe("Wycheproof's JWS set", () => {
  it("is the set that these numbers are about", () => {
    const { count, all, ours } = judgeJws();
    expect(count).toBe(401);
    expect(all.length).toBe(401);
    expect(ours.flatMap((group) => group.tests).length).toBe(322);
  });

  it("ES256, RS256 and PS256: every case is judged right, but for two that the set calls valid and that do not fit their keys", () => {
    const { ours, all } = judgeJws();
    const wrong = ours.flatMap(({ key, tests }) => differences(tests, ({ jws }) => holds(key, jws, FOREIGN)));
    expect(wrong).toEqual([346, 350]);
    // Both say PS384 (RFC 7520 §4.2) under a key that says PS256: each key has exactly one algorithm.
    const headers = all
      .filter((it) => wrong.includes(it.tcId))
      .map(({ jws }) => Buffer.from(jws.split(".")[0] as string, "base64url").toString());
    for (const header of headers) expect(header).toContain('"PS384"');
  });

  it("every other key is refused, whatever the set says of its tokens, and so is every token of another algorithm by itself", () => {
    const { others } = judgeJws();
    expect(others.every(({ key }) => key === null)).toBe(true);
    const tests = others.flatMap((group) => group.tests);
    // 332 and 338 are tokens of RS256 and PS256 under a key of PS512, 353 to 356 of ES256 and RS256 under keys that are there to encrypt with.
    expect(tests.filter(({ jws }) => readCompact(jws, FOREIGN) !== null).map((it) => it.tcId)).toEqual([332, 338, 353, 354, 355, 356]);
    // All that the set calls valid and we do not, by decision: HS256, RS384, RS512, PS384, PS512, and ES512 (347 and 351, under a key that says ES521).
    const hmac = [1, 348, 352, 357, 358, 359, 372, 373, 376, 377];
    const longer = [264, 265, 266, 267, 268, 269, 270, 271, 320, 321, 322, 323, 325, 326, 327, 328, 347, 351];
    const valid = tests.filter((it) => it.result === "valid").map((it) => it.tcId);
    expect(new Set(valid)).toEqual(new Set([...hmac, ...longer]));
  });

  it("367 and 370 are byte for byte the valid 357, and 372 and 373 hold a '?': the set can not be followed there by anybody", () => {
    const byId = new Map(judgeJws().all.map((it) => [it.tcId, it]));
    const valid = byId.get(357);
    expect(valid?.result).toBe("valid");
    for (const id of [367, 370]) expect(byId.get(id)).toMatchObject({ jws: valid?.jws, result: "invalid" });
    for (const id of [372, 373]) {
      expect(byId.get(id)).toMatchObject({ jws: expect.stringContaining("?") as unknown, result: "valid" });
      expect(readCompact(byId.get(id)?.jws as string, FOREIGN)).toBeNull();
    }
  });

  it("never trusts a private key that stands where a public one should", () => {
    const { ours, others } = judgeJws();
    expect([...ours, ...others].map((group) => importPublicJwk(group.private, RULES)).filter((key) => key !== null)).toEqual([]);
  });

  it("trusts no RSA key of these at all as the product does: they have 2048 bits", () => {
    const trusted = judgeJws().ours.map((group) => importPublicJwk(group.public ?? group.private)?.alg.name);
    expect(trusted.filter((name) => name !== undefined)).toEqual(["ES256", "ES256"]);
  });
});

describe("Wycheproof's JWK set", () => {
  const read = (): Vectors<JwsGroup> => readVectors("wycheproof/json_web_key_test.json") as Vectors<JwsGroup>;

  /** The key by the kid, out of the set: no set, no key, no token. */
  function accepts(set: JsonObject, { jws }: Jws): boolean {
    const token = readCompact(jws, FOREIGN);
    return token !== null && holds(importJwkSet(set, RULES)?.get(token.kid) ?? null, jws, FOREIGN);
  }

  it("every case is judged right, but for four that are valid under HMAC, which is no algorithm of ours", () => {
    const { numberOfTests, testGroups } = read();
    expect(numberOfTests).toBe(26);
    const wrong = testGroups.flatMap((group) => differences(group.tests, (it) => accepts(group.public ?? group.private, it)));
    expect(wrong).toEqual([2, 13, 14, 15]);
    const symmetric = testGroups.filter((group) => group.tests.some((it) => wrong.includes(it.tcId)));
    expect(symmetric.map((group) => group.public)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("accepts case 5, the one valid set of ours", () => {
    const group = read().testGroups.find(({ tests }) => tests.some((it) => it.tcId === 5));
    expect(group?.tests.map((it) => accepts(group.public as JsonObject, it))).toEqual([true]);
  });
});

interface SignatureGroup {
  /** In hex: a point for ECDSA, 32 bytes for Ed25519. */
  readonly publicKey: { readonly uncompressed?: string; readonly pk?: string };
  readonly tests: readonly Signature[];
}

const coordinate = (hex: string): string => Buffer.from(hex, "hex").toString("base64url");

function ecKey({ publicKey: { uncompressed: point = "" } }: SignatureGroup): PublicKey | null {
  const [x, y] = [coordinate(point.slice(2, 66)), coordinate(point.slice(66))];
  return importPublicJwk({ kty: "EC", crv: "P-256", x, y, alg: "ES256", kid: "key" }, RULES);
}

function edKey({ publicKey: { pk = "" } }: SignatureGroup): PublicKey | null {
  return importPublicJwk({ kty: "OKP", crv: "Ed25519", x: coordinate(pk), alg: "EdDSA", kid: "key" }, RULES);
}

describe.each([
  ["ecdsa_secp256r1_sha256_p1363_test.json", 262, ecKey],
  ["ed25519_test.json", 151, edKey],
] as const)("Wycheproof's %s", (file, count, keyOf) => {
  it("every key is one, and every case is judged right", () => {
    const { numberOfTests, testGroups } = readVectors(`wycheproof/${file}`) as Vectors<SignatureGroup>;
    expect(numberOfTests).toBe(count);
    expect(testGroups.flatMap(({ tests }) => tests).length).toBe(count);
    const judged = testGroups.map((group) => ({ tests: group.tests, key: keyOf(group) }));
    expect(judged.filter(({ key }) => key === null)).toEqual([]);
    const accepts = (key: PublicKey | null, { msg, sig }: Signature): boolean =>
      key !== null && verify(key, Buffer.from(msg, "hex"), Buffer.from(sig, "hex"));
    expect(judged.flatMap(({ key, tests }) => differences(tests, (it) => accepts(key, it)))).toEqual([]);
  });
});
