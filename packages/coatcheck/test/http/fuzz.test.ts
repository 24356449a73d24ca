import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { COOKIE, EMAIL, ISSUER, openHouse, PASSWORD, read } from "./support.ts";
import type { House } from "./support.ts";

/** What the contract lets a healthy server answer. fast-check prints seed and counterexample if anything else comes. */
const STATUSES = [200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429];

let house: House;
/** Real credentials among the junk, so that the fuzz comes past the first refusal. */
const real = { authorization: "", cookie: "", refreshToken: "" };
beforeAll(async () => {
  house = await openHouse({ options: { origins: ["https://app.example.net"], trustedProxies: 1 } });
  await house.arrive();
});

/** New sessions for Ada whenever the fuzz has ended the last ones. */
async function staySignedIn(): Promise<void> {
  const { engine, routes, store } = house;
  const proof = await store.users.byEmail(EMAIL);
  if (proof === null) throw new Error("Ada is gone");
  for (const carrier of ["cookie", "token"] as const) {
    if ((await routes.check(carrier === "cookie" ? { cookie: real.cookie } : { authorization: real.authorization })).ok) continue;
    const login = {
      user: proof.user,
      rsq: proof.head,
      amr: ["pwd"],
      device: { label: "", userAgent: "", ip: "" },
      data: null,
      replaces: null,
    };
    const { shown } = await engine.sessions.start({ ...login, carrier });
    if (shown.carrier === "cookie") real.cookie = `${COOKIE}=${shown.ticket}`;
    else Object.assign(real, { authorization: `Bearer ${shown.accessToken}`, refreshToken: shown.refreshToken });
  }
}

/** What a header can hold: anything but NUL, CR and LF, byte by byte. */
const headerText = fc.string({
  unit: fc
    .integer({ min: 1, max: 255 })
    .filter((it) => it !== 10 && it !== 13)
    .map((it) => String.fromCharCode(it)),
  maxLength: 60,
});
const oneOfOurs = (...values: string[]) => fc.oneof(fc.constantFrom(...values), headerText);

const known = fc.constantFrom(
  ...["sign-up", "sign-in", "sign-out", "confirm", "password"].map((name) => ["POST", `/auth/${name}`] as const),
  ...["/auth/me", "/auth/sessions", "/.well-known/jwks.json", "/healthz", "/readyz"].map((path) => ["GET", path] as const),
  ...["/oauth/token", "/oauth/token", "/oauth/revoke"].map((path) => ["POST", path] as const),
  ...["/auth/sessions", `/auth/sessions/${"A".repeat(22)}`, "/auth/sessions/x"].map((path) => ["DELETE", path] as const),
);
const junk = fc.tuple(
  fc.constantFrom("GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "BREW"),
  fc.oneof(
    known.map(([, path]) => path),
    fc.webPath(),
    fc
      .tuple(fc.constantFrom("/auth/sessions/", "/auth/", "/oauth/", "/"), fc.string({ maxLength: 40 }))
      .map(([start, rest]) => start + encodeURI(rest.toWellFormed())),
  ),
);
const target = fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: junk });
const query = fc.oneof(
  fc.constant(""),
  fc.webQueryParameters().map((it) => `?${it}`),
  fc.constantFrom("?keep=current", "?wait=true", "?keep=current&keep=x", "?%", "?=&=&", "?__proto__=1"),
);

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(EMAIL, PASSWORD, "cookie", "token", "\u0000", "\ud800", "__proto__", "ada@example.com\r\nx: y"),
);
const fields = fc.dictionary(
  fc.oneof(
    fc.constantFrom("email", "password", "carrier", "name", "current", "new", "refresh_token", "__proto__", "constructor"),
    fc.string(),
  ),
  fc.oneof(text, fc.jsonValue()),
  { maxKeys: 5, noNullPrototype: true },
);
const form = fc.dictionary(
  fc.constantFrom("grant_type", "refresh_token", "refresh_id", "token", "client_id", "client_secret", "scope", "x"),
  fc.oneof(text, fc.constantFrom("refresh_token", "coatcheck", "real")),
  { maxKeys: 5 },
);
const json = fc.oneof({ weight: 4, arbitrary: fields.map((it) => JSON.stringify(it)) }, { weight: 1, arbitrary: fc.json() });
const encoded = form.map(
  (it) => (): string =>
    new URLSearchParams(
      Object.entries(it).map(([name, value]) => [name, value === "real" ? real.refreshToken : value.toWellFormed()]),
    ).toString(),
);
/** A body and the type that it says it has: its own as a rule. */
const content = fc.oneof(
  { weight: 6, arbitrary: json.map((it) => ["application/json", it] as const) },
  { weight: 6, arbitrary: encoded.map((it) => ["application/x-www-form-urlencoded", it] as const) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      oneOfOurs("application/json", "text/plain"),
      fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.string({ maxLength: 60 }), fc.constant(null)),
    ),
  },
);

const headers = fc.record(
  {
    authorization: fc.oneof(
      { weight: 3, arbitrary: fc.constant("real") },
      {
        weight: 1,
        arbitrary: fc.oneof(
          headerText,
          headerText.map((it) => `Bearer ${it}`),
          headerText.map((it) => `Basic ${it}`),
        ),
      },
    ),
    cookie: fc.oneof(
      { weight: 3, arbitrary: fc.constant("real") },
      {
        weight: 1,
        arbitrary: fc.oneof(
          headerText,
          headerText.map((it) => `${COOKIE}=${it}`),
        ),
      },
    ),
    "content-length": oneOfOurs("0", "-1", "1e9", "99999999"),
    "content-encoding": oneOfOurs("gzip", "identity"),
    origin: oneOfOurs(ISSUER, ISSUER, "null", "https://evil.test", "https://app.example.net"),
    "sec-fetch-site": oneOfOurs("same-origin", "same-origin", "cross-site", "none"),
    "x-forwarded-for": oneOfOurs("1.2.3.4", "::ffff:1.2.3.4", ",,,", "[::1"),
    "user-agent": oneOfOurs("curl/8.5.0", "Mozilla/5.0"),
    "access-control-request-method": oneOfOurs("DELETE"),
  },
  { requiredKeys: [] },
);
/** Most requests say where they come from and leave the rest alone: a request of junk headers only is refused at the first of them. */
const sentHeaders = fc.oneof(
  { weight: 1, arbitrary: headers },
  {
    weight: 3,
    arbitrary: headers.map(({ authorization, cookie }) => ({
      origin: ISSUER,
      ...(authorization === undefined ? {} : { authorization }),
      ...(cookie === undefined ? {} : { cookie }),
    })),
  },
);

describe("no input makes a 500", () => {
  it("whatever the method, the path, the headers and the body", { timeout: 120_000 }, async () => {
    const met = new Set<number>();
    await fc.assert(
      fc.asyncProperty(
        target,
        query,
        sentHeaders,
        content,
        fc.option(fc.string()),
        async ([verb, at], search, sent, [type, body], address) => {
          await staySignedIn();
          const shown = Object.entries(sent).map(([name, value]): [string, string] => [
            name,
            value === "real" ? (name === "cookie" ? real.cookie : real.authorization) : value.trim(),
          ]);
          const carried = verb === "GET" || verb === "HEAD" ? null : typeof body === "function" ? body() : body;
          const asked = new Request(`${ISSUER}${at}${search}`, {
            method: verb,
            headers: [["content-type", type.trim()], ...shown],
            body: carried as BodyInit | null,
          });
          const response = await house.routes.fetch(asked, { address: address ?? undefined });
          met.add(response.status);
          expect(STATUSES).toContain(response.status);
          const form = response.headers.get("content-type");
          const got = await read(response);
          expect(got.headers.get("x-content-type-options")).toBe("nosniff");
          if (got.status === 401) expect(got.headers.get("www-authenticate")).toMatch(/^Bearer/);
          if (got.status >= 400 && got.text !== "")
            expect(got.json).toMatchObject(
              form === "application/problem+json" ? { status: got.status, code: expect.any(String) } : { error: expect.any(String) },
            );
          expect(got.text).not.toMatch(/node:internal|\.ts:\d/);
        },
      ),
      { numRuns: 3_000 },
    );
    // A fuzz that never comes past the door shows nothing.
    expect([...met]).toEqual(expect.arrayContaining([200, 204, 400, 401, 403, 404, 405, 413, 415, 422]));
    expect(house.log.filter(({ level }) => level === "error")).toEqual([]);
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
