import { codesOf } from "./description.ts";
import type { Api, Operation, Schema } from "./description.ts";
import { code, GENERATED, page, table } from "./markdown.ts";
import { curl } from "./curl.ts";

/** Every call, from what `/openapi.json` says. */
export function http(api: Api): string {
  return page(
    "# HTTP",
    GENERATED,
    `Everything stands under the issuer (\`${api.server}\` unless set). \`GET /openapi.json\` describes it for machines (OpenAPI 3.1): it comes from the schemas that check what is sent, and this page from it.
Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`; [errors.md](errors.md) and \`GET /errors\` list them all. Under \`/oauth\` they have the form of RFC 6749 §5.2, with our \`code\` beside it where the
error is one of ours. \`session\` and \`user\` never hold a secret; \`sid\` is a public handle. Times are ISO 8601 in UTC.`,
    table(
      ["call", "what it does"],
      api.operations.map((operation) => [`[${code(callOf(operation))}](#${anchor(operation)})`, operation.summary]),
    ),
    RULES,
    ...api.tags.flatMap(({ name, description }) => [
      `## ${name}`,
      description,
      ...api.operations.filter(({ tags }) => tags.includes(name)).map((operation) => section(operation, api)),
    ]),
    "## Schemas",
    ...Object.entries(api.schemas).map(([name, schema]) => page(`### ${name}`, members(schema)).trimEnd()),
  );
}

const RULES = `A *fresh proof* is an \`authTime\` within 5 minutes: sign-in and confirm set it. Without it a cookie gets 403 \`step_up_required\`, a token 401 \`insufficient_user_authentication\` with \`max_age\` (RFC 9470).

Rules for all of it:

- What can't be parsed is 400; what breaks a schema is 422, with each field named, unknown ones too; bodies of more than 64 kB are 413, of another type 415; an unknown method is 405 with \`Allow\`.
- Every 401 carries \`WWW-Authenticate\`, with an \`error\` only if a token was sent. Every 429 and 503 carries \`Retry-After\`. With the store away the answer is 503 and never 401: a 401 would log people out.
- A call that changes something may come from the issuer's own origin, from one of \`--origins\`, or from no browser at all if it shows no cookie. A bearer token, a refresh token or client authentication in the call needs no such check.
- With \`Authorization: Bearer\` the cookie is not read at all.
- Every \`GET\` may be a \`HEAD\`. A path has one spelling.
- With the application's own users (\`users\` in the library) sign-up, sign-in, confirm and password do not exist, and \`user\` is what the application's table says.

Where the standards leave it open:

- Sign-out with a bearer token neither ends nor clears a cookie that came along; with a refresh token in the body and a cookie it ends both.
- A cookie's session ends at sign-in only when the new session is on a cookie too.
- An unknown query parameter is 422 on \`DELETE /auth/sessions\` (a misspelt \`keep\` would end everything) 400 on \`GET /oauth/changes\`, and ignored elsewhere; one that is there twice is 400.
- A client authenticates by HTTP Basic or with \`client_id\` and \`client_secret\` in the form (RFC 6749 §2.3.1), never both at once; a failed one is 401 with both \`Bearer\` and \`Basic\` in \`WWW-Authenticate\`. What sign-in gave belongs to the built-in public client, which has neither.
- Whom a client's token is for is asked with \`resource\` (RFC 8707, one for each token); the first of the client's audiences unless given. Without \`scope\` the token has all that the client may have.
- A client's own token is 401 \`login_required\` under \`/auth\`: it is nobody's login.
- Introspection tells a client of tokens for its audiences alone. A refresh token is told to whom the session's access tokens are for; it has no \`token_type\`, so that nobody takes it for an access token. Asking about a refresh token never uses it.
- \`GET /oauth/changes\` is no standard's, and the metadata list it as \`coatcheck_changes_endpoint\`. Its times are in seconds; [verifier.md](verifier.md) has the rule by which a service goes.
- With an issuer that has a path the metadata stand between host and path (RFC 8414 §3.1), and after it too.
- Any \`scope\` on a refresh is \`invalid_scope\`: a session has none. Statuses other than 400 and 401 keep their number under \`/oauth\`.

The examples take \`$TOKEN\` for an access token, \`$REFRESH_TOKEN\` for a refresh token, \`$SID\` for a session of yours, \`$CLIENT_ID\` and \`$CLIENT_SECRET\` for a client, \`$METRICS_TOKEN\` for what \`--metrics-token\` was set to, and \`jar.txt\` for the file that curl keeps cookies in.`;

function section(operation: Operation, api: Api): string {
  const { summary, description = "", requestBody, parameters = [] } = operation;
  const [body] = Object.entries(requestBody?.content ?? {});
  return page(
    `### ${code(callOf(operation))}`,
    `${summary}. ${description}`.trim(),
    shows(operation, api),
    "```sh\n" + curl(operation, api) + "\n```",
    parameters.length === 0
      ? ""
      : table(
          ["parameter", "in", "type", "what it is"],
          parameters.map((it) => [code(it.name) + (it.required ? "" : "?"), it.in, typeOf(it.schema), it.description ?? ""]),
        ),
    body === undefined ? "" : `${requestBody?.required ? "Takes" : "May take"} ${code(body[0])}:`,
    body === undefined ? "" : members(body[1].schema),
    answers(operation),
  ).trimEnd();
}

function callOf({ method, path }: Operation): string {
  return `${method} ${path}`;
}

/** As GitHub makes anchors of headings: lower case, punctuation dropped, a hyphen for each blank. */
function anchor(operation: Operation): string {
  return callOf(operation)
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");
}

function shows({ security }: Operation, { schemes }: Api): string {
  const names = security.flatMap((it) => Object.keys(it));
  if (names.length === 0) return "Needs no credential.";
  const may = security.some((it) => Object.keys(it).length === 0) ? "May show" : "Shows";
  return `${may} one of: ${names.map((name) => `${name} (${(schemes[name]?.description ?? "").split(/(?<=\.) /)[0]?.replace(/\.$/, "")})`).join("; ")}.`;
}

function members({ properties = {}, required = [] }: Schema): string {
  return table(
    ["member", "type", "what it is"],
    Object.entries(properties).map(([name, schema]) => [code(name) + (required.includes(name) ? "" : "?"), typeOf(schema), about(schema)]),
  );
}

function about(schema: Schema): string {
  const { description = "", default: otherwise } = schema;
  return [description, otherwise === undefined ? "" : `Default: ${code(otherwise)}.`].filter((it) => it !== "").join(" ");
}

function typeOf(schema: Schema): string {
  const { $ref, anyOf, items, type, properties, enum: names } = schema;
  if ($ref !== undefined) return refTo($ref);
  if (anyOf !== undefined) return anyOf.map(typeOf).join(" or ");
  if (names !== undefined) return names.map(code).join(" or ");
  if (schema.const !== undefined) return code(String(schema.const));
  if (items !== undefined) return items.properties === undefined ? `list of ${typeOf(items)}s` : `list of ${typeOf(items)}`;
  if (properties !== undefined)
    return `{ ${Object.entries(properties)
      .map(([name, it]) => memberOf(name, it, schema))
      .join(", ")} }`;
  return [schema.format ?? type ?? "anything", limits(schema)].filter((it) => it !== "").join(", ");
}

function memberOf(name: string, schema: Schema, { required = [] }: Schema): string {
  const shown = schema.$ref === undefined ? code(name) : `${code(name)}: ${typeOf(schema)}`;
  return required.includes(name) ? shown : `${shown}?`;
}

function limits({ minLength, maxLength, pattern }: Schema): string {
  const length =
    minLength === undefined && maxLength === undefined ? "" : `${minLength ?? 0} to ${maxLength ?? "any number of"} characters`;
  return length === "" && pattern !== undefined ? `like ${code(pattern)}` : length;
}

function refTo($ref: string): string {
  const name = $ref.replace("#/components/schemas/", "");
  return `[${name}](#${name.toLowerCase()})`;
}

function answers({ responses }: Operation): string {
  // 405 is said of all of them at once, and so is what nobody plans for.
  const rows = Object.entries(responses).filter(([status]) => status !== "default" && status !== "405");
  return table(
    ["status", "answer"],
    rows.map(([status, answer]) => {
      const codes = codesOf(answer);
      if (codes.length > 0) return [status, codes.map((it) => `[${code(it)}](errors.md#${it})`).join(", ")];
      const [content] = Object.entries(answer.content ?? {});
      const cookie = answer.headers?.["Set-Cookie"] === undefined ? "" : "`Set-Cookie`";
      const body =
        content === undefined ? "" : `${content[0] === "application/json" ? "" : `${code(content[0])} `}${typeOf(content[1].schema)}`;
      return [status, [answer.description, [cookie, body].filter((it) => it !== "").join("; ")].filter((it) => it !== "").join(" ")];
    }),
  );
}
