import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core/errors.ts";
import { REFUSED_PARTS, REFUSED_WORDS, RESERVED_CLAIMS, declareClaims } from "../../src/carriers/token/declared.ts";

describe("declaring claims", () => {
  it("takes what an application has to say about a login", () => {
    const names = [
      "tenant",
      "tenantId",
      "org",
      "billing_plan",
      "groups",
      "entitlements",
      "feature-flags",
      "locale",
      "https://example.com/region",
      "department",
      "x".repeat(64),
    ];
    expect(() => declareClaims(names)).not.toThrow();
    expect(() => declareClaims([])).not.toThrow();
  });

  it("takes words that only look like refused ones", () => {
    expect(() =>
      declareClaims(["businessname", "opinion", "shipping", "compass", "japan", "hotel", "single", "bypass_count", "dobrynya"]),
    ).not.toThrow();
  });

  it.each([
    "password",
    "Password",
    "PASSWORD",
    "pass_word",
    "pass-word",
    "p.a.s.s.w.o.r.d",
    "user_password_hash",
    "userPassword",
    "oldPasswd",
    "secret",
    "clientSecret",
    "client_secret_2",
    "S.E.C.R.E.T",
  ])("refuses %j: a secret", (name) => {
    expect(() => declareClaims(["tenant", name])).toThrow(ConfigError);
  });

  it.each([
    "card",
    "creditCard",
    "credit_card_number",
    "CARD-NO",
    "cvv2",
    "iban",
    "pin",
    "userPin",
    "user_pin",
    "PIN",
    "otp",
    "ssn",
    "SSN",
    "s-s-n",
    "user_ssn",
    "userSsn",
    "dob",
    "date_of_birth",
    "birthdate",
    "passport_no",
    "taxId",
  ])("refuses %j: a number that opens or names", (name) => {
    expect(() => declareClaims([name])).toThrow(ConfigError);
  });

  it.each([
    "email",
    "e-mail",
    "E_Mail",
    "emailVerified",
    "work_email",
    "workEMail",
    "phone",
    "phoneNumber",
    "mobile",
    "telephone",
    "home.address",
    "ip_address",
    "firstName",
    "family_name",
    "postal-code",
  ])("refuses %j: it is about a person", (name) => {
    expect(() => declareClaims([name])).toThrow(ConfigError);
  });

  it.each([...REFUSED_PARTS, ...REFUSED_WORDS])("refuses %j, which is on the list, alone and as a word among others", (name) => {
    for (const dressed of [name, name.toUpperCase(), `my_${name}`, `my-${name}-2`, `the${name.charAt(0).toUpperCase()}${name.slice(1)}`])
      expect(() => declareClaims([dressed])).toThrow(/may not be in a token/);
  });

  it.each([...RESERVED_CLAIMS])("refuses %j: it has a meaning already", (name) => {
    expect(() => declareClaims([name])).toThrow(/meaning of its own/);
  });

  it.each([
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "sid",
    "roles",
    "client_id",
    "auth_time",
    "amr",
    "acr",
    "rsq",
    "scope",
    "cnf",
    "act",
    "azp",
    "nonce",
    "__proto__",
    "constructor",
  ])("has %j among the reserved", (name) => {
    expect(RESERVED_CLAIMS.has(name)).toBe(true);
  });

  it.each(["", " ", "a b", "tenant\n", 'te"nant', "ténant", "\0", "x".repeat(65), "a,b", "{}"])("refuses %j: no name", (name) => {
    expect(() => declareClaims([name])).toThrow(/no name for a claim/);
  });

  it("refuses a name given twice", () => {
    expect(() => declareClaims(["tenant", "org", "tenant"])).toThrow(/twice/);
  });

  it("says in one line what is wrong and where else the value belongs", () => {
    expect(() => declareClaims(["workEmail"])).toThrow(/^claims: "workEmail" \(because of "email"\) .*users table or in session\.data$/);
  });
});
