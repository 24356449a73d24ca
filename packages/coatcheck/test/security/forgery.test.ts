import { createHmac, generateKeyPairSync, sign as nodeSign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { algorithm } from "../../src/crypto/algorithms.ts";
import type { Algorithm } from "../../src/crypto/algorithms.ts";
import { importJwkSet, importPublicJwk } from "../../src/crypto/jwk.ts";
import { generateSigningKey } from "../../src/crypto/signing.ts";
import { base64url, signed } from "../crypto/tokens.ts";
import { world } from "../support/world.ts";
import { expectAccepted, expectOnlyGenuine, openForge } from "./forging.ts";
import type { Forge } from "./forging.ts";

let forge: Forge;
beforeAll(async () => {
  forge = await openForge();
});

const part = (members: object): string => base64url(JSON.stringify(members));

/** Every way to write a word in capitals and small letters. */
function casings(word: string): readonly string[] {
  return Array.from({ length: 2 ** word.length }, (_, mask) =>
    [...word].map((letter, at) => ((mask >> at) & 1 ? letter.toUpperCase() : letter.toLowerCase())).join(""),
  );
}

describe("T1 alg none, nOnE, missing (CVE-2022-23540)", () => {
  it("is refused in every casing, whatever stands for a signature", async () => {
    const { header, claims, genuine } = forge;
    const signature = genuine.split(".")[2] as string;
    const names = [
      ...casings("none"),
      "none ",
      " none",
      "none\0",
      "None\n",
      "",
      "null",
      "undefined",
      null,
      undefined,
      0,
      false,
      ["none"],
      {},
    ];
    const tokens = names.flatMap((alg) =>
      ["", signature, "AA", base64url("none")].map((end) => `${part({ ...header, alg })}.${part(claims)}.${end}`),
    );
    await expectOnlyGenuine(forge, [...tokens, genuine.slice(0, -signature.length), genuine.slice(0, -signature.length - 1)]);
  });
});

describe("T2 RS/ES to HS confusion (CVE-2015-9235, CVE-2026-34950, CVE-2026-22817)", () => {
  it("no spelling of the public key is a secret that signs", async () => {
    const { header, claims, key } = forge;
    const half = key.public.verifyWith.key;
    const pem = half.export({ format: "pem", type: "spki" }).toString();
    const der = half.export({ format: "der", type: "spki" });
    const jwk = half.export({ format: "jwk" });
    const secrets: readonly (string | Buffer)[] = [
      ...[
        pem,
        ` ${pem}`,
        `\n${pem}`,
        `\t ${pem}`,
        pem.trim(),
        pem.replaceAll("\n", "\r\n"),
        pem.replace(/-----[A-Z ]+-----/g, "").replaceAll("\n", ""),
      ],
      ...[der, der.toString("base64"), der.toString("hex")],
      ...[JSON.stringify(jwk), JSON.stringify(key.public.jwk), jwk.x as string, Buffer.from(jwk.x as string, "base64url")],
      ...["", key.kid],
    ];
    const tokens = secrets.flatMap((secret) =>
      (["HS256", "HS384", "HS512"] as const).flatMap((alg) =>
        [alg, alg.toLowerCase(), header["alg"]].map((named) => {
          const input = `${part({ ...header, alg: named })}.${part(claims)}`;
          return `${input}.${createHmac(alg.replace("HS", "sha"), secret).update(input).digest("base64url")}`;
        }),
      ),
    );
    await expectOnlyGenuine(forge, tokens);
  });

  it("a key set's entry that names no algorithm verifies nothing: the header never chooses", () => {
    const { alg: _, ...nameless } = forge.key.public.jwk;
    expect(importJwkSet({ keys: [nameless] })?.size).toBe(0);
    expect(importJwkSet({ keys: [{ ...nameless, alg: "HS256" }] })?.size).toBe(0);
    expect(importJwkSet({ keys: [forge.key.public.jwk] })?.size).toBe(1);
  });
});

describe("T3 wrong key for the algorithm, short keys (CVE-2022-23539)", () => {
  it("a header that names another algorithm than the key's is refused, though the key truly signed it", async () => {
    const names = [
      "EdDSA",
      "Ed25519",
      "PS256",
      "RS256",
      "ES384",
      "ES512",
      "ES256K",
      "ES256 ",
      "es256",
      "HS256",
      "__proto__",
      "constructor",
    ];
    await expectOnlyGenuine(
      forge,
      names.map((alg) => forge.sign({ alg })),
    );
    await expectAccepted(forge, forge.sign());
  });

  it("a key of another kind signs nothing under this kid", async () => {
    const { header, claims, key } = forge;
    const tokens = (["EdDSA", "PS256", "RS256", "ES256"] as const).flatMap((name) => {
      const other = generateSigningKey(algorithm(name) as Algorithm);
      const texts = [{ ...header, alg: name }, header, { ...header, kid: other.kid, alg: name }].map((it) => JSON.stringify(it));
      return texts.map((text) => signed(other, text, JSON.stringify(claims)));
    });
    expect(tokens).toHaveLength(12);
    await expectOnlyGenuine(forge, tokens);
    expect(key.alg.name).toBe("ES256");
  });

  it.each([
    ["RSA of 1024 bits", "RS256", () => generateKeyPairSync("rsa", { modulusLength: 1_024 })],
    ["RSA of 2048 bits", "PS256", () => generateKeyPairSync("rsa", { modulusLength: 2_048 })],
    ["RSA with the exponent 3", "RS256", () => generateKeyPairSync("rsa", { modulusLength: 3_072, publicExponent: 3 })],
    ["P-384 called ES256", "ES256", () => generateKeyPairSync("ec", { namedCurve: "P-384" })],
    ["P-256 called ES384", "ES384", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["P-256 called RS256", "RS256", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["secp256k1 called ES256", "ES256", () => generateKeyPairSync("ec", { namedCurve: "secp256k1" })],
    ["Ed448 called EdDSA", "EdDSA", () => generateKeyPairSync("ed448")],
    ["X25519 called EdDSA", "EdDSA", () => generateKeyPairSync("x25519")],
  ])("%s is no key that a verifier takes", (_, alg, make) => {
    const jwk = make().publicKey.export({ format: "jwk" });
    expect(importPublicJwk({ ...(jwk as Record<string, string>), kid: "k", alg, use: "sig" })).toBeNull();
  });

  it.each(["", "AA", base64url(Buffer.alloc(32)), base64url(Buffer.alloc(64, 7))])(
    "a symmetric key is none either, of whatever length: %j",
    (k) => {
      for (const alg of ["HS256", "ES256", "EdDSA"]) expect(importPublicJwk({ kty: "oct", k, kid: "k", alg })).toBeNull();
    },
  );
});

describe("T4 a key or secret looked up from what is not yet proved (CVE-2025-65945, CVE-2022-23541)", () => {
  it("what nobody proved asks the store nothing but whether it moved: no forged token, ticket or refresh token costs a read", async () => {
    const { composed, asked, logIn, clock } = await world();
    const issued = [await logIn("token"), await logIn("cookie")];
    const [{ shown: proof }, { shown: ticket }] = issued as [(typeof issued)[0], (typeof issued)[0]];
    if (proof.carrier !== "token" || ticket.carrier !== "cookie") throw new Error("two carriers");
    const flip = (text: string, at: number): string => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1);
    const [head = "", body = "", signature = ""] = proof.accessToken.split(".");
    const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
    const forged = ["bob", "' OR 1=1--", "__proto__"].map((sub) => `${head}.${part({ ...claims, sub })}.${signature}`);
    const { engine } = composed;
    await composed.revocations.sync();
    const before = asked.length;
    for (const token of forged) expect(await engine.carriers.token.check(token, clock.now())).toEqual({ ok: false, reason: "forged" });
    for (const at of [10, 30, 60]) {
      expect(await engine.carriers.cookie.identify(flip(ticket.ticket, at), clock.now())).toBeNull();
      // Of a session that memory has never heard of: nothing but the keyed check stands between it and a read.
      expect(await engine.carriers.cookie.check(flip(flip(ticket.ticket, 1), at), clock.now())).toEqual({ ok: false, reason: "forged" });
      expect(await engine.tokens.refresh(flip(proof.refreshToken, at), null, { ip: "", userAgent: "" })).toMatchObject({
        reason: "forged",
      });
    }
    // Whether there is a new key or secret to judge by: a look at a counter in memory.
    expect(new Set(asked.slice(before))).toEqual(new Set(["feed.moved"]));
    // The genuine ones do ask.
    await engine.tokens.refresh(proof.refreshToken, null, { ip: "", userAgent: "" });
    expect(asked.slice(before)).toContain("sessions.refresh");
  });

  it("a key is found by a kid of its one form alone, and by no other member", async () => {
    const { kid } = forge.key;
    await expectOnlyGenuine(forge, [
      forge.sign({ kid: undefined }),
      forge.sign({ kid: kid.toLowerCase() === kid ? kid.toUpperCase() : kid.toLowerCase() }),
      forge.sign({ kid: kid.slice(1) }),
      forge.sign({ kid: undefined, "x5t#S256": kid }),
      forge.sign({ kid: undefined, jku: kid }),
      forge.sign({ kid: undefined }, { kid }),
    ]);
  });
});

describe("T5 kid injection (RFC 8725 §3.10)", () => {
  const kids: readonly unknown[] = [
    ...["../../dev/null", "/dev/null", "file:///etc/passwd", "..\\..\\nul", "http://127.0.0.1/key"],
    ...["' OR 1=1--", "x' UNION SELECT 'AA", '"; DROP TABLE signing_keys; --', "$(id)", "`id`", "| id", "%2e%2e%2f"],
    ...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"],
    ...["k".repeat(65), "k".repeat(10_000), "a\0b", "a\nb", "a b", "ключ", "", " ", "-", "_"],
    ...[0, 1, -1, 1.5, true, false, null, [], ["k"], {}, { $ne: null }],
  ];

  it("finds no key, whatever it is", async () => {
    await expectOnlyGenuine(
      forge,
      [...kids, [forge.key.kid], { toString: forge.key.kid }].map((kid) => forge.sign({ kid })),
    );
    expect((await forge.store.keys.list()).length).toBeGreaterThan(0);
  });
});

describe("T6 jku, x5u, embedded jwk and x5c (CVE-2018-0114)", () => {
  it("keys come from the server's own store: an address in a token is never asked, and a key in it never believed", async () => {
    let hits = 0;
    const mine = generateSigningKey(algorithm("ES256") as Algorithm);
    const sink = createServer((_, answer) => {
      hits += 1;
      answer.end(JSON.stringify({ keys: [{ ...mine.public.jwk, kid: forge.key.kid }] }));
    });
    await once(sink.listen(0, "127.0.0.1"), "listening");
    try {
      const address = `http://127.0.0.1:${(sink.address() as AddressInfo).port}/keys`;
      const { jwk } = mine.public;
      const lures = [
        { jku: address },
        { x5u: address },
        { jwk },
        { jwk: { ...jwk, kid: forge.key.kid } },
        { x5c: [base64url("certificate")] },
        { x5t: "AA", "x5t#S256": "AA" },
        { kid: address },
      ];
      const byAttacker = lures.flatMap((lure) =>
        [forge.header, { ...forge.header, kid: mine.kid }].map((header) =>
          signed(mine, JSON.stringify({ ...header, ...lure }), JSON.stringify({ ...forge.claims, roles: ["admin"] })),
        ),
      );
      const byAccident = lures.map((lure) => forge.sign(lure));
      const elsewhere = [address, `${address}?x`].map((iss) => forge.sign({}, { iss, jwks_uri: iss }));
      await expectOnlyGenuine(forge, [...byAttacker, ...byAccident, ...elsewhere]);
      expect(hits).toBe(0);
      // The sink does count.
      await fetch(address);
      expect(hits).toBe(1);
    } finally {
      sink.close();
    }
  });

  it("a signature that only an embedded key explains is a forged one", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const input = `${part({ ...forge.header, alg: "EdDSA", jwk: publicKey.export({ format: "jwk" }) })}.${part(forge.claims)}`;
    await expectOnlyGenuine(forge, [`${input}.${nodeSign(null, Buffer.from(input), privateKey).toString("base64url")}`]);
  });
});
