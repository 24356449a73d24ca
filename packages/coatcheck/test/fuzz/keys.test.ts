import { createPublicKey } from "node:crypto";
import fc from "fast-check";
import { importJWK } from "jose";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/crypto/json.ts";
import { importJwkSet, importPublicJwk } from "../../src/crypto/jwk.ts";
import { keyFor, NAMES } from "../crypto/tokens.ts";
import { IS_WHOLE, SEED, tries } from "./runs.ts";
import { bent } from "./text.ts";

const OURS = NAMES.map((name) => keyFor(name).public.jwk);
const MEMBERS = ["kty", "crv", "alg", "use", "key_ops", "kid", "x", "y", "n", "e", "d", "k", "x5c", "__proto__", "toString"];

/** A key of ours with members changed: bent text, a value of another key, or any JSON at all. */
const bentJwk = fc.tuple(
  fc.constantFrom(...OURS),
  fc.array(
    fc.tuple(
      fc.constantFrom(...MEMBERS),
      fc.oneof(
        fc.constantFrom(
          "OKP",
          "EC",
          "RSA",
          "oct",
          "P-256",
          "Ed25519",
          "ES256",
          "EdDSA",
          "RS256",
          "sig",
          "enc",
          ["verify"],
          ["sign"],
          "AQAB",
          "Aw",
        ),
        bent(fc.constantFrom(...OURS.flatMap((it) => Object.values(it)))),
        fc.jsonValue({ maxDepth: 1 }),
        fc.constant(undefined),
      ),
    ),
    { maxLength: 2 },
  ),
);
const jwk = bentJwk.map(
  ([sound, bends]): JsonObject => JSON.parse(JSON.stringify({ ...sound, ...Object.fromEntries(bends) })) as JsonObject,
);

describe(`public keys (FUZZ_SEED=${SEED})`, () => {
  // RFC 9864 §2.2: Ed25519 is the newer name of the one row, which is published by its older one.
  it("are imported whole and published as they came, or refused; jose takes whatever we take", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(jwk, async (it) => {
        const key = importPublicJwk(it);
        if (key === null) return;
        taken++;
        for (const [name, value] of Object.entries(key.jwk))
          if (name !== "use") expect(name === "alg" && it[name] === "Ed25519" ? "EdDSA" : it[name]).toBe(value);
        expect(importPublicJwk(key.jwk)?.jwk).toEqual(key.jwk);
        const { kid: _kid, alg, use: _use, ...members } = key.jwk;
        expect(createPublicKey({ key: members, format: "jwk" }).export({ format: "jwk" })).toEqual(members);
        await importJWK({ ...key.jwk }, alg);
      }),
      tries(2),
    );
    if (IS_WHOLE) expect(taken).toBeGreaterThan(0);
  });

  it("in a set: each by its own name, and no set that says two things or a secret", () => {
    const set = fc.record({
      keys: fc.oneof(fc.array(fc.oneof(jwk, fc.jsonValue({ maxDepth: 1 })), { maxLength: 4 }), fc.jsonValue({ maxDepth: 2 })),
    });
    fc.assert(
      fc.property(set, (it) => {
        const keys = importJwkSet(it as JsonObject);
        if (keys === null) return;
        for (const [kid, key] of keys) expect(key.kid).toBe(kid);
        expect(JSON.stringify([...keys.values()].map((key) => key.jwk))).not.toMatch(/"(?:d|k|p|q)":/);
      }),
      tries(2),
    );
  });
});
