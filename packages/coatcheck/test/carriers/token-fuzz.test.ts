import * as fc from "fast-check";
import { errors, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { judgeClaims } from "../../src/carriers/token/claims.ts";
import { NOW, POLICY, authentic } from "./access-tokens.ts";
import { SEED, TIMEOUT, tries } from "../fuzz/runs.ts";
import { ALIKE, KEY, STRICTER, build } from "./token-bends.ts";

// Our reader against jose's: what jose refuses we refuse, and where only we do, the reason has a name.

function weAccept(token: string): boolean {
  const claims = authentic(KEY, token);
  return claims !== null && judgeClaims(claims, POLICY, NOW) === null;
}

const JOSE = {
  issuer: POLICY.issuer,
  audience: POLICY.audience,
  typ: "at+jwt",
  algorithms: ["EdDSA", "Ed25519"],
  requiredClaims: ["exp", "iat", "sub", "client_id", "jti"],
  currentDate: new Date(NOW),
};

async function joseAccepts(token: string): Promise<boolean> {
  try {
    await jwtVerify(token, KEY.public.verifyWith.key, JOSE);
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false;
    throw error;
  }
}

describe("our reader against jose's", () => {
  it("both accept the token that is not bent", async () => {
    expect(weAccept(build([]))).toBe(true);
    expect(await joseAccepts(build([]))).toBe(true);
  });

  it.each(Object.entries(STRICTER))("is stricter for: %s", async (_, bends) => {
    let differences = 0;
    await fc.assert(
      fc.asyncProperty(bends, async (bend) => {
        const token = build([bend]);
        expect(weAccept(token)).toBe(false);
        if (await joseAccepts(token)) differences++;
      }),
      tries(0.15),
    );
    expect(differences).toBeGreaterThan(0);
  });

  it(
    `is alike for everything else (FUZZ_SEED=${SEED})`,
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(ALIKE, { maxLength: 3 }), async (bends) => {
          const token = build(bends);
          expect(weAccept(token)).toBe(await joseAccepts(token));
        }),
        tries(4),
      );
    },
    TIMEOUT,
  );

  it(
    `is never laxer, however bends are mixed (FUZZ_SEED=${SEED})`,
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.oneof({ arbitrary: ALIKE, weight: 3 }, ...Object.values(STRICTER)), { minLength: 1, maxLength: 3 }),
          async (bends) => {
            const token = build(bends);
            if (weAccept(token)) expect(await joseAccepts(token)).toBe(true);
          },
        ),
        tries(4),
      );
    },
    TIMEOUT,
  );
});
