import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { node, REPOSITORY } from "./packed.ts";

// The types that an application sees, as built: what must compile does, and what must not is refused for the reason that is meant.

const START = `
  import { coatcheck, memory, sqlite, CoatcheckError, StoreUnavailable } from "coatcheck";
  import type { Auth, ClientPrincipal, CoatcheckOptions, Duration, ErrorCode, Needs, Principal, RefusalReason, Started, TokenResponse, UserPrincipal, UserView, Verdict } from "coatcheck";
  import { brokenStores, fakeClock, storeContract } from "coatcheck/testing";
  declare const auth: Auth;
  declare const verdict: Verdict;
  type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
  function same<A, B>(_: Equal<A, B>): void {}
  const base = { issuer: "http://localhost:3000", store: memory() };
`;

const HOLDS: Readonly<Record<string, string>> = {
  "a verdict narrows to a principal or a reason": `
    if (verdict.ok) same<typeof verdict.principal, Principal>(true);
    else same<typeof verdict.reason, RefusalReason>(true);`,
  "a person's principal has a user, a session and roles, none of them undefined": `
    if (verdict.ok && verdict.principal.kind === "user") {
      const { userId, sid, roles, carrier } = verdict.principal;
      const texts: readonly string[] = [userId, sid, ...roles];
      same<typeof carrier, "cookie" | "token">(true);
      void texts;
    }`,
  "what check returns is a verdict, or the promise of one": `same<ReturnType<Auth["check"]>, Verdict | Promise<Verdict>>(true);`,
  "whoever a guard lets in is of a kind that was named, and there": `
    import { createVerifier } from "coatcheck/verifier";
    const verifier = createVerifier({ issuer: "https://id.example.com", client: { id: "a", secret: "b" } });
    for (const person of [await auth.guard({ user: { roles: ["a"], maxAge: "5m" } })({}), await verifier.guard({ user: {}, freshness: "now" })({})])
      if (person.ok) same<typeof person.principal, UserPrincipal>(true);
      else void [person.status, person.code, person.headers];
    const program = await verifier.guard({ client: { scopes: ["a"] } })({});
    if (program.ok) same<typeof program.principal, ClientPrincipal>(true);
    const either = await auth.guard({ user: {}, client: {} })({});
    if (either.ok) same<typeof either.principal, UserPrincipal | ClientPrincipal>(true);
    declare const needs: Needs;
    const any = await auth.guard(needs)({});
    if (any.ok) same<typeof any.principal, UserPrincipal | ClientPrincipal>(true);`,
  "check takes what servers hand out": `
    import type { IncomingHttpHeaders } from "node:http";
    declare const incoming: IncomingHttpHeaders;
    const headers = new Headers();
    void auth.check({ cookie: incoming.cookie, authorization: incoming.authorization });
    void auth.check(incoming);
    void auth.check({ cookie: headers.get("cookie"), authorization: headers.get("authorization") });`,
  "options take durations, own users and claims": `
    const options: CoatcheckOptions = {
      ...base, accessTtl: "5m", idle: "7d", absolute: "30d", grace: "0s", bound: "1s", origins: ["https://app.example.com"], routes: ["sessions"],
      users: { get: async (id) => (id === "1" ? { id, roles: [], disabled: false, profile: { name: "Ada" } } : null) },
      claims: { tenant: (user, session) => ({ of: user.id, since: session.createdAt }) },
    };
    void coatcheck(options);
    void coatcheck({ ...base, users: { get: (id): UserView | null => null } });
    void coatcheck({ ...base, store: sqlite("data/app.db"), secret: ["one", "two"], clock: fakeClock() });
    const fifteen: Duration = "15m";
    void fifteen;`,
  "a login is handed a cookie or tokens": `
    const started = await auth.start({ userId: "1", amr: ["pwd"], carrier: "token", data: { theme: "dark", list: [1, null, true] } });
    same<typeof started, Started>(true);
    same<typeof started.setCookie, string | null>(true);
    same<typeof started.tokens, TokenResponse | null>(true);`,
  "ending names a session or a user": `void auth.end({ sid: "a" }); void auth.end({ userId: "1" }, { wait: true });`,
  "errors have a code of a closed list": `
    const error: CoatcheckError = new StoreUnavailable(null);
    same<typeof error.code, ErrorCode>(true);
    const code: ErrorCode = "store_unavailable";
    void code;`,
  "a store of one's own is held to the contract": `
    same<Parameters<typeof storeContract>[1] extends (...args: never[]) => unknown ? true : false, true>(true);
    for (const { breaks } of brokenStores) void breaks;`,
};

const REFUSED: readonly (readonly [what: string, code: string, reason: RegExp])[] = [
  ["a principal before ok was asked", "verdict.principal;", /TS2339: Property 'principal' does not exist/],
  ["a reason when it is ok", "if (verdict.ok) verdict.reason;", /TS2339: Property 'reason' does not exist/],
  ["a user before the kind was asked", "if (verdict.ok) verdict.principal.userId;", /TS2339: Property 'userId' does not exist/],
  ["a verdict that may still be a promise", "const { ok } = auth.check({});", /TS2339: Property 'ok' does not exist/],
  [
    "a guard's principal before ok was asked",
    "(await auth.guard({ user: {} })({})).principal;",
    /TS2339: Property 'principal' does not exist/,
  ],
  ["a misspelt need of a guard", `auth.guard({ user: { role: ["a"] } });`, /TS(2353|2561|2322): /],
  ["a role for a list of them", `auth.guard({ user: { roles: "a" } });`, /TS2322: Type 'string' is not assignable/],
  ["an age of a login without a unit", `auth.guard({ user: { maxAge: "5" } });`, /TS2322: Type '"5"' is not assignable/],
  ["a Headers object, which has no such fields", "void auth.check(new Headers());", /TS2559: .*no properties in common/],
  ["a duration as a number", "void coatcheck({ ...base, idle: 15 });", /TS2322: Type 'number' is not assignable/],
  ["a duration without a unit", `void coatcheck({ ...base, idle: "15" });`, /TS2322: Type '"15"' is not assignable/],
  ["a duration in words", `void coatcheck({ ...base, idle: "15 minutes" });`, /TS2322: Type '"15 minutes"' is not assignable/],
  ["an unknown option", `void coatcheck({ ...base, idel: "15m" });`, /TS2353: .*'idel' does not exist in type 'CoatcheckOptions'/],
  ["no store", `void coatcheck({ issuer: "http://localhost:3000" });`, /TS2741: Property 'store' is missing/],
  [
    "a store's address for a store",
    `void coatcheck({ ...base, store: "sqlite:app.db" });`,
    /TS2322: Type 'string' is not assignable to type 'Store'/,
  ],
  ["an unknown group of routes", `void coatcheck({ ...base, routes: ["session"] });`, /TS2820: .*Did you mean '"sessions"'/],
  ["a claim that is no function", `void coatcheck({ ...base, claims: { tenant: "acme" } });`, /TS2322: Type 'string' is not assignable/],
  ["a claim that is no JSON", "void coatcheck({ ...base, claims: { since: () => new Map() } });", /TS2322: /],
  ["a user without roles", "void coatcheck({ ...base, users: { get: (id) => ({ id, disabled: false }) } });", /TS2322: .*/],
  [
    "an unknown carrier",
    `void auth.start({ userId: "1", amr: ["pwd"], carrier: "session" });`,
    /TS2322: Type '"session"' is not assignable/,
  ],
  ["a login without how it was proved", `void auth.start({ userId: "1", carrier: "cookie" });`, /TS2741: Property 'amr' is missing/],
  ["data that is no JSON", `void auth.start({ userId: "1", amr: ["pwd"], carrier: "cookie", data: () => 1 });`, /TS2322: /],
  ["ending nothing", "void auth.end({});", /TS2345: /],
  ["ending by a misspelt name", `void auth.end({ userid: "1" });`, /TS(2353|2561): /],
  ["what opens a session", `const session = await auth.session("a"); session?.secretHash;`, /TS2339: Property 'secretHash' does not exist/],
  ["an error code that is not in the table", `const code: ErrorCode = "nope"; void code;`, /TS2322: /],
  ["what is behind the door", `import { compose } from "coatcheck";`, /TS2305: .*no exported member 'compose'/],
  ["a door that is not there", `import { compose } from "coatcheck/dist/compose.js";`, /TS2307: Cannot find module/],
];

describe("the types of the package", () => {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-types-"));
  const errors = new Map<string, string[]>();

  beforeAll(async () => {
    symlinkSync(join(REPOSITORY, "node_modules"), join(folder, "node_modules"), "junction");
    writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      module: "nodenext",
      target: "es2024",
      lib: ["es2024", "dom"],
      types: ["node"],
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    Object.values(HOLDS).forEach((code, index) => writeFileSync(join(folder, `holds-${index}.ts`), START + code));
    REFUSED.forEach(([, code], index) => writeFileSync(join(folder, `refused-${index}.ts`), START + code));
    const { stdout } = await node([join(REPOSITORY, "node_modules/typescript/bin/tsc"), "-p", "."], folder);
    for (const [, file, error] of stdout.matchAll(/^([\w-]+)\.ts\(\d+,\d+\): error ((?:.|\n {2,})*)/gm)) {
      errors.set(file as string, [...(errors.get(file as string) ?? []), error as string]);
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.keys(HOLDS).map((what, index) => [what, index] as const))("%s", (_, index) => {
    expect(errors.get(`holds-${index}`) ?? []).toEqual([]);
  });

  it.each(REFUSED.map(([what, , reason], index) => [what, reason, index] as const))("refuse %s", (_, reason, index) => {
    expect(errors.get(`refused-${index}`) ?? []).toEqual([expect.stringMatching(reason)]);
  });
});
