import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/crypto/json.ts";
import { importPublicJwk } from "../../src/crypto/jwk.ts";
import { readCompact } from "../../src/crypto/jws.ts";
import { readVectors } from "../vectors/vectors.ts";
import { FOREIGN, holds } from "./tokens.ts";

// RFC 7520 §4: one payload, signed in every way there is. We read one of them, and refuse the others each for a reason of its own.

interface Example {
  readonly input: { readonly key?: JsonObject | readonly JsonObject[]; readonly alg?: string | readonly string[] };
  readonly output: { readonly compact?: string; readonly json?: object; readonly json_flat?: object };
}

const RULES = { minRsaBits: 2_048, kid: /^[\w@.-]{0,64}$/ };

const read = (file: string): Example => readVectors(`cookbook/${file}`) as Example;

/** The public half, with the algorithm that the example names beside its key. */
function publicJwk({ input: { key, alg } }: Example): JsonObject {
  const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...rest } = key as JsonObject;
  return { kid: "", ...rest, alg: alg as string };
}

function accepts(example: Example): boolean {
  return holds(importPublicJwk(publicJwk(example), RULES), example.output.compact as string, FOREIGN);
}

describe("the JOSE cookbook", () => {
  it("RFC 7520 §4.1: RS256 holds", () => {
    expect(accepts(read("jws/4_1.rsa_v15_signature.json"))).toBe(true);
  });

  it("RFC 7520 §4.1 does not hold for the product: its key has 2048 bits, its kid is an address", () => {
    const jwk = publicJwk(read("jws/4_1.rsa_v15_signature.json"));
    expect(importPublicJwk({ ...jwk, kid: "bilbo" })).toBeNull();
    expect(importPublicJwk({ ...jwk, kid: "bilbo" }, RULES)).not.toBeNull();
    expect(importPublicJwk(jwk, { ...RULES, kid: /^[\w-]{1,64}$/ })).toBeNull();
  });

  it("RFC 8037 A.4: EdDSA holds", () => {
    expect(accepts(read("curve25519/jws.json"))).toBe(true);
  });

  it.each([
    ["4_2.rsa-pss_signature.json", "PS384"],
    ["4_3.ecdsa_signature.json", "ES512"],
    ["4_4.hmac-sha2_integrity_protection.json", "HS256"],
  ])("RFC 7520 %s: %s is no algorithm of ours", (file, alg) => {
    const example = read(`jws/${file}`);
    expect(example.input.alg).toBe(alg);
    expect(accepts(example)).toBe(false);
    expect(readCompact(example.output.compact as string, FOREIGN)).toBeNull();
  });

  it.each([
    "4_5.signature_with_detached_content",
    "4_6.protecting_specific_header_fields",
    "4_7.protecting_content_only",
    "4_8.multiple_signatures",
  ])("RFC 7520 %s is refused in every form it has: detached, or JSON", (file) => {
    const { compact, json, json_flat } = read(`jws/${file}.json`).output;
    const forms = [compact, json, json_flat].filter((form) => form !== undefined);
    expect(forms.length).toBeGreaterThan(0);
    for (const form of forms) expect(readCompact(typeof form === "string" ? form : JSON.stringify(form), FOREIGN)).toBeNull();
  });
});
