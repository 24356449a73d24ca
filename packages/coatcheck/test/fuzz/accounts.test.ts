import { domainToASCII } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalEmail } from "../../src/accounts/email.ts";
import { createHasher, decoyHash, needsRehash } from "../../src/accounts/hashing.ts";
import { passwordFault, PASSWORD_FAULTS } from "../../src/accounts/password.ts";
import { systemRandom } from "../../src/server/random.ts";
import { IS_WHOLE, SEED, TIMEOUT, tries } from "./runs.ts";
import { bent, wildText } from "./text.ts";

describe(`e-mail addresses (FUZZ_SEED=${SEED})`, () => {
  const sound = fc.oneof(
    fc.emailAddress(),
    fc.constantFrom("ada@example.com", "Ada.Lovelace+x@Bücher.example", "a@xn--bcher-kva.example", "o'neil@例え.テスト", "a@b.co"),
  );
  const text = fc.oneof(bent(sound, "@", "..", "%", "!", '"', "\u212a", "\u3002", "xn--", "[1.2.3.4]", "<", ","), wildText);

  it("are one spelling each, and one that no mail software takes elsewhere", () => {
    let taken = 0;
    fc.assert(
      fc.property(text, (typed) => {
        const email = canonicalEmail(typed);
        if (email === null) return;
        taken++;
        expect(canonicalEmail(email)).toBe(email);
        expect(canonicalEmail(email.toUpperCase())).toBe(email);
        expect(email).toMatch(/^[\x21-\x7e]{1,254}$/);
        expect(email).not.toMatch(/[A-Z"(),:;<>[\]\\%!/|\s]/);
        const [local = "", domain = "", ...more] = email.split("@");
        expect(more).toEqual([]);
        expect(local.length).toBeLessThanOrEqual(64);
        expect([domainToASCII(domain), new URL(`https://${domain}`).hostname]).toEqual([domain, domain]);
        expect(domain).toMatch(/\.(?!\d+$)[a-z0-9-]+$/);
      }),
      tries(4),
    );
    if (IS_WHOLE) expect(taken).toBeGreaterThan(0);
  });
});

describe(`passwords (FUZZ_SEED=${SEED})`, () => {
  it("are fit, or unfit for a reason that has a name", () => {
    const context = fc.record({
      email: fc.constantFrom("ada@example.com", "x@y.zz"),
      name: wildText,
      issuerHost: fc.constantFrom("id.example.com", "localhost"),
    });
    fc.assert(
      fc.property(fc.oneof(wildText, bent(fc.constantFrom("correct horse battery", "ada2026", "password1"))), context, (password, of) => {
        const fault = passwordFault(password, of);
        if (fault !== null) expect(Object.keys(PASSWORD_FAULTS)).toContain(fault);
        else expect([...password].length).toBeGreaterThanOrEqual(8);
      }),
      tries(3),
    );
  });

  it(
    "fit no hash that is another string, or none at all",
    async () => {
      const hasher = createHasher({ random: systemRandom });
      const made = await hasher.hash("correct horse battery");
      // The costs stay as they are: a larger one is not wrong, only slow.
      const [head, tail] = [made.slice(0, made.indexOf("p=1$") + 4), made.slice(made.indexOf("p=1$") + 4)];
      const phc = fc.oneof(
        fc.constant(tail),
        bent(fc.constant(tail), "$", "=", "A", "B", "+").map((it) => head + it),
        fc.constantFrom(
          "$argon2id$",
          "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAA",
          "$2b$10$abc",
          "$argon2id$v=19$m=0,t=0,p=0$$",
          decoyHash(systemRandom),
        ),
        wildText.map((it) => `$${it}`),
      );
      await fc.assert(
        fc.asyncProperty(phc, async (it) => {
          const canonical = it.replaceAll("=", "") === made.replaceAll("=", "");
          if (!canonical) expect(await hasher.verify(it, "correct horse battery")).toBe(false);
          expect(needsRehash(it)).toBe(!it.startsWith("$argon2id$v=19$m=19456,t=2,p=1$"));
        }),
        tries(0.3),
      );
      expect(await hasher.verify(made, "correct horse battery")).toBe(true);
    },
    TIMEOUT,
  );
});
