import * as v from "valibot";
import { CoatcheckError } from "../core/errors.ts";
import type { FieldError } from "../core/errors.ts";
import { OAuthError } from "./oauth-errors.ts";

/** The schema of a body, form or query: an object of named fields and no others. */
export type FieldsSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** As many wrong fields as are named: an answer does not grow with what a stranger sends. */
const NAMED_AT_MOST = 100;

/**
 * What was sent, as the type that the schema says.
 * @throws {invalid_input} with every field that is wrong, missing or unknown.
 */
export function validate<S extends FieldsSchema>(schema: S, input: unknown): v.InferOutput<S> {
  if (typeof input !== "object" || input === null || Array.isArray(input)) throw invalid([{ pointer: "", detail: "must be an object" }]);
  // The names are looked at here: valibot reports the first unknown one alone, and does not see own fields that are called like methods.
  const unknown = Object.keys(input).filter((name) => !Object.hasOwn(schema.entries, name));
  const known = Object.fromEntries(Object.entries(input).filter(([name]) => Object.hasOwn(schema.entries, name)));
  const result = v.safeParse(schema, known);
  if (result.success && unknown.length === 0) return result.output;
  const wrong = result.success ? [] : result.issues.map((issue) => ({ pointer: pointer(issue.path ?? []), detail: detailOf(issue) }));
  throw invalid([...wrong, ...unknown.map((name) => ({ pointer: segment(name), detail: "is not known here" }))]);
}

/**
 * What stands in a path, as the type that the schema says.
 * @throws {not_found} for what it can't be: nothing has such a name.
 */
export function readParams<S extends FieldsSchema>(schema: S, params: Readonly<Record<string, string>>): v.InferOutput<S> {
  const result = v.safeParse(schema, params);
  if (result.success) return result.output;
  throw new CoatcheckError("not_found");
}

/**
 * The fields of a form that the schema knows, as the type that it says: others are ignored (RFC 6749 §3.2).
 * @throws {invalid_request} that names the first wrong one.
 */
export function validateForm<S extends FieldsSchema>(schema: S, form: ReadonlyMap<string, string>): v.InferOutput<S> {
  const result = v.safeParse(schema, Object.fromEntries([...form].filter(([name]) => Object.hasOwn(schema.entries, name))));
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new OAuthError("invalid_request", `The parameter ${pointer(issue.path ?? []).slice(1)} ${detailOf(issue)}.`);
}

/**
 * The parameters of a query of ours under `/oauth/*`, as the type that the schema says. Unknown ones are not ignored: misspelt, they would ask for something else.
 * @throws {invalid_request} that names the first wrong one.
 */
export function validateParameters<S extends FieldsSchema>(schema: S, query: URLSearchParams): v.InferOutput<S> {
  const given = new Map(query);
  if (given.size < query.size) throw new OAuthError("invalid_request", "A parameter is there more than once.");
  for (const name of given.keys())
    if (!Object.hasOwn(schema.entries, name)) throw new OAuthError("invalid_request", "There is a parameter that is not known here.");
  return validateForm(schema, given);
}

function invalid(fields: readonly FieldError[]): CoatcheckError {
  return new CoatcheckError("invalid_input", { fields: fields.slice(0, NAMED_AT_MOST) });
}

/** Says what was expected and never what came: that may have been a password in the wrong place. */
function detailOf(issue: v.BaseIssue<unknown>): string {
  if (issue.kind === "validation") return issue.message;
  if (issue.received === "undefined") return "is required";
  return issue.expected === "string" ? "must be a string" : `must be ${issue.expected ?? "something else"}`;
}

/** RFC 6901 §3. */
function pointer(path: readonly { readonly key: unknown }[]): string {
  return path.map(({ key }) => segment(String(key))).join("");
}

function segment(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
