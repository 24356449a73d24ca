import type * as v from "valibot";
import { cookieName } from "../../core/settings.ts";
import type { Settings } from "../../core/settings.ts";
import type { descriptionSchema } from "../answers.ts";
import { accountSchema, oauthErrorSchema, problemSchema, sessionSchema, userSchema } from "../answers.ts";
import type { Credential, Route, Shown, Success, Tag } from "../row.ts";
import type { FieldsSchema } from "../validate.ts";
import { VERSION } from "../../observe/version.ts";
import { createToJsonSchema } from "./json-schema.ts";
import type { JsonSchema, Named } from "./json-schema.ts";
import { refusalResponses } from "./refusals.ts";
import { pruned } from "./pruned.ts";

/** An OpenAPI document: what every one has. */
export type OpenApiDocument = Shown<v.InferOutput<typeof descriptionSchema>>;

/** Schemas that stand once, by their names in the description. */
const NAMED: Named = {
  Account: accountSchema,
  User: userSchema,
  Session: sessionSchema,
  Problem: problemSchema,
  OAuthError: oauthErrorSchema,
};

const toJson = createToJsonSchema(NAMED);

const TAGS: Readonly<Record<Tag, string>> = {
  Accounts: "Proving who one is, with a built-in account.",
  Sessions: "Seeing and ending one's own logins, whatever carries them.",
  Tokens: "The OAuth standards, so that any client library works.",
  Operations: "For whoever runs the server.",
};

/** What each credential is called in the description, and what it is. */
const SECURITY: Readonly<Record<Credential, (settings: Settings) => readonly [name: string, scheme: object] | null>> = {
  nothing: () => null,
  cookie: ({ issuer }) => [
    "cookie",
    {
      type: "apiKey",
      in: "cookie",
      name: cookieName(issuer),
      description:
        "The ticket that sign-in gave. Browsers send it by themselves, so a call that changes something must come from an origin that may.",
    },
  ],
  token: () => [
    "bearer",
    {
      type: "http",
      scheme: "bearer",
      bearerFormat: "JWT",
      description: "An access token (RFC 9068). With it the cookie is not read at all.",
    },
  ],
  metrics: () => ["metrics", { type: "http", scheme: "bearer", description: "What `--metrics-token` was set to." }],
  client: () => [
    "client",
    {
      type: "http",
      scheme: "basic",
      description: "An OAuth client's id and secret (RFC 6749 §2.3.1); or `client_id` and `client_secret` in the form.",
    },
  ],
};

/** The description of these routes at this issuer (OpenAPI 3.1.1). Made from the rows that answer: it can't say anything else than they do. */
export function describe(table: readonly Route[], settings: Settings): OpenApiDocument {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of table) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route, settings);
  const credentials = new Set(table.flatMap((route) => route.credentials));
  return {
    openapi: "3.1.1",
    info: {
      title: "Coatcheck",
      version: VERSION,
      summary: "Keeps people logged in: one session record, carried as a cookie or as a signed token, ended everywhere.",
      description: INTRODUCTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: `${new URL(settings.issuer).origin}${settings.basePath}` }],
    tags: Object.entries(TAGS).flatMap(([name, description]) => (table.some(({ tag }) => tag === name) ? [{ name, description }] : [])),
    paths,
    components: {
      securitySchemes: Object.fromEntries([...credentials].flatMap((it) => present(SECURITY[it](settings)))),
      ...pruned({ headers: HEADERS, schemas: toJson.named() }, paths),
    },
  };
}

const INTRODUCTION = `Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`; under \`/oauth\` they have the form of RFC 6749 §5.2, with our \`code\` beside it where the error is one of ours.
A call that changes something and shows a cookie must come from the issuer's origin, or from one that is allowed (\`cross_origin\` otherwise). Everything under \`/auth\` and \`/oauth\` is \`no-store\`.
Every \`GET\` may be a \`HEAD\` too. A status that an operation does not list is a mistake of the server's.`;

const HEADERS: Readonly<Record<string, object>> = {
  "Set-Cookie": header("Our one cookie: set, or cleared (`Max-Age=0`).", {}, false),
  "WWW-Authenticate": header(
    "`Bearer`; with `error` only if a token was sent (RFC 6750 §3), and `max_age` where a fresh proof is wanted (RFC 9470).",
    {},
    true,
  ),
  Allow: header("The methods that this address knows.", {}, true),
  "Retry-After": header("Whole seconds to wait.", { pattern: "^[1-9][0-9]*$" }, true),
};

function header(description: string, schema: JsonSchema, required: boolean): object {
  return { description, required, schema: { type: "string", ...schema } };
}

function operation(route: Route, settings: Settings): object {
  const { id, tag, summary, description, params, query } = route;
  const parameters = [...parametersIn("path", params), ...parametersIn("query", query)];
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === "" ? {} : { description }),
    security: route.credentials.map((it) => Object.fromEntries(present(SECURITY[it](settings)).map(([name]) => [name, []]))),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBody(route),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, success]) => [status, successResponse(success)])),
      ...refusalResponses(route),
    },
  };
}

function present<T>(value: T | null): readonly T[] {
  return value === null ? [] : [value];
}

function parametersIn(place: "path" | "query", fields: FieldsSchema | null): readonly object[] {
  if (fields === null) return [];
  const { properties, required } = toJson.of(fields) as { properties: Record<string, JsonSchema>; required: readonly string[] };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function requestBody({ body, bodyType, bodyIsOptional }: Route): object {
  if (body === null) return {};
  const { additionalProperties, ...open } = toJson.of(body);
  // A form's unknown fields are ignored (RFC 6749 §3.2), those of a JSON body refused.
  const schema = bodyType === "application/json" ? { ...open, additionalProperties } : open;
  return { requestBody: { required: !bodyIsOptional, content: { [bodyType]: { schema } } } };
}

/** OpenAPI 3.1 has no words for what is in an event. */
const EVENTS = { "text/event-stream": { schema: { type: "string" } } };

function successResponse({ description, body, type = "application/json", events, setsCookie }: Success): object {
  return {
    description,
    ...(setsCookie === undefined ? {} : { headers: { "Set-Cookie": { $ref: "#/components/headers/Set-Cookie" } } }),
    ...(body === undefined ? {} : { content: { [type]: { schema: toJson.of(body) }, ...(events === undefined ? {} : EVENTS) } }),
  };
}
