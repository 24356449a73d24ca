import fc from "fast-check";
import type { Route } from "../../src/http/route.ts";
import { COOKIE, EMAIL, ISSUER, PASSWORD } from "../http/support.ts";
import { asHeader, bent, headerText, wildText } from "./text.ts";

/** One request as it is meant, before real credentials are put in. */
export interface Hostile {
  readonly method: string;
  /** As it stands on the wire: perhaps a second spelling of a path. */
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Text, bytes, or the fields of a form. */
  readonly body: string | Uint8Array<ArrayBuffer> | ReadonlyMap<string, string> | null;
}

/** Stands in a header or a form for a credential, a real one by the time that the request is sent. */
export const REAL = "{real}";

const METHODS = ["GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "QUERY", "BREW"];

/** Requests for every row of the table, each a little wrong or very: credentials, paths, queries, headers, bodies. */
export function hostileRequests(table: readonly Route[]): fc.Arbitrary<Hostile> {
  return fc.constantFrom(...table).chain((route) =>
    fc
      .record({ method: methodFor(route), path: pathFor(route), query: queryFor(route), headers: HEADERS, content: contentFor(route) })
      .map(({ method, path, query, headers, content: [type, body] }) => ({
        method,
        target: path + query,
        headers: type === null ? headers : [...headers, ["content-type", asHeader(type)] as const],
        body: method === "GET" || method === "HEAD" ? null : body,
      })),
  );
}

function methodFor({ method }: Route): fc.Arbitrary<string> {
  return fc.oneof({ weight: 8, arbitrary: fc.constant(method) }, { weight: 1, arbitrary: fc.constantFrom(...METHODS) });
}

function pathFor({ path }: Route): fc.Arbitrary<string> {
  const value = fc.constantFrom("A".repeat(22), "x", ".", "..", "%2e", "__proto__", "a%00");
  const filled = value.map((it) => path.replaceAll(/\{\w+\}/g, it));
  const tricky = bent(filled, "/", "//", "/./", "/../", "%2f", "%61", ";x", "\\", "/auth", ".json");
  // What no client could put into a request line.
  return fc.oneof(
    { weight: 6, arbitrary: filled },
    { weight: 1, arbitrary: tricky.map((it) => `/${encodeURI(it.toWellFormed()).replace(/^\/+/, "")}`) },
  );
}

function queryFor({ query }: Route): fc.Arbitrary<string> {
  const names = [...Object.keys(query?.entries ?? {}), "x"];
  const pairs = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom("current", "true", "1", "", "%", "%ff", "<b>")), {
    maxLength: 3,
  });
  const written = pairs.map((all) => (all.length === 0 ? "" : `?${all.map((pair) => pair.join("=")).join("&")}`));
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant("") },
    { weight: 2, arbitrary: written },
    { weight: 1, arbitrary: fc.constantFrom("?", "?%", "?=&=&", "?__proto__=1") },
  );
}

const VALUE = fc.oneof(
  wildText,
  fc.constantFrom(
    EMAIL,
    PASSWORD,
    REAL,
    "cookie",
    "token",
    "current",
    "true",
    "refresh_token",
    "client_credentials",
    "coatcheck",
    "a".repeat(20),
  ),
);

/** A body and the type that it says it has: its own as a rule. */
function contentFor({ body, path }: Route): fc.Arbitrary<readonly [string | null, Hostile["body"]]> {
  const name = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...Object.keys(body?.entries ?? {}), "x") },
    { weight: 1, arbitrary: wildText },
  );
  const fields = fc.dictionary(name, fc.oneof({ weight: 4, arbitrary: VALUE }, { weight: 1, arbitrary: fc.jsonValue() }), {
    maxKeys: 5,
    noNullPrototype: true,
  });
  const json = fc.oneof(
    { weight: 4, arbitrary: fields.map((it) => JSON.stringify(it)) },
    { weight: 1, arbitrary: bent(fc.json(), '{"email":1,"email":2}', "[") },
  );
  const form = fc.dictionary(name, VALUE, { maxKeys: 5 });
  const asJson = json.map((it) => ["application/json", it] as const);
  const asForm = form.map((it) => ["application/x-www-form-urlencoded", new Map(Object.entries(it))] as const);
  const junk = fc.tuple(
    fc.option(
      fc.oneof(
        fc.constantFrom("application/json", "text/plain", "multipart/form-data; boundary=x", "application/json; charset=utf-16"),
        headerText,
      ),
    ),
    fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.string({ maxLength: 60 }), fc.constant(null), fc.constant("[".repeat(70_000))),
  );
  const [own, other] = path.startsWith("/oauth/") ? [asForm, asJson] : [asJson, asForm];
  return fc.oneof({ weight: 6, arbitrary: own }, { weight: 1, arbitrary: other }, { weight: 2, arbitrary: junk });
}

const oneOfOurs = (...values: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: headerText.map(asHeader) });
const AUTHORIZATION = oneOfOurs(REAL, REAL, REAL, "Bearer", "Basic Y29hdGNoZWNrOg==", "Basic Og", "Bearer a.b.c");
const SHOWN = oneOfOurs(REAL, REAL, REAL, `${COOKIE}=x`, `${COOKIE}=${"A".repeat(75)}`, `${COOKIE}=a; ${COOKIE}=b`);
const ORIGIN = oneOfOurs(ISSUER, ISSUER, ISSUER, "null", "https://evil.test", "https://app.example.net");

const ODD = fc.oneof(
  oneOfOurs("0", "-1", "1e9", "99999999").map((it) => ["content-length", it] as const),
  oneOfOurs("gzip", "identity").map((it) => ["content-encoding", it] as const),
  oneOfOurs("same-origin", "cross-site", "none").map((it) => ["sec-fetch-site", it] as const),
  oneOfOurs("1.2.3.4", "::ffff:1.2.3.4", ",,,", "[::1").map((it) => ["x-forwarded-for", it] as const),
  oneOfOurs("curl/8.5.0", "Mozilla/5.0").map((it) => ["user-agent", it] as const),
  oneOfOurs("DELETE").map((it) => ["access-control-request-method", it] as const),
  oneOfOurs("*/*", "text/html", "application/problem+json").map((it) => ["accept", it] as const),
);

/** Most requests say where they come from and who calls, now and then twice over: one of junk alone is refused at the first of it. */
const HEADERS: fc.Arbitrary<Hostile["headers"]> = fc
  .record({
    origin: fc.option(ORIGIN, { freq: 8 }),
    authorization: fc.option(AUTHORIZATION, { freq: 2 }),
    cookie: fc.option(SHOWN, { freq: 3 }),
    odd: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(ODD, { maxLength: 3 }) }),
    again: fc.option(
      fc.tuple(fc.constantFrom("authorization", "cookie", "origin"), fc.oneof(fc.constant(REAL), headerText.map(asHeader))),
      { freq: 8 },
    ),
  })
  .map(({ odd, again, ...named }) => [
    ...Object.entries(named).filter((pair): pair is [string, string] => pair[1] !== null),
    ...odd,
    ...(again === null ? [] : [again]),
  ]);
