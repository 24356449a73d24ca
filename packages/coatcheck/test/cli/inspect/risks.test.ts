import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { RISKS, risksOf } from "../../../src/cli/inspect/risks.ts";
import { CLAIMS, HEADER, signed, unsigned } from "./tokens.ts";

function risks(header: object | string, claims: object | string): string[] {
  return risksOf(signed(unsigned(header, claims))).map(({ risk }) => risk);
}

test("nothing is risky about a token that is made well", () => {
  expect(risks(HEADER, CLAIMS)).toEqual([]);
  expect(risks({ ...HEADER, kid: undefined }, { ...CLAIMS, aud: ["app", "other"], roles: ["editor"], billing_plan: "pro" })).toEqual([]);
});

test("the documents list every risk, and no other", () => {
  const docs = readFileSync(new URL("../../../../../docs/cli.md", import.meta.url), "utf8");
  const table = /\| risk \|[^]*?\n\n|\| risk \|[^]*$/.exec(docs)?.[0] ?? "";
  const listed = table.split("\n").flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name as string));
  expect(listed.toSorted()).toEqual(Object.keys(RISKS).toSorted());
});

describe("each risk is found, and it alone", () => {
  test.each<[string, object, object]>([
    ["alg_none", { alg: "none" }, {}],
    ["alg_none", { alg: "NONE" }, {}],
    ["alg_missing", { alg: undefined }, {}],
    ["alg_missing", { alg: 5 }, {}],
    ["alg_symmetric", { alg: "HS256" }, {}],
    ["alg_symmetric", { alg: "HS512" }, {}],
    ["key_by_address", { jku: "https://evil.example/keys" }, {}],
    ["key_by_address", { x5u: "https://evil.example/cert" }, {}],
    ["key_inside", { jwk: { kty: "EC" } }, {}],
    ["key_inside", { x5c: ["MII"] }, {}],
    ["kid_unusual", { kid: "../../dev/null" }, {}],
    ["kid_unusual", { kid: "' OR 1=1 --" }, {}],
    ["kid_unusual", { kid: "k".repeat(65) }, {}],
    ["kid_unusual", { kid: 1 }, {}],
    ["kid_unusual", { kid: "" }, {}],
    ["critical", { crit: ["exp"] }, {}],
    ["typ_missing", { typ: undefined }, {}],
    ["typ_missing", { typ: "JWT" }, {}],
    ["iss_missing", {}, { iss: undefined }],
    ["iss_missing", {}, { iss: "" }],
    ["aud_missing", {}, { aud: undefined }],
    ["aud_missing", {}, { aud: [] }],
    ["exp_missing", {}, { exp: undefined }],
    ["exp_missing", {}, { exp: "2030-01-01" }],
    ["exp_missing", {}, { exp: 1e300 }],
    ["long_life", {}, { exp: CLAIMS.iat + 3_601 }],
    ["long_life", {}, { iat: undefined }],
    ["private_claims", {}, { email: "x" }],
    ["private_claims", {}, { name: "Ada" }],
    ["private_claims", {}, { user: { address: { street: "x" } } }],
    ["private_claims", {}, { sub: "ada@example.com" }],
    ["private_claims", {}, { contacts: ["ada@example.com"] }],
    ["private_claims", {}, { password: "x" }],
    ["large", {}, { roles: ["r".repeat(4_000)] }],
  ])("%s: %j %j", (risk, header, claims) => {
    expect(risks({ ...HEADER, ...header }, { ...CLAIMS, ...claims })).toEqual([risk]);
  });

  test("long_life begins after an hour", () => {
    expect(risks(HEADER, { ...CLAIMS, exp: CLAIMS.iat + 3_600 })).toEqual([]);
  });

  test("private_claims names each of them, and none of their values", () => {
    const [risk] = risksOf(signed(unsigned(HEADER, { ...CLAIMS, email: "ada@example.com", deep: { phone: "555" } })));
    expect(risk?.says).toMatch(/^email, deep\.phone: /);
    expect(risk?.says).not.toContain("555");
  });

  test.each([
    ["two members of one name", HEADER, JSON.stringify(CLAIMS).replace("{", '{"iss":"https://other.example",')],
    ["a name with an escape", HEADER, JSON.stringify(CLAIMS).replace('"sub"', String.raw`"\u0073ub"`)],
    ["two in the header", JSON.stringify(HEADER).replace("{", '{"alg":"none",'), CLAIMS],
  ])("ambiguous: %s", (_, header, claims) => {
    expect(risks(header, claims)).toEqual(["ambiguous"]);
  });

  test("ambiguous: a second spelling of base64url", () => {
    const text = unsigned(HEADER, CLAIMS);
    expect(risksOf(signed(`${text}=`)).map(({ risk }) => risk)).toEqual(["ambiguous"]);
  });
});
