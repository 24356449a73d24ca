import * as fc from "fast-check";
import { base64url, keyFor, signedParts } from "../crypto/tokens.ts";
import { NOW, WIRE } from "./access-tokens.ts";

// Tokens that are truly signed, and bent: before signing in what they say, or after it in how they are written.

export const KEY = keyFor("EdDSA");
const SECONDS = NOW / 1_000;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** One change to a token. Several can be made at once, in any order. */
export interface Bend {
  /** Members of the header that are set; undefined leaves one out. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Claims that are set, in JSON; undefined leaves one out. */
  readonly claims?: Readonly<Record<string, string | undefined>>;
  /** Members that are written after all others, whatever those are called. */
  readonly alsoHeader?: string;
  readonly alsoClaims?: string;
  /** What the text of header and claims becomes before it is encoded. */
  readonly headerText?: (text: string) => string;
  readonly claimsText?: (text: string) => string;
  /** What becomes of the finished token. */
  readonly token?: (token: string) => string;
}

export function build(bends: readonly Bend[]): string {
  const header = Object.assign({ alg: "EdDSA", typ: "at+jwt", kid: KEY.kid }, ...bends.map((bend) => bend.header)) as object;
  const claims = Object.assign(
    Object.fromEntries(Object.entries(WIRE).map(([name, value]) => [name, JSON.stringify(value)])),
    ...bends.map((bend) => bend.claims),
  ) as Record<string, string | undefined>;
  const written = Object.entries(claims).filter(([, raw]) => raw !== undefined);
  const headerText = [JSON.stringify(header).slice(1, -1), ...bends.map((bend) => bend.alsoHeader)];
  const claimsText = [...written.map(([name, raw]) => `${JSON.stringify(name)}:${raw}`), ...bends.map((bend) => bend.alsoClaims)];
  const token = signedParts(
    KEY,
    base64url(
      apply(
        object(headerText),
        bends.map((bend) => bend.headerText),
      ),
    ),
    base64url(
      apply(
        object(claimsText),
        bends.map((bend) => bend.claimsText),
      ),
    ),
  );
  return apply(
    token,
    bends.map((bend) => bend.token),
  );
}

function object(members: readonly (string | undefined)[]): string {
  return `{${members.filter((it) => it !== undefined && it !== "").join(",")}}`;
}

function apply(text: string, changes: readonly (((text: string) => string) | undefined)[]): string {
  return changes.reduce<string>((before, change) => change?.(before) ?? before, text);
}

const among = (...bends: readonly Bend[]): fc.Arbitrary<Bend> => fc.constantFrom(...bends);
const claim = (name: string, ...raws: string[]): Bend[] => raws.map((raw) => ({ claims: { [name]: raw } }));

/** Where we are stricter than jose is: what for, and bends that show it. */
export const STRICTER: Readonly<Record<string, fc.Arbitrary<Bend>>> = {
  "space in base64url": fc
    .tuple(fc.constantFrom(" ", "\t", "\n", "\r\n", "\f"), fc.nat(20))
    .map(([space, fromEnd]) => ({ token: (it) => it.slice(0, it.length - fromEnd) + space + it.slice(it.length - fromEnd) })),
  padding: among({ token: (it) => `${it}==` }),
  "unused bits that are set": fc
    .integer({ min: 1, max: 15 })
    .map((bits) => ({ token: (it) => it.slice(0, -1) + (ALPHABET[ALPHABET.indexOf(it.at(-1) as string) + bits] as string) })),
  "a member of the header that access tokens do not have": fc
    .constantFrom(
      '"b64":false',
      '"b64":true',
      '"jku":"http://127.0.0.1/"',
      '"jwk":{"kty":"oct"}',
      '"x5u":"x"',
      '"x5c":["x"]',
      '"zip":"DEF"',
      '"cty":"JWT"',
      '"x":1',
    )
    .map((alsoHeader) => ({ alsoHeader })),
  "no kid, or one of other characters": fc
    .constantFrom(undefined, "", "a b", "../x", "k".repeat(65), 1, null, ["x"])
    .map((kid) => ({ header: { kid } })),
  "one name twice": among(
    { alsoHeader: `"kid":"${KEY.kid}"` },
    { alsoClaims: '"sub":"x"' },
    { alsoClaims: '"\\u0073ub":"x"' },
    { alsoClaims: '"y":{"a":1,"a":1}' },
  ),
  "a name with an escape": among({ alsoClaims: '"\\u0079":1' }, { alsoClaims: '"y":{"\\n":1}' }),
  "a byte order mark": among({ headerText: (it) => `\ufeff${it}` }, { claimsText: (it) => `\ufeff${it}` }),
  "half a surrogate pair, or NUL": among({ alsoClaims: '"y":"\\ud800"' }, { alsoClaims: '"y":"\\u0000"' }, { alsoClaims: '"y\\udfff":1' }),
  "a member __proto__": among({ alsoClaims: '"__proto__":{"roles":["admin"]}' }, { alsoClaims: '"y":{"__proto__":1}' }),
  "nesting deeper than 32": fc
    .integer({ min: 32, max: 500 })
    .map((depth) => ({ alsoClaims: `"y":${"[".repeat(depth)}${"]".repeat(depth)}` })),
  "a number beyond the finite ones": among(...claim("exp", "1e400"), { alsoClaims: '"y":-1e400' }),
  "a time that is no whole number of seconds below 2^41": among(
    ...claim("exp", `${SECONDS + 60}.5`, "1e20", "2199023255552"),
    ...claim("nbf", "-1", "0.5"),
    ...claim("iat", "-1", "0.5"),
    ...claim("auth_time", '"now"'),
  ),
  "an iat ahead of the leeway": fc
    .integer({ min: SECONDS + 31, max: SECONDS + 9_999 })
    .map((iat) => ({ claims: { iat: String(iat), exp: String(iat + 300) } })),
  "a life longer than any": fc.integer({ min: SECONDS + 301, max: SECONDS + 9_999 }).map((exp) => ({ claims: { exp: String(exp) } })),
  "a claim of another type": fc
    .tuple(
      fc.constantFrom("sub", "client_id", "jti", "roles", "amr", "sid", "auth_time", "rsq"),
      fc.constantFrom("null", "true", '""', "{}", "[[]]", "1.5", "[1]"),
    )
    .map(([name, raw]) => ({ claims: { [name]: raw } })),
  "a claim of ours that is missing": fc
    .constantFrom("roles", "rsq", "sid", "auth_time", "amr")
    .map((name) => ({ claims: { [name]: undefined } })),
  "an aud that holds what is no text": among(
    ...claim("aud", '["http://localhost:3000",[]]', '["http://localhost:3000",1]', '["http://localhost:3000",null]'),
  ),
  "more than 8192 characters, or a header of more than 1024 bytes": among(
    { alsoClaims: `"y":"${"x".repeat(8_000)}"` },
    { headerText: (it) => it.padEnd(1_025) },
  ),
};

/** What both judge alike, whichever way. */
export const ALIKE: fc.Arbitrary<Bend> = fc.oneof(
  among({}),
  among(...claim("x", "1", '{"a":[1,null]}', '"\\ud83e\\udde5 \u{1f9e5}"', "1e30"), ...claim("tenant", '"t"', "{}")),
  among(
    { headerText: (it) => `\n ${it} ` },
    { claimsText: (it) => `\t${it}\r\n` },
    { claimsText: (it) => `${it}x` },
    { headerText: (it) => `[${it}]` },
  ),
  fc.constantFrom("at+jwt", "AT+JWT", "application/at+jwt", "JWT", "", null, undefined, 1, "dpop+jwt").map((typ) => ({ header: { typ } })),
  fc.constantFrom("EdDSA", "Ed25519", "none", "ES256", "HS256", "", null, undefined).map((alg) => ({ header: { alg } })),
  fc.constantFrom(["exp"], ["b64"], ["x"], [], "exp", null).map((crit) => ({ header: { crit } })),
  fc.constantFrom("iss", "aud", "sub", "client_id", "jti", "iat", "exp").map((name) => ({ claims: { [name]: undefined } })),
  fc
    .tuple(fc.constantFrom("iss", "aud"), fc.constantFrom('"http://localhost:3000/"', '"x"', "null", "1", "[]"))
    .map(([name, raw]) => ({ claims: { [name]: raw } })),
  among(...claim("aud", '["x","http://localhost:3000"]', '["x"]', '[["http://localhost:3000"]]')),
  fc.integer({ min: SECONDS - 100, max: SECONDS + 300 }).map((exp) => ({ claims: { exp: String(exp) } })),
  fc.integer({ min: SECONDS - 100, max: SECONDS + 100 }).map((nbf) => ({ claims: { nbf: String(nbf) } })),
  fc
    .tuple(fc.nat(1_000), fc.constantFrom("A", ".", "?", "é", "%", "\0"))
    .map(([at, text]): Bend => ({ token: (it) => it.slice(0, at) + text + it.slice(at) })),
  fc.nat(1_000).map((at): Bend => ({ token: (it) => it.slice(0, at) + it.slice(at + 1) })),
  fc.nat(2).map((at): Bend => ({
    token: (it) =>
      it
        .split(".")
        .map((part, index) => (index === at ? "" : part))
        .join("."),
  })),
  among(
    { token: (it) => `${it}.x.y` },
    { token: (it) => it.toLowerCase() },
    { token: () => "" },
    { token: (it) => it.split(".").toReversed().join(".") },
  ),
);
