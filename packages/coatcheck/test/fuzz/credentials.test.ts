import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTicket, parseTicket } from "../../src/carriers/cookie/credential.ts";
import { readClaims, writeClaims } from "../../src/carriers/token/claims.ts";
import { parseProof } from "../../src/carriers/token/credential.ts";
import { deriveRefreshToken, parseRefreshToken } from "../../src/carriers/token/refresh-token.ts";
import { parseSid } from "../../src/core/ids.ts";
import type { Sid } from "../../src/core/ids.ts";
import { decode, encode } from "../../src/crypto/base64url.ts";
import { seal, unseal } from "../../src/crypto/seal.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";
import { createLocate } from "../../src/http/locate.ts";
import { systemRandom } from "../../src/server/random.ts";
import { payload, tokenOf, WIRE } from "../carriers/access-tokens.ts";
import { keyFor } from "../crypto/tokens.ts";
import { IS_WHOLE, SEED, tries } from "./runs.ts";
import { bent, headerText, wildText } from "./text.ts";

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const SECRETS = deriveSecrets([new Uint8Array(32).fill(7), new Uint8Array(32).fill(9)]);

const sid = bytes(16).map((it) => encode(it) as Sid);
const ticket = fc.record({ sid, secret: bytes(32), check: bytes(8) }).map(formatTicket);
const refreshToken = fc
  .tuple(fc.constantFrom(...SECRETS.readers), sid, fc.nat(), bytes(16))
  .map(([secret, id, generation, salt]) => deriveRefreshToken(secret, id, generation, salt));

describe(`credentials have one spelling (FUZZ_SEED=${SEED})`, () => {
  it("base64url: what encoding gives, and nothing else", () => {
    const text = fc.oneof(bent(fc.uint8Array({ maxLength: 20 }).map(encode), "=", "+", "A", "B"), wildText);
    fc.assert(
      fc.property(text, (it) => {
        const isCanonical = Buffer.from(it, "base64url").toString("base64url") === it;
        const decoded = decode(it);
        expect(decoded !== null).toBe(isCanonical);
        if (decoded !== null) expect(encode(decoded)).toBe(it);
      }),
      tries(5),
    );
  });

  it("a session's name", () => {
    fc.assert(
      fc.property(fc.oneof(bent(sid), wildText), (text) => {
        const known = Buffer.from(text, "base64url");
        expect(parseSid(text) !== null).toBe(known.length === 16 && known.toString("base64url") === text);
      }),
      tries(3),
    );
  });

  it("a ticket", () => {
    fc.assert(
      fc.property(fc.oneof(bent(ticket), wildText), (text) => {
        const read = parseTicket(text);
        expect(read !== null).toBe(text.length === 75 && decode(text) !== null);
        if (read !== null) expect(formatTicket(read)).toBe(text);
      }),
      tries(3),
    );
  });

  it("a refresh token: only what was derived from a secret of ours", () => {
    fc.assert(
      fc.property(refreshToken, bent(fc.constant("")), fc.oneof(bent(refreshToken), wildText), (ours, _, text) => {
        expect(parseRefreshToken(SECRETS, ours)).not.toBeNull();
        const read = parseRefreshToken(SECRETS, text);
        if (read !== null) expect(decode(text.slice("ccr_".length))).not.toBeNull();
      }),
      tries(2),
    );
    fc.assert(
      fc.property(refreshToken, fc.nat(63), fc.integer({ min: 1, max: 255 }), (text, where, flip) => {
        const raw = Buffer.from(text.slice("ccr_".length), "base64url");
        raw[where] = (raw[where] as number) ^ flip;
        expect(parseRefreshToken(SECRETS, `ccr_${encode(raw)}`)).toBeNull();
      }),
      tries(2),
    );
  });

  it("a token: what is read is what was written, part by part", () => {
    const key = keyFor("ES256");
    const sound = fc.constantFrom(tokenOf(key), tokenOf(key, { typ: "JWT" }), tokenOf(key, { crit: [] }), tokenOf(keyFor("EdDSA")));
    fc.assert(
      fc.property(fc.oneof(bent(sound, ".", "..", "e30", "=", "A"), wildText), (text) => {
        const proof = parseProof(text);
        if (proof === null) return;
        const parts = text.split(".");
        expect(parts).toHaveLength(3);
        expect([encode(proof.payload), encode(proof.signature)]).toEqual(parts.slice(1));
        expect(Buffer.from(proof.signingInput).toString()).toBe(`${parts[0]}.${parts[1]}`);
      }),
      tries(4),
    );
  });

  it("what was sealed: opened whole, or not at all", () => {
    const key = new Uint8Array(32).fill(3);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (plain, junk, at, flip) => {
          const sealed = Buffer.from(seal(plain, key, "ES256 a", systemRandom));
          expect(unseal(sealed, key, "ES256 a")).toEqual(Buffer.from(plain));
          expect(unseal(sealed, key, "ES256 b")).toBeNull();
          expect(unseal(junk, key, "ES256 a")).toBeNull();
          expect(unseal(sealed.subarray(0, at % sealed.length), key, "ES256 a")).toBeNull();
          sealed[at % sealed.length] = (sealed[at % sealed.length] as number) ^ flip;
          expect(unseal(sealed, key, "ES256 a")).toBeNull();
        },
      ),
      tries(),
    );
  });
});

describe(`claims (FUZZ_SEED=${SEED})`, () => {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(-1, 0.5, 2 ** 41, 2 ** 53, "", [], [""], null, "2026"));
  const bend = fc.dictionary(fc.constantFrom(...Object.keys(WIRE), "nbf", "tenant", "constructor"), fc.option(odd, { nil: undefined }), {
    maxKeys: 3,
  });

  it("are read back as they were written, or not at all", () => {
    let read = 0;
    fc.assert(
      fc.property(bend, (bends) => {
        const claims = readClaims(payload({ ...WIRE, ...bends }));
        if (claims === null) return;
        read++;
        expect(readClaims(writeClaims(claims))).toEqual(claims);
        expect([claims.exp, claims.iat, claims.rsq].every((it) => Number.isSafeInteger(it) && it >= 0)).toBe(true);
        expect(typeof claims.sub === "string" && claims.sub !== "").toBe(true);
        expect([claims.sid, claims.auth_time, claims.amr].filter((it) => it === undefined)).toHaveLength(claims.sid === undefined ? 3 : 0);
      }),
      tries(3),
    );
    if (IS_WHOLE) expect(read).toBeGreaterThan(0);
  });

  it("of any bytes are none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (junk) => {
        expect(readClaims(junk)).toBeNull();
      }),
      tries(),
    );
  });
});

const NAME = "__Host-Http-coatcheck";

/** The rule of RFC 6265bis §5.6 and §8.6 once more: split, trim, compare. */
function ticketsIn(header: string): ReadonlySet<string> {
  const pairs = header
    .split(";")
    .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1), pair.includes("=")] as const);
  const trim = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, "");
  return new Set(pairs.filter(([name, , named]) => named && name.replace(/^[ \t]+/, "") === NAME).map(([, value]) => trim(value)));
}

describe(`where a credential stands (FUZZ_SEED=${SEED})`, () => {
  const locate = createLocate(NAME);
  const pairs = fc
    .array(
      fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom(`${NAME}=a`, `${NAME}=b`, "theme=dark", `x${NAME}=c`) },
        { weight: 1, arbitrary: headerText },
      ),
      {
        maxLength: 6,
      },
    )
    .chain((all) => fc.constantFrom("; ", ";", " ;\t", ",").map((between) => all.join(between)));
  const cookie = bent(pairs, NAME, `${NAME}=`, `;${NAME}=a`, "\u00a0", ";", "=", "\t");

  it("in a cookie header: the one value of our name, or none", () => {
    fc.assert(
      fc.property(cookie, (header) => {
        const found = [...ticketsIn(header)];
        const located = locate({ cookie: header });
        if (found.length === 1) expect(located).toEqual({ carrier: "cookie", credential: found[0], ambient: true });
        else expect(located).toMatchObject({ carrier: null, reason: found.length === 0 ? "absent" : "ambiguous" });
      }),
      tries(5),
    );
  });

  it("in an authorization header: what follows the scheme, and then no cookie is read", () => {
    const header = fc.oneof(
      bent(fc.constantFrom("Bearer abc.def.ghi", "bearer", "Basic YTpi", "BEARER  x "), "Bearer", " ", "\t", ","),
      headerText,
    );
    fc.assert(
      fc.property(header, (authorization) => {
        const bearer = /^[ \t]*bearer(?:[ \t]+([^]*?))?[ \t]*$/i.exec(authorization);
        const located = locate({ authorization, cookie: `${NAME}=a` });
        expect(located).toEqual(
          bearer === null
            ? { carrier: "cookie", credential: "a", ambient: true }
            : { carrier: "token", credential: bearer[1] ?? "", ambient: false },
        );
      }),
      tries(3),
    );
  });
});
