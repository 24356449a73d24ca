import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/crypto/json.ts";
import { importPublicJwk, thumbprint } from "../../src/crypto/jwk.ts";
import { FOREIGN, holds } from "./tokens.ts";

// The examples that the standards themselves give.

const ANY_KEY = { minRsaBits: 2_048, kid: /^[\w@.-]{0,64}$/ };

describe("RFC 7515 A.3: ES256", () => {
  const jwk: JsonObject = {
    kty: "EC",
    crv: "P-256",
    x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    alg: "ES256",
    kid: "",
  };
  const token =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

  it("holds", () => {
    expect(holds(importPublicJwk(jwk, ANY_KEY), token, FOREIGN)).toBe(true);
  });

  it("does not hold as an access token: it has no kid", () => {
    expect(holds(importPublicJwk(jwk, ANY_KEY), token)).toBe(false);
  });
});

describe("RFC 8037 A: Ed25519", () => {
  const jwk: JsonObject = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", alg: "EdDSA", kid: "" };
  const token =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

  it("A.4 and A.5: the signature holds", () => {
    expect(holds(importPublicJwk(jwk, ANY_KEY), token, FOREIGN)).toBe(true);
  });

  it("A.3: the thumbprint", () => {
    expect(thumbprint({ kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })).toBe(
      "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    );
  });
});
