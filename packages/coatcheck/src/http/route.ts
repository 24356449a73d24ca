import type * as v from "valibot";
import { CoatcheckError } from "../core/errors.ts";
import type { SessionRecord } from "../core/session.ts";
import type { Answer } from "./answer.ts";
import { authenticate } from "./asker.ts";
import { readForm, readJson } from "./body.ts";
import type { Call } from "./call.ts";
import { hasClientAuthentication } from "./client-authentication.ts";
import type { Located } from "./locate.ts";
import { mayCall } from "./origin.ts";
import { validate } from "./validate.ts";
import type { FieldsSchema } from "./validate.ts";

export type Method = "GET" | "POST" | "DELETE";

/** Which routes an application mounts: `sessions` is `/auth/*`, `tokens` is `/oauth/*` and the public keys; `operations` is always there. */
export type RouteGroup = "sessions" | "tokens" | "operations";

/** One row of the table of routes: what is called, by whom, with what. The rows are data: the API's description is made from them too. */
export interface Route {
  readonly group: RouteGroup;
  readonly method: Method;
  /** With `{name}` for one segment. */
  readonly path: string;
  readonly summary: string;
  /** Who may call: anybody, somebody who is logged in, or anybody who shows an OAuth credential in the body. */
  readonly who: "anybody" | "somebody" | "client";
  readonly body: FieldsSchema | null;
  readonly bodyIsOptional: boolean;
  readonly query: FieldsSchema | null;
  run(call: Call): Promise<Answer>;
}

type Output<S> = S extends FieldsSchema ? v.InferOutput<S> : Record<never, never>;

interface Row<B extends FieldsSchema | undefined, Q extends FieldsSchema | undefined> {
  readonly group: RouteGroup;
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly body?: B;
  readonly bodyIsOptional?: boolean;
  readonly query?: Q;
}

/** What a handler gets besides the call: checked, and of the types that the schemas say. */
interface Input<B, Q> {
  readonly body: Output<B>;
  readonly query: Output<Q>;
}

/** A route that anybody may call. Where the call may come from is judged before anything of it is read. */
export function anybody<B extends FieldsSchema | undefined = undefined, Q extends FieldsSchema | undefined = undefined>(
  row: Row<B, Q> & { readonly answer: (call: Call, input: Input<B, Q>) => Promise<Answer> | Answer },
): Route {
  return {
    ...described(row, "anybody"),
    run: async (call) => {
      await guardOrigin(call, row.method, false);
      return row.answer(call, await readInput(call, row));
    },
  };
}

/** A route for who is logged in: without a live session nothing of the body is read. */
export function somebody<B extends FieldsSchema | undefined = undefined, Q extends FieldsSchema | undefined = undefined>(
  row: Row<B, Q> & { readonly answer: (call: Call, asker: SessionRecord, input: Input<B, Q>) => Promise<Answer> | Answer },
): Route {
  return {
    ...described(row, "somebody"),
    run: async (call) => {
      await guardOrigin(call, row.method, false);
      const asker = await authenticate(call);
      return row.answer(call, asker, await readInput(call, row));
    },
  };
}

/** A route of the OAuth standards: a form, whose fields say themselves whether anything ambient is needed to be let in. */
export function client(
  row: Row<FieldsSchema, undefined> & { readonly answer: (call: Call, form: ReadonlyMap<string, string>) => Promise<Answer> },
): Route {
  return {
    ...described(row, "client"),
    run: async (call) => {
      const form = await readForm(call.request);
      await guardOrigin(call, row.method, form.has("refresh_token") || form.has("token") || hasClientAuthentication(call.request, form));
      return row.answer(call, form);
    },
  };
}

function described(row: Row<FieldsSchema | undefined, FieldsSchema | undefined>, who: Route["who"]): Omit<Route, "run"> {
  const { group, method, path, summary, body = null, bodyIsOptional = false, query = null } = row;
  return { group, method, path, summary, who, body, bodyIsOptional, query };
}

/** Whoever wrote the request knows the credential: no browser added it by itself. */
export function isExplicit(located: Located): boolean {
  return located.carrier !== null && !located.ambient;
}

/**
 * The origin check of every call that changes something. `explicit` says that the credential stands in the call itself.
 * @throws {cross_origin}
 */
async function guardOrigin({ site, request, ip, located, route }: Call, method: Method, explicit: boolean): Promise<void> {
  if (method === "GET" || explicit || isExplicit(located)) return;
  const [from, origin] = [request.headers.get("sec-fetch-site"), request.headers.get("origin")];
  const carriesCookie = located.carrier !== null || located.reason === "ambiguous";
  if (mayCall({ site: from, origin, carriesCookie }, site.allowed)) return;
  const detail = { route, site: from?.slice(0, 64) ?? null, origin: origin?.slice(0, 256) ?? null };
  await site.auditAnonymous({ event: "cross_origin", userId: null, sid: null, ip, carrier: null, detail });
  throw new CoatcheckError("cross_origin");
}

async function readInput<B extends FieldsSchema | undefined, Q extends FieldsSchema | undefined>(
  call: Call,
  row: Row<B, Q>,
): Promise<Input<B, Q>> {
  const query = row.query === undefined ? {} : validate(row.query, readQuery(call.query));
  const body = row.body === undefined ? {} : validate(row.body, await readBody(call.request, row.bodyIsOptional ?? false));
  return { body: body as Output<B>, query: query as Output<Q> };
}

async function readBody(request: Request, isOptional: boolean): Promise<unknown> {
  const body = await readJson(request);
  if (body === undefined && !isOptional) throw new CoatcheckError("bad_request", { detail: "The body is empty." });
  return body === undefined ? {} : body;
}

/** @throws {bad_request} for a parameter that is there twice: which of them counts would be a guess. */
function readQuery(query: string): Readonly<Record<string, string>> {
  const pairs = [...new URLSearchParams(query)];
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length)
    throw new CoatcheckError("bad_request", { detail: "A query parameter is there twice." });
  return Object.fromEntries(pairs);
}
