import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpServer } from "../../../src/server/http-server.ts";
import { systemClock } from "../../../src/server/clock.ts";
import { openHouse } from "../support.ts";
import { SILENT } from "../../support/engine.ts";
import { casesOf, encode, request } from "./cases.ts";
import type { Sent } from "./cases.ts";
import { judgeBy } from "./judge.ts";
import { descriptionOf, operationsOf } from "./read.ts";
import type { Operation } from "./read.ts";
import { METRICS_TOKEN, visitorsOf } from "./visitor.ts";

// Reads the description as a stranger would, sends to every operation what it says it takes and what it says it does not, and holds each answer
// against what it says it answers.

const ISSUER = "http://localhost:3000";
// Throttles have cases of their own: here they would only hide what comes behind them.
// Whoever reads the change feed holds a lease, and whoever then waits for an end would wait for it: here each is over when it is looked at.
let passed = 0;
const clocks = { wall: () => Date.now(), monotonic: () => (passed += 10_000), sinceBoot: () => null };
const house = await openHouse({ metricsToken: METRICS_TOKEN, clocks, options: { issuer: ISSUER, throttle: "off" } });
const document = await descriptionOf(house);
const operations = operationsOf(document);
const judge = judgeBy(document);
const newVisitor = await visitorsOf(house);

type Transport = (sent: Sent) => Promise<Response>;

const direct: Transport = ({ method, target, headers, body }) =>
  house.routes.fetch(new Request(ISSUER + target, { method, headers, body }));

/** Sends it, and fails if the answer is none that the description promises. */
async function send(by: Transport, operation: Operation, sent: Sent): Promise<{ readonly status: number; readonly text: string }> {
  const response = await by(sent);
  const text = await response.text();
  const { status } = response;
  const complaints = sent.method === "HEAD" ? [] : judge.answer(operation, response, text);
  expect(complaints, `${status} ${text.slice(0, 300)}`).toEqual([]);
  return { status, text };
}

const allCases = operations.flatMap((operation) =>
  operation.security.flatMap((scheme) =>
    casesOf(operation).map(([what, expected, change, pointer]) => ({
      name: `${operation.id} (${scheme || "nobody"}) ${what}`,
      operation,
      scheme,
      expected,
      change,
      pointer,
    })),
  ),
);
type Drawn = (typeof allCases)[number];

async function check({ operation, scheme, expected, change, pointer }: Drawn, by: Transport): Promise<void> {
  const sent = request(operation, await newVisitor(), scheme, change);
  const { status, text } = await send(by, operation, sent);
  const code = status < 300 ? "done" : status < 500 ? "refused" : "broken";
  if (expected === "read") expect(code).not.toBe("broken");
  else expect(code, text).toBe(expected);
  if (expected === "done") return;
  // What is read and refused is refused for another reason than its form.
  if (pointer !== undefined && operation.body?.type === "application/json") {
    const named = status === 422 ? (JSON.parse(text) as { errors: { pointer: string }[] }).errors.map((it) => it.pointer) : [];
    expect(named).toEqual(expected === "refused" ? [pointer] : []);
  }
}

describe("every operation, by the engine", () => {
  it.each(allCases)("$name", (drawn) => check(drawn, direct));
});

describe("every operation, over HTTP", () => {
  const server = createHttpServer({ clock: systemClock, log: SILENT });
  let port = 0;
  beforeAll(async () => {
    port = await server.listen(0, "127.0.0.1");
    server.answer({ issuer: ISSUER, fetch: (asked, from) => house.routes.fetch(asked, from) });
  });
  afterAll(() => server.stop());

  it.each(operations)("$method $path answers as described", async (operation) => {
    const over: Transport = ({ method, target, headers, body }) => fetch(`http://127.0.0.1:${port}${target}`, { method, headers, body });
    const drawn = allCases.filter((it) => it.operation === operation);
    expect(drawn.length).toBeGreaterThan(0);
    for (const one of drawn) await check(one, over);
  });
});

/** Junk, and things that look like what is meant. */
const value = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("cookie", "token", "refresh_token", "ada@example.com", "correct horse battery", "", "\ud800", "__proto__"),
  fc.jsonValue({ maxDepth: 2 }),
);

describe("every operation, at random (a failure prints its seed)", () => {
  it.each(operations.filter(({ body }) => body !== null))("$method $path", async (operation) => {
    const { body, security } = operation;
    const names = Object.keys(body?.schema["properties"] ?? {});
    const members = fc.dictionary(
      fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: fc.string() }),
      value,
      {
        maxKeys: 5,
        noNullPrototype: true,
      },
    );
    await fc.assert(
      fc.asyncProperty(members, fc.constantFrom(...security), fc.boolean(), async (drawn, scheme, overValid) => {
        const type = body?.type ?? "";
        const sent = request(operation, await newVisitor(), scheme, overValid ? { members: drawn } : { body: encode(type, drawn) });
        const { status } = await send(direct, operation, sent);
        expect(status).toBeLessThan(500);
        // What the description does not take, the server does not take either.
        if (type === "application/json" && !judge.takes(operation, JSON.parse(sent.body as string)))
          expect([400, 401, 422]).toContain(status);
      }),
      { numRuns: 60 },
    );
  });
});

describe("the judge", () => {
  const health = operations.find(({ id }) => id === "getHealth") as Operation;
  const found = (status: number, body: object, headers: object): readonly string[] => {
    const text = status === 204 ? null : JSON.stringify(body);
    return judge.answer(health, new Response(text, { status, headers: { "content-type": "application/json", ...headers } }), text ?? "");
  };

  it("finds nothing in what is as described", () => {
    expect(found(200, { status: "alive" }, {})).toEqual([]);
  });

  it.each([
    ["a status that is not listed", 204, {}, {}],
    ["a member too few", 200, {}, {}],
    ["a member too many", 200, { status: "alive", passwordHash: "x" }, {}],
    ["a wrong value", 200, { status: "dead" }, {}],
    ["another type", 200, { status: "alive" }, { "content-type": "text/html" }],
    ["a cookie that nobody described", 200, { status: "alive" }, { "set-cookie": "a=b" }],
    [
      "a header that is missing",
      405,
      { type: "https://a/errors#method_not_allowed", title: "", status: 405, detail: "", code: "method_not_allowed" },
      { "content-type": "application/problem+json" },
    ],
    [
      "a code that is not listed",
      405,
      { type: "https://a/errors#x", title: "", status: 405, detail: "", code: "not_found" },
      { "content-type": "application/problem+json", allow: "GET" },
    ],
  ])("finds %s", (_, status, body, headers) => {
    expect(found(status, body, headers)).toHaveLength(1);
  });
});
