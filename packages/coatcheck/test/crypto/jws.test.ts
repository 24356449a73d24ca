import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { decode } from "../../src/crypto/base64url.ts";
import { readCompact } from "../../src/crypto/jws.ts";
import { writeCompact } from "../../src/crypto/signing.ts";
import { ACCESS_TOKEN, FOREIGN, NAMES, base64url, holds, keyFor, signed, signedParts } from "./tokens.ts";

const key = keyFor("ES256");
const PAYLOAD = '{"sub":"x"}';
const read = (token: string): unknown => readCompact(token, ACCESS_TOKEN);
const withHeader = (header: unknown): string => signed(key, JSON.stringify(header), PAYLOAD);
const GOOD = { alg: "ES256", typ: "at+jwt", kid: key.kid };

describe("a compact JWS", () => {
  it.each(NAMES)("of %s is read as it was written: every part, and what was signed byte for byte", (name) => {
    const token = writeCompact(keyFor(name), "at+jwt", Buffer.from(PAYLOAD));
    const [header, payload, signature] = token.split(".") as [string, string, string];
    expect(readCompact(token, ACCESS_TOKEN)).toEqual({
      kid: keyFor(name).kid,
      alg: keyFor(name).alg,
      typ: "at+jwt",
      payload: Uint8Array.from(Buffer.from(PAYLOAD)),
      signingInput: Uint8Array.from(Buffer.from(`${header}.${payload}`)),
      signature: Uint8Array.from(Buffer.from(signature, "base64url")),
    });
    expect(holds(keyFor(name).public, token)).toBe(true);
  });

  it("may leave typ out, have it anywhere, and have space in its header", () => {
    const { typ: _, ...without } = GOOD;
    expect(readCompact(withHeader(without), ACCESS_TOKEN)?.typ).toBeNull();
    expect(holds(key.public, signed(key, `{ "kid":"${key.kid}",\n"typ":"x", "alg":"ES256" }`, PAYLOAD))).toBe(true);
  });

  it("may have any payload, even none: what it must say is not its reader's to know", () => {
    expect(readCompact(signed(key, JSON.stringify(GOOD), ""), ACCESS_TOKEN)?.payload).toEqual(new Uint8Array());
    expect(readCompact(signed(key, JSON.stringify(GOOD), Uint8Array.of(0xff)), ACCESS_TOKEN)?.payload).toEqual(Uint8Array.of(0xff));
  });
});

describe("a header that was read before", () => {
  it("is one under the rules that it was read by, and under no others", () => {
    const token = withHeader({ ...GOOD, kid: "me@example.com" });
    for (let again = 0; again < 2; again++) {
      expect(readCompact(token, FOREIGN)?.kid).toBe("me@example.com");
      expect(read(token)).toBeNull();
    }
  });

  it("is no other header, however alike, and no less refused the second time", () => {
    const refused = withHeader({ ...GOOD, crit: ["exp"] });
    const [, payload, signature] = withHeader(GOOD).split(".") as [string, string, string];
    for (let again = 0; again < 2; again++) {
      expect(read(refused)).toBeNull();
      for (const kid of ["a", "b", "A"]) {
        const token = `${base64url(JSON.stringify({ ...GOOD, kid }))}.${payload}.${signature}`;
        expect(readCompact(token, ACCESS_TOKEN)?.kid).toBe(kid);
      }
    }
  });
});

describe("T1 alg", () => {
  it.each(["none", "None", "NONE", "nOnE", "noNE", "", "es256", "ES256\0", " ES256", "ES384", "constructor", "__proto__"])(
    "%j is refused, signed or not",
    (alg) => {
      const token = withHeader({ ...GOOD, alg });
      expect(read(token)).toBeNull();
      expect(read(token.slice(0, token.lastIndexOf(".") + 1))).toBeNull();
      expect(read(token.slice(0, token.lastIndexOf(".")))).toBeNull();
    },
  );

  it.each([undefined, null, 1, ["ES256"], { name: "ES256" }, true])("%j is refused: no name", (alg) => {
    expect(read(withHeader({ ...GOOD, alg }))).toBeNull();
  });
});

describe("T2 a public key as a MAC key", () => {
  const published = key.public.verifyWith.key;
  const pem = published.export({ format: "pem", type: "spki" });
  const secrets = [
    pem,
    `\n ${pem.toString()}`,
    published.export({ format: "der", type: "spki" }),
    JSON.stringify(key.public.jwk),
    Buffer.from(key.public.jwk["x"] as string, "base64url"),
    "",
  ];

  it.each(["HS256", "HS384", "HS512", "ES256"])("is refused under %s, whatever form of the key it is", (alg) => {
    for (const secret of secrets) {
      const input = `${base64url(JSON.stringify({ ...GOOD, alg }))}.${base64url(PAYLOAD)}`;
      for (const digest of ["sha256", "sha384", "sha512"]) {
        expect(holds(key.public, `${input}.${createHmac(digest, secret).update(input).digest("base64url")}`)).toBe(false);
      }
    }
  });
});

describe("T3 the algorithm of another key", () => {
  it("does not hold: each key has one algorithm, whatever the header says", () => {
    for (const [claimed, other] of [
      ["RS256", "PS256"],
      ["PS256", "RS256"],
      ["EdDSA", "ES256"],
      ["ES256", "EdDSA"],
    ] as const) {
      expect(holds(keyFor(other).public, signed(keyFor(claimed), JSON.stringify({ ...GOOD, alg: claimed }), PAYLOAD))).toBe(false);
      expect(holds(keyFor(other).public, signed(keyFor(other), JSON.stringify({ ...GOOD, alg: claimed }), PAYLOAD))).toBe(false);
    }
  });
});

describe("T4, T5 kid", () => {
  it.each([
    "",
    "../../dev/null",
    "' OR 1=1--",
    "a/b",
    "a.b",
    "a b",
    "a\n",
    "\na",
    "kid\0",
    "kid\u0301",
    "ключ",
    "http://127.0.0.1/",
    "k".repeat(65),
    "k".repeat(700),
    1,
    null,
    ["kid"],
    { kid: "kid" },
    true,
  ])("%j is refused before any key is looked for", (kid) => {
    expect(read(withHeader({ ...GOOD, kid }))).toBeNull();
  });

  it("is refused when there is none", () => {
    expect(read(withHeader({ alg: "ES256", typ: "at+jwt" }))).toBeNull();
  });

  it.each(["__proto__", "constructor", "-", "_", "k".repeat(64)])("%j is one like any other: whoever looks it up uses a Map", (kid) => {
    expect(readCompact(withHeader({ ...GOOD, kid }), ACCESS_TOKEN)?.kid).toBe(kid);
  });
});

describe("T6 keys and addresses of keys in the header", () => {
  it.each([
    ["jwk", key.public.jwk],
    ["jku", "http://127.0.0.1/jwks.json"],
    ["x5u", "http://127.0.0.1/cert.pem"],
    ["x5c", ["MIIB"]],
    ["x5t", "abc"],
    ["x5t#S256", "abc"],
  ])("%s is refused, though the signature is right", (name, value) => {
    expect(read(withHeader({ ...GOOD, [name]: value }))).toBeNull();
  });
});

describe("T7 crit", () => {
  it.each<object>([
    ...[
      { crit: ["exp"] },
      { crit: ["b64"] },
      { crit: ["unknown"] },
      { crit: [] },
      { crit: ["crit"] },
      { crit: ["alg"] },
      { crit: "exp" },
      { crit: null },
      { crit: {} },
    ],
    ...[
      { b64: false },
      { b64: true },
      { b64: false, crit: ["b64"] },
      { exp: 1, crit: ["exp"] },
      { zip: "DEF" },
      { enc: "A256GCM" },
      { cty: "JWT" },
      { p2c: 1e9 },
      { nonce: "x" },
      { ALG: "none" },
      { "": 1 },
      { constructor: 1 },
    ],
  ])("the member of %j is refused, critical or not: no reader may pass over what it does not know", (members) => {
    expect(read(withHeader({ ...GOOD, ...members }))).toBeNull();
  });

  it("crit is refused twice in one header, and so is every other member", () => {
    for (const twice of ['"crit":["x"],"crit":["x"]', '"alg":"ES256"', '"kid":"other"', '"typ":"JWT"', '"\\u0061lg":"none"']) {
      expect(read(signed(key, `{"alg":"ES256","typ":"at+jwt","kid":"${key.kid}",${twice}}`, PAYLOAD))).toBeNull();
    }
  });
});

describe("T10 a header that two parsers read in two ways", () => {
  const good = JSON.stringify(GOOD);

  it.each([
    ["a byte order mark", `\ufeff${good}`],
    ["half a surrogate pair", good.replace("at+jwt", "\\ud800")],
    ["NUL", good.replace("at+jwt", "at+jwt\\u0000")],
    ["a NUL after it", `${good}\0`],
    ["a second object after it", `${good}{}`],
    ["a list around it", `[${good}]`],
    ["a string around it", JSON.stringify(good)],
    ["no object", "null"],
    ["nothing", ""],
  ])("%s is refused", (_, header) => {
    expect(read(signed(key, header, PAYLOAD))).toBeNull();
  });

  it("bad UTF-8 is refused", () => {
    expect(read(signed(key, Buffer.from(good.replace("at+jwt", "\xff"), "latin1"), PAYLOAD))).toBeNull();
  });

  it.each([1, null, ["at+jwt"], {}])("typ %j is refused or no type at all", (typ) => {
    expect(readCompact(withHeader({ ...GOOD, typ }), ACCESS_TOKEN)?.typ ?? null).toBeNull();
  });
});

describe("T13 size", () => {
  const token = signed(key, JSON.stringify(GOOD), PAYLOAD);
  const [header, payload, signature] = token.split(".") as [string, string, string];

  /** How many parts were decoded before it was refused. */
  function decodedBefore(refused: string): number {
    let decoded = 0;
    const counted = (text: string): Uint8Array | null => {
      decoded += 1;
      return decode(text);
    };
    expect(readCompact(refused, ACCESS_TOKEN, counted)).toBeNull();
    return decoded;
  }

  it("no part of an encrypted token (five parts) is decoded, nor of one with more or fewer parts", () => {
    for (const other of [
      `${token}.x.y`,
      `${token}.`,
      `.${token}`,
      `${header}.${payload}`,
      header,
      "",
      ".",
      "...",
      "....",
      ".".repeat(8_000),
    ])
      expect(decodedBefore(other)).toBe(0);
  });

  it("no part of a token beyond 8192 characters is decoded", () => {
    // A kid of another length, so that what is left for the payload is a whole number of groups of four.
    const kid = "k".repeat(12);
    const start = base64url(JSON.stringify({ ...GOOD, kid }));
    const long = (length: number): string => signedParts(key, start, "A".repeat(length - start.length - signature.length - 2));
    expect(read(long(8_192))).not.toBeNull();
    expect(decodedBefore(long(8_194))).toBe(0);
    expect(decodedBefore("A".repeat(1_000_000))).toBe(0);
    expect(decodedBefore(`${header}.${"A".repeat(1_000_000)}.${signature}`)).toBe(0);
  });

  it("no header beyond 1024 bytes is decoded", () => {
    const padded = (bytes: number): string => signed(key, JSON.stringify(GOOD).padEnd(bytes), PAYLOAD);
    expect(read(padded(1_024))).not.toBeNull();
    const over = padded(1_025);
    expect(decodedBefore(over)).toBe(0);
  });

  it("T8 neither payload nor signature is decoded when the signature is not as long as its algorithm's", () => {
    for (const other of ["", signature.slice(1), `${signature}A`, signature.slice(0, 43), "A".repeat(7_000)])
      expect(decodedBefore(`${header}.${payload}.${other}`)).toBe(0); // the header was decoded with the first token that it began
    const unseen = base64url(JSON.stringify({ ...GOOD, kid: "unseen" }));
    expect(decodedBefore(`${unseen}.${payload}.${signature}A`)).toBe(1);
  });

  it("T8 a signature of an RSA key of another size is none of this key's", () => {
    const rsa = keyFor("RS256");
    const [start, middle] = signed(rsa, JSON.stringify({ ...GOOD, alg: "RS256" }), PAYLOAD).split(".") as [string, string];
    for (const bytes of [255, 256, 383, 385, 512, 513])
      expect(holds(rsa.public, `${start}.${middle}.${base64url(Buffer.alloc(bytes, 1))}`)).toBe(false);
  });

  it("a header nested 20 000 deep can not be: it would be too long; the deepest that fits is refused", () => {
    expect(read(signed(key, `{"alg":"ES256","kid":"k","typ":${"[".repeat(400)}${"]".repeat(400)}}`, PAYLOAD))).toBeNull();
  });
});
