import { ERRORS } from "../../core/errors.ts";
import type { ErrorRow } from "../../core/errors.ts";
import { OAUTH_ERRORS, oauthNameOf } from "../oauth-errors.ts";
import { hasOAuthErrors } from "../problem.ts";
import type { Refusal, Route } from "../row.ts";
import type { JsonSchema } from "./json-schema.ts";

/** What every address says besides its routes: to a method that it does not know. */
const OF_THE_ADDRESS: readonly Refusal[] = ["method_not_allowed"];

/** What nobody plans for: it has no status in the description but `default`. */
const UNPLANNED: Refusal = "internal";

const HEADERS: Readonly<Record<number, string>> = { 401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After", 503: "Retry-After" };

const ALL: Readonly<Record<Refusal, ErrorRow>> = { ...ERRORS, ...OAUTH_ERRORS };

export function rowOf(refusal: Refusal): ErrorRow {
  return ALL[refusal];
}

/** Everything that a route may refuse with, by status, with the headers and the body that come with it. */
export function refusalResponses(route: Route): Readonly<Record<string, object>> {
  const byStatus = Map.groupBy([...route.refusals, ...OF_THE_ADDRESS], (refusal) => rowOf(refusal).status);
  const responses = [...byStatus].map(([status, refusals]) => [String(status), response(route, refusals, HEADERS[status])] as const);
  return { ...Object.fromEntries(responses), default: response(route, [UNPLANNED]) };
}

function response({ path }: Route, refusals: readonly Refusal[], header?: string): object {
  const oauth = hasOAuthErrors(path);
  return {
    description: refusals.map((refusal) => `\`${refusal}\`: ${rowOf(refusal).title}.`).join(" "),
    ...(header === undefined ? {} : { headers: { [header]: { $ref: `#/components/headers/${header}` } } }),
    content: oauth
      ? { "application/json": { schema: narrowed("OAuthError", oauthMembers(refusals)) } }
      : { "application/problem+json": { schema: narrowed("Problem", { code: { enum: refusals } }) } },
  };
}

function narrowed(name: string, properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { allOf: [{ $ref: `#/components/schemas/${name}` }, { type: "object", properties }] };
}

/** Under `/oauth/*` an error of ours has the standard's nearest name, and its code beside it. */
function oauthMembers(refusals: readonly Refusal[]): Readonly<Record<string, JsonSchema>> {
  const ours = refusals.filter((refusal) => refusal in ERRORS);
  const names = refusals.map((refusal) => (refusal in ERRORS ? oauthNameOf(rowOf(refusal)) : refusal));
  return { error: { enum: [...new Set(names)] }, ...(ours.length === 0 ? {} : { code: { enum: ours } }) };
}
