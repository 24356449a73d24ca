import { newEmail } from "./visitor.ts";
import type { Visitor } from "./visitor.ts";
import type { Operation, Parameter, Schema } from "./read.ts";
import { PASSWORD } from "../support.ts";

/** One request to send: everything but where. */
export interface Sent {
  readonly method: string;
  /** With its query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
}

/** What must come of it: it is done; it is not even read; it is read, whatever comes of it then. */
type Expected = "done" | "refused" | "read";

type Values = Readonly<Record<string, unknown>>;

/** What a valid request holds, by operation: a schema can't know who has which password. An operation with a body that is not here fails its first case. */
const VALUES: Readonly<Record<string, (visitor: Visitor, scheme: string) => Values>> = {
  signUp: () => ({ email: newEmail(), password: PASSWORD }),
  signIn: ({ email }) => ({ email, password: PASSWORD }),
  signOut: ({ refreshToken }) => ({ refresh_token: refreshToken }),
  confirm: () => ({ password: PASSWORD }),
  changePassword: () => ({ current: PASSWORD, new: "another horse battery" }),
  endSession: ({ otherSid }) => ({ sid: otherSid }),
  getTokens: ({ refreshToken }, scheme) =>
    scheme === "client" ? { grant_type: "client_credentials" } : { grant_type: "refresh_token", refresh_token: refreshToken },
  // The session is the built-in client's; to any other it may only be unknown.
  revokeToken: ({ refreshToken }, scheme) => ({ token: scheme === "client" ? "unknown" : refreshToken }),
  introspectToken: ({ refreshToken }) => ({ token: refreshToken }),
};

/** Members that the server compares with what it knows: another value is read, and then refused. */
const KNOWN_VALUES = new Set(["signIn.email", "signIn.password", "confirm.password", "changePassword.current", "signOut.refresh_token"]);

const FORM = "application/x-www-form-urlencoded";

/** A valid request that shows this credential, changed as asked. */
export function request(operation: Operation, visitor: Visitor, scheme: string, change: Change = {}): Sent {
  const { id, method, path, body, parameters } = operation;
  const values = VALUES[id]?.(visitor, scheme) ?? {};
  const params = { ...values, ...change.params };
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(params[name]));
  const named = new Set(parameters.map(({ name }) => name));
  const members = Object.entries({ ...values, ...change.members })
    .map(([name, value]): [string, unknown] => [name, typeof value === "function" ? (value as () => unknown)() : value])
    .filter(([name, value]) => !named.has(name) && value !== undefined);
  const content = body === null ? null : encode(body.type, Object.fromEntries(members));
  return {
    method: change.method ?? method,
    target: target + (change.query ?? ""),
    headers: { ...(body === null ? {} : { "content-type": body.type }), ...visitor.shows[scheme], ...change.headers },
    body: change.body === undefined ? content : change.body,
  };
}

export interface Change {
  readonly method?: string;
  readonly params?: Values;
  readonly query?: string;
  /** Those that replace the valid ones; undefined leaves one out, and a function makes it anew for each request. */
  readonly members?: Values;
  readonly body?: Sent["body"];
  readonly headers?: Readonly<Record<string, string>>;
}

export function encode(type: string, members: Values): string {
  if (type !== FORM) return JSON.stringify(members);
  const fields = Object.entries(members).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
  return new URLSearchParams(fields).toString();
}

type Draft = readonly [what: string, expected: Expected, change: Change, pointer?: string];

/** Everything that is sent to an operation: what it takes, up to the edges, and what it does not. */
export function casesOf(operation: Operation): readonly Draft[] {
  const { parameters } = operation;
  return [
    ["as described", "done", {}],
    ...bodyCases(operation),
    ...parameters.flatMap((parameter) => (parameter.in === "path" ? pathCases(parameter) : queryCases(parameter))),
    ...(parameters.some((it) => it.in === "query") ? strangeQueries(parameters) : []),
    ...credentialCases(operation),
  ];
}

function bodyCases({ id, body }: Operation): readonly Draft[] {
  if (body === null) return [];
  const isForm = body.type === FORM;
  const { properties, required } = body.schema as { properties: Readonly<Record<string, Schema>>; required: readonly string[] };
  return [
    ...required.map((name): Draft => [`without ${name}`, "refused", { members: { [name]: undefined } }, `/${name}`]),
    ...Object.entries(properties).flatMap(([name, schema]) => [
      ...edges(`${id}.${name}`, name, schema),
      ...(isForm ? [] : wrongTypes(name)),
    ]),
    ...(isForm ? formCases(id) : jsonCases(body.required)),
    ["with no type", "refused", { headers: { "content-type": "" } }],
    ["as text", "refused", { headers: { "content-type": "text/plain" } }],
    ["as the other type", "refused", { headers: { "content-type": isForm ? "application/json" : FORM } }],
    ["in another charset", "refused", { headers: { "content-type": `${body.type}; charset=latin1` } }],
    ["compressed", "refused", { headers: { "content-encoding": "gzip" } }],
    ["with a charset", "done", { headers: { "content-type": `${body.type}; charset=utf-8` } }],
    ["as large as may be, and one more", "refused", { body: encode(body.type, { x: "x".repeat(65_536) }) }],
    ["not UTF-8", "refused", { body: Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]) }],
  ];
}

function jsonCases(isRequired: boolean): readonly Draft[] {
  const broken = ["{", "nonsense", '{"email":"a","email":"b"}', "{}x", "[".repeat(30_000), "\u{feff}{}", "{'a':1}"];
  return [
    ...broken.map((body): Draft => [`broken: ${body.slice(0, 12)}`, "refused", { body }]),
    ...["[]", "null", "0", '"text"', "true", '[{"a":1}]'].map((body): Draft => [`not an object: ${body}`, "refused", { body }]),
    ["with an unknown member", "refused", { members: { unknown: 1 } }, "/unknown"],
    ["with a member called like a method", "refused", { members: { toString: "x" } }, "/toString"],
    ["empty", isRequired ? "refused" : "read", { body: "" }],
  ];
}

function formCases(id: string): readonly Draft[] {
  return [
    ["with an unknown field", "done", { members: { unknown: "1" } }],
    ["with a field twice", "refused", { body: "token=a&token=b&grant_type=a&grant_type=b" }],
    ["empty", "refused", { body: "" }],
    [`with percent signs that mean nothing (${id})`, "refused", { body: "%&%zz=%" }],
  ];
}

/** At the edges of what a member may be, and just beyond. */
function edges(key: string, name: string, schema: Schema): readonly Draft[] {
  const {
    minLength,
    maxLength,
    pattern,
    enum: names,
  } = schema as Readonly<{ minLength: number; maxLength: number; pattern: string; enum: string[] }>;
  const inside = KNOWN_VALUES.has(key) ? "read" : "done";
  const draft = (what: string, expected: Expected, value: string | (() => string)): Draft => [
    `${name}: ${what}`,
    expected,
    { members: { [name]: value } },
    `/${name}`,
  ];
  return [
    ...(minLength === undefined
      ? []
      : [draft("as short as may be", inside, text(name, minLength)), draft("shorter", "refused", text(name, minLength - 1))]),
    ...(maxLength === undefined
      ? []
      : [draft("as long as may be", inside, () => text(name, maxLength)), draft("longer", "refused", text(name, maxLength + 1))]),
    // Two code units each, and one character: what counts is said by JSON Schema (Validation §6.3.1).
    ...(maxLength === undefined || name === "email"
      ? []
      : [draft("as long as may be, beyond the basic plane", inside, "𝒳".repeat(maxLength))]),
    ...(pattern === undefined ? [] : [draft("against its pattern", "refused", "\u0001")]),
    ...(names === undefined ? [] : names.map((it) => draft(it, "done", it))),
    ...(names === undefined
      ? []
      : [draft("none of the names", "refused", "nothing"), draft("in capitals", "refused", (names[0] ?? "").toUpperCase())]),
  ];
}

/** Text of a length that nothing but its length is wrong with. */
function text(name: string, length: number): string {
  if (name !== "email") return "kqzvwjxyhb".repeat(Math.ceil(length / 10)).slice(0, length);
  const domain = `${"b".repeat(60)}.`.repeat(4);
  const rest = length - domain.length - "@".length;
  return `${newEmail().slice(0, 5)}@${"c".repeat(rest - 5 - 3)}.${domain}de`;
}

function wrongTypes(name: string): readonly Draft[] {
  return [null, 0, true, [], {}, ["a"], { a: 1 }].map((value): Draft => [
    `${name}: ${JSON.stringify(value)}`,
    "refused",
    { members: { [name]: value } },
    `/${name}`,
  ]);
}

function pathCases({ name }: Parameter): readonly Draft[] {
  return [
    [`${name}: nobody's`, "refused", { params: { [name]: "A".repeat(22) } }],
    [`${name}: too short`, "refused", { params: { [name]: "A".repeat(21) } }],
    [`${name}: too long`, "refused", { params: { [name]: "A".repeat(23) } }],
    [`${name}: another spelling`, "refused", { params: { [name]: `${"A".repeat(21)}B` } }],
  ];
}

/** Values that a parameter may have: all of them, or examples. */
function valuesOf({ schema }: Parameter): readonly string[] {
  return (schema["enum"] ?? schema["examples"] ?? []) as readonly string[];
}

function queryCases(parameter: Parameter): readonly Draft[] {
  const { name } = parameter;
  const names = valuesOf(parameter);
  return [
    ...names.map((it): Draft => [`${name}=${it}`, "done", { query: `?${name}=${it}` }]),
    [`${name}=!`, "refused", { query: `?${name}=!` }],
    [`${name} without a value`, "refused", { query: `?${name}` }],
    [`${name} twice`, "refused", { query: `?${name}=${names[0]}&${name}=${names[0]}` }],
  ];
}

function strangeQueries(parameters: readonly Parameter[]): readonly Draft[] {
  const all = parameters.map((parameter) => `${parameter.name}=${valuesOf(parameter)[0]}`).join("&");
  return [
    ["all of its query", "done", { query: `?${all}` }],
    ["an unknown parameter", "refused", { query: "?unknown=1" }],
    ["a prototype for a parameter", "refused", { query: "?__proto__=1" }],
  ];
}

function credentialCases({ method, security }: Operation): readonly Draft[] {
  const isOpen = security.includes("");
  return [
    ["a token that is none", isOpen ? "read" : "refused", { headers: { authorization: "Bearer nonsense" } }],
    ["a scheme without a token", isOpen ? "read" : "refused", { headers: { authorization: "Bearer" } }],
    ...["PUT", "PATCH"].map((it): Draft => [`with ${it}`, "refused", { method: it, body: null }]),
    ...(method === "GET"
      ? [["with HEAD", "read", { method: "HEAD" }] as const]
      : [["from elsewhere", "read", { headers: { origin: "https://evil.test", "sec-fetch-site": "cross-site" } }] as const]),
  ];
}
