import { describe, expect, it } from "vitest";
import { authFor } from "../../src/auth.ts";
import type { Composed } from "../../src/compose.ts";
import { ConfigError, StoreUnavailable } from "../../src/core/errors.ts";
import type { Refusal } from "../../src/core/guard.ts";
import type { MaybePromise } from "../../src/core/maybe.ts";
import type { Needs } from "../../src/core/needs.ts";
import type { RouteNeeds } from "../../src/verifier.ts";
import { PATHS, scene, settled } from "./support.ts";
import type { Scene } from "./support.ts";

type Entered = { readonly ok: true; readonly principal: { readonly kind: string } } | Refusal;
type Enter = (needs: Needs, authorization: string | null) => MaybePromise<Entered>;

/** The two who have guards: an application with the store, and a service without one. */
const SUBJECTS: readonly (readonly [string, (at: Scene) => Enter])[] = [
  [
    "with the store",
    ({ house }) => {
      const auth = authFor({ engine: house.engine } as unknown as Composed, house.routes);
      return (needs, authorization) => auth.guard(needs)({ authorization });
    },
  ],
  [
    "without the store",
    ({ verifier }) =>
      (needs, authorization) =>
        verifier.guard(needs)({ authorization }),
  ],
];

const word = async (entered: MaybePromise<Entered>): Promise<string> => {
  const it = await entered;
  return it.ok ? it.principal.kind : `${it.status} ${it.code} ${it.headers["WWW-Authenticate"] ?? "-"}`;
};

describe.each(SUBJECTS)("a guard %s", (_, subject) => {
  it("lets in who may come, and refuses everybody else in a form that can be answered", async () => {
    const at = await scene();
    const enter = subject(at);
    const { token } = await at.login();
    const bearer = `Bearer ${token}`;
    expect(await word(enter({ user: { roles: ["editor"], maxAge: "5m", amr: ["pwd"] } }, bearer))).toBe("user");
    expect(await word(enter({ user: { roles: ["admin"] } }, bearer))).toBe("403 forbidden -");
    expect(await word(enter({ user: { amr: ["mfa"] } }, bearer))).toBe(
      '401 insufficient_user_authentication Bearer error="insufficient_user_authentication", acr_values="mfa"',
    );
    expect(await word(enter({ client: {} }, bearer))).toBe("403 forbidden -");
    expect(await word(enter({ user: {} }, null))).toBe("401 unauthenticated Bearer");
    expect(await word(enter({ user: {} }, "Bearer nonsense"))).toBe('401 invalid_token Bearer error="invalid_token"');
    at.house.clock.advance("61s");
    expect(await word(enter({ user: { maxAge: "1m" } }, bearer))).toBe(
      '401 insufficient_user_authentication Bearer error="insufficient_user_authentication", max_age="60"',
    );
    await at.house.store.feed.append("invalidate-user", "ada", at.house.clock.now());
    await at.pass("1s");
    expect(await word(enter({ user: {} }, bearer))).toBe('401 stale_claims Bearer error="invalid_token"');
  });

  it("asks a program for its scopes", async () => {
    const at = await scene();
    const enter = subject(at);
    const hired = await at.house.hire();
    const got = await at.house.call("POST", "/oauth/token", { form: { grant_type: "client_credentials", scope: "read", ...hired.form } });
    const bearer = `Bearer ${got.json.access_token}`;
    expect(await word(enter({ client: { scopes: ["read"] } }, bearer))).toBe("client");
    expect(await word(enter({ client: { scopes: ["write"] } }, bearer))).toBe(
      '403 insufficient_scope Bearer error="insufficient_scope", scope="write"',
    );
    expect(await word(enter({ user: {} }, bearer))).toBe('401 login_required Bearer error="invalid_token"');
  });

  it("is refused at start when it can't be meant", async () => {
    const enter = subject(await scene());
    expect(() => enter({ user: { role: ["admin"] } } as unknown as Needs, null)).toThrow(ConfigError);
    expect(() => enter({}, null)).toThrow(ConfigError);
  });
});

describe("a guard of a verifier", () => {
  it("goes by the issuer's word where a route wants that, and says that it can't know when it can't", async () => {
    const { login, verifier, line } = await scene();
    const mayDelete = verifier.guard({ user: {}, freshness: "now" });
    const { token } = await login();
    const headers = { authorization: `Bearer ${token}` };
    expect(await mayDelete(headers)).toMatchObject({ ok: true, principal: { userId: "ada" }, freshness: { by: "introspection" } });
    expect(line.count(PATHS.introspect)).toBe(1);
    line.cut(PATHS.introspect);
    await expect((async () => mayDelete(headers))()).rejects.toThrow(StoreUnavailable);
  });

  it("takes tokens for the address that it names", async () => {
    const { login, verifier } = await scene();
    const { token } = await login();
    const enter = verifier.guard({ user: {}, audience: "https://reports.example.com" });
    expect(await enter({ authorization: `Bearer ${token}` })).toMatchObject({ status: 401, code: "invalid_token" });
    await settled();
  });

  it.each([
    ["a misspelt freshness", { user: {}, freshness: "Now" }],
    ["no audience", { user: {}, audience: "" }],
    ["a misspelt need", { user: {}, freshnes: "now" }],
  ])("with %s can't be meant", async (_, needs) => {
    const { verifier } = await scene();
    expect(() => verifier.guard(needs as RouteNeeds)).toThrow(ConfigError);
  });
});
