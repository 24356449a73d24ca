import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core/errors.ts";
import { createGuard } from "../../src/core/guard.ts";
import type { Shown } from "../../src/core/guard.ts";
import type { ClientId, Sid, UserId } from "../../src/core/ids.ts";
import type { Needs } from "../../src/core/needs.ts";
import { instant } from "../../src/core/time.ts";
import { REFUSAL_REASONS, refuse } from "../../src/core/verdict.ts";
import type { ClientPrincipal, Principal, UserPrincipal, Verdict } from "../../src/core/verdict.ts";

const NOW = instant(1_764_000_000_000);
const MINUTE = 60_000;

const PERSON: UserPrincipal = {
  kind: "user",
  userId: "ada" as UserId,
  sid: "s" as Sid,
  clientId: "coatcheck" as ClientId,
  carrier: "token",
  roles: ["editor", "staff"],
  amr: ["pwd", "otp"],
  authTime: instant(NOW - 10 * MINUTE),
  claims: {},
};
const PROGRAM: ClientPrincipal = { kind: "client", clientId: "cli_a" as ClientId, scopes: ["report:read", "report:write"] };

const verdictOf = (principal: Principal): Verdict => ({ ok: true, principal, until: NOW });

/** The code of the refusal and its challenge; `in` for who may come. */
function said(needs: Needs, principal: Principal, shown: Shown = "token"): string {
  const refusal = createGuard(needs)(verdictOf(principal), shown, NOW);
  if (refusal === null) return "in";
  const { "WWW-Authenticate": challenge, ...others } = refusal.headers;
  expect([refusal.ok, others, refusal.title.length > 0]).toEqual([false, {}, true]);
  return `${refusal.status} ${refusal.code}${challenge === undefined ? "" : ` | ${challenge}`}`;
}

const STEP_UP = '401 insufficient_user_authentication | Bearer error="insufficient_user_authentication"';

describe("a guard", () => {
  it.each<readonly [string, Needs, Principal, string]>([
    ["somebody who is logged in", { user: {} }, PERSON, "in"],
    ["a program where a person is wanted", { user: {} }, PROGRAM, '401 login_required | Bearer error="invalid_token"'],
    ["a program", { client: {} }, PROGRAM, "in"],
    ["a person where a program is wanted", { client: {} }, PERSON, "403 forbidden"],
    ["a person where both may come", { user: {}, client: {} }, PERSON, "in"],
    ["a program where both may come", { user: {}, client: {} }, PROGRAM, "in"],
    ["who has the role", { user: { roles: ["editor"] } }, PERSON, "in"],
    ["who has every role", { user: { roles: ["editor", "staff"] } }, PERSON, "in"],
    ["who lacks one of the roles", { user: { roles: ["editor", "admin"] } }, PERSON, "403 forbidden"],
    ["who has one of the roles where one is enough", { user: { anyRole: ["admin", "staff"] } }, PERSON, "in"],
    ["who has none of them", { user: { anyRole: ["admin", "owner"] } }, PERSON, "403 forbidden"],
    ["who has one of these and lacks that", { user: { roles: ["admin"], anyRole: ["staff"] } }, PERSON, "403 forbidden"],
    ["another spelling of the role", { user: { roles: ["Editor"] } }, PERSON, "403 forbidden"],
    ["a proof that is young enough", { user: { maxAge: "10m" } }, PERSON, "in"],
    ["a proof that is too old", { user: { maxAge: "5m" } }, PERSON, `${STEP_UP}, max_age="300"`],
    ["a login by that method", { user: { amr: ["otp"] } }, PERSON, "in"],
    ["a login by every method", { user: { amr: ["pwd", "otp"] } }, PERSON, "in"],
    ["a login that lacks a method", { user: { amr: ["pwd", "mfa"] } }, PERSON, `${STEP_UP}, acr_values="mfa"`],
    ["a login that lacks both", { user: { maxAge: "30s", amr: ["mfa"] } }, PERSON, `${STEP_UP}, max_age="30", acr_values="mfa"`],
    ["a weak login without the role: no proof would help", { user: { roles: ["admin"], amr: ["mfa"] } }, PERSON, "403 forbidden"],
    ["who has the scope", { client: { scopes: ["report:read"] } }, PROGRAM, "in"],
    [
      "who lacks a scope",
      { client: { scopes: ["report:read", "report:delete"] } },
      PROGRAM,
      '403 insufficient_scope | Bearer error="insufficient_scope", scope="report:read report:delete"',
    ],
    ["a person, of whom no scope is asked", { user: {}, client: { scopes: ["x"] } }, PERSON, "in"],
    ["a program, of whom no role is asked", { user: { roles: ["admin"] }, client: {} }, PROGRAM, "in"],
  ])("%s", (_, needs, principal, expected) => {
    expect(said(needs, principal)).toBe(expected);
  });

  it("answers a cookie's client without a challenge that is for tokens", () => {
    expect(said({ user: { maxAge: "5m" } }, { ...PERSON, carrier: "cookie" }, "cookie")).toBe("403 step_up_required");
  });

  it.each(REFUSAL_REASONS)("lets in nobody who was refused: %s", (reason) => {
    for (const needs of [{ user: {} }, { client: {} }, { user: {}, client: {} }]) {
      const guard = createGuard(needs);
      const code = reason === "stale" ? "stale_claims" : "invalid_token";
      expect(guard(refuse(reason), "token", NOW)).toMatchObject({
        status: 401,
        code,
        headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' },
      });
      for (const shown of ["cookie", "nothing"] as const)
        expect(guard(refuse(reason), shown, NOW)).toMatchObject({
          status: 401,
          code: "unauthenticated",
          headers: { "WWW-Authenticate": "Bearer" },
        });
    }
  });

  it.each([
    ["nobody", {}, "who may come"],
    ["nothing", undefined, "object"],
    ["what it doesn't know", { user: {}, users: {} }, "users"],
    ["a misspelt need", { user: { role: ["admin"] } }, "role"],
    ["a person's need of a program", { client: { roles: ["admin"] } }, "roles"],
    ["a program's need of a person", { user: { scopes: ["x"] } }, "scopes"],
    ["no role", { user: { roles: [] } }, "roles"],
    ["one of no roles", { user: { anyRole: [] } }, "anyRole"],
    ["a role that is no text", { user: { roles: [1] } }, "roles"],
    ["a role for a list", { user: { roles: "admin" } }, "roles"],
    ["an age without a unit", { user: { maxAge: "15" } }, "maxAge"],
    ["an age that is a number", { user: { maxAge: 900_000 } }, "maxAge"],
    ["a method that breaks the header", { user: { amr: ['mfa", x="'] } }, "amr"],
    ["two scopes in one", { client: { scopes: ["a b"] } }, "scopes"],
    ["null for a person", { user: null }, "object"],
  ])("that asks for %s can't be meant", (_, needs, says) => {
    expect(() => createGuard(needs as Needs)).toThrow(ConfigError);
    expect(() => createGuard(needs as Needs)).toThrow(says);
  });
});
