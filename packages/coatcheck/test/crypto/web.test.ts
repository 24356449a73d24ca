import { afterEach, describe, expect, it, vi } from "vitest";
import type { JsonObject } from "../../src/crypto/json.ts";
import { importPublicJwk } from "../../src/crypto/jwk.ts";
import { readCompact } from "../../src/crypto/jws.ts";
import { readPublicJwk } from "../../src/crypto/public-jwk.ts";
import type { JwkRules } from "../../src/crypto/public-jwk.ts";
import { sign } from "../../src/crypto/signing.ts";
import { verify } from "../../src/crypto/verify.ts";
import { importWebKey, verifyWeb } from "../../src/crypto/web.ts";
import type { WebKey } from "../../src/crypto/web.ts";
import { readVectors } from "../vectors/vectors.ts";
import { FOREIGN, NAMES, keyFor } from "./tokens.ts";

// What a node does with node:crypto a verifier does with WebCrypto: each signature and each key is judged alike.

const RULES: JwkRules = { minRsaBits: 2_048, kid: /^[\w@.-]{0,64}$/ };
const INPUT = Buffer.from("header.payload");

async function webKeyOf(jwk: JsonObject, rules?: JwkRules): Promise<WebKey | null> {
  const read = readPublicJwk(jwk, rules);
  return read === null ? null : importWebKey(read);
}

async function webVerify(key: WebKey | null, input: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return key?.key != null && verifyWeb(key.alg, key.key, input, signature);
}

interface Group {
  readonly public?: JsonObject;
  readonly private?: JsonObject;
  readonly publicKey?: { readonly uncompressed?: string; readonly pk?: string };
  readonly tests: readonly {
    readonly tcId: number;
    readonly result: string;
    readonly jws: string;
    readonly msg: string;
    readonly sig: string;
  }[];
}

const groupsOf = (file: string): readonly Group[] =>
  (readVectors(`wycheproof/${file}`) as { readonly testGroups: readonly Group[] }).testGroups;
const base64url = (hex: string): string => Buffer.from(hex, "hex").toString("base64url");

describe("WebCrypto, beside node:crypto", () => {
  it("judges each token of Wycheproof's alike", async () => {
    let [judged, held] = [0, 0];
    for (const group of groupsOf("json_web_signature_test.json")) {
      const jwk = group.public ?? group.private ?? {};
      const [key, web] = [importPublicJwk(jwk, RULES), await webKeyOf(jwk, RULES)];
      expect(web === null).toBe(key === null);
      for (const { tcId, jws: token } of key === null ? [] : group.tests) {
        const jws = readCompact(token, FOREIGN);
        if (jws === null || key === null || jws.alg !== key.alg) continue;
        const ours = verify(key, jws.signingInput, jws.signature);
        expect([tcId, await webVerify(web, jws.signingInput, jws.signature)]).toEqual([tcId, ours]);
        judged += 1;
        if (ours) held += 1;
      }
    }
    expect([judged > 200, held > 5]).toEqual([true, true]);
  });

  it.each([
    ["ecdsa_secp256r1_sha256_p1363_test.json", "ES256"],
    ["ed25519_test.json", "EdDSA"],
  ])("judges every signature of Wycheproof's %s right", async (file, alg) => {
    const wrong: number[] = [];
    for (const { publicKey: { uncompressed: point = "", pk = "" } = {}, tests } of groupsOf(file)) {
      const members =
        alg === "ES256"
          ? { kty: "EC", crv: "P-256", x: base64url(point.slice(2, 66)), y: base64url(point.slice(66)) }
          : { kty: "OKP", crv: "Ed25519", x: base64url(pk) };
      const key = await webKeyOf({ ...members, alg, kid: "key" }, RULES);
      expect(key?.key).not.toBeNull();
      for (const { tcId, msg, sig, result } of tests)
        if ((await webVerify(key, Buffer.from(msg, "hex"), Buffer.from(sig, "hex"))) !== (result === "valid")) wrong.push(tcId);
    }
    expect(wrong).toEqual([]);
  });

  it.each(NAMES)("verifies %s, and nothing that was changed or has another length", async (name) => {
    const key = keyFor(name);
    const web = await webKeyOf(key.public.jwk);
    const signature = sign(key, INPUT);
    expect(await webVerify(web, INPUT, signature)).toBe(true);
    expect(await webVerify(web, Buffer.from("header.paylobd"), signature)).toBe(false);
    for (const at of [0, 31, 32, signature.length - 1]) {
      const changed = Uint8Array.from(signature);
      changed[at] = (changed[at] as number) ^ 1;
      expect(await webVerify(web, INPUT, changed)).toBe(false);
    }
    for (const other of [signature.subarray(1), Buffer.concat([signature, Buffer.of(0)]), Buffer.alloc(0), Buffer.alloc(signature.length)])
      expect(await webVerify(web, INPUT, other)).toBe(false);
  });
});

describe("a key in WebCrypto", () => {
  afterEach(() => vi.restoreAllMocks());

  it.each(NAMES)("of %s verifies and does nothing else, and nobody gets it out", async (name) => {
    const key = (await webKeyOf(keyFor(name).public.jwk))?.key;
    expect(key).toMatchObject({ type: "public", extractable: false, usages: ["verify"] });
    await expect(crypto.subtle.exportKey("jwk", key as never)).rejects.toThrow("not extractable");
  });

  it("is none if it is no point of its curve, like node's", async () => {
    const { jwk } = keyFor("ES256").public;
    const bent = { ...jwk, y: jwk["x"] as string };
    expect([await webKeyOf(bent), importPublicJwk(bent)]).toEqual([null, null]);
  });

  it.each(["NotSupportedError", "TypeError", "OperationError"])(
    "is known, and proves nothing, where the runtime answers %s",
    async (name) => {
      vi.spyOn(crypto.subtle, "importKey").mockRejectedValue(Object.assign(new Error("no"), { name }));
      const { jwk, kid } = keyFor("EdDSA").public;
      expect(await webKeyOf(jwk)).toMatchObject({ kid, key: null });
    },
  );
});
