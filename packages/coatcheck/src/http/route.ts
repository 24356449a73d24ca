import type * as v from "valibot";
import type { ClientProof } from "../core/clients.ts";
import { CoatcheckError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { SessionRecord } from "../core/session.ts";
import { authenticate } from "./asker.ts";
import { readForm, readJson } from "./body.ts";
import type { Call } from "./call.ts";
import { hasClientAuthentication, requireClient } from "./client-authentication.ts";
import type { Located } from "./locate.ts";
import { mayCall } from "./origin.ts";
import type { Credential, Fields, Input, Method, Refusal, Route, Row, Said, Successes } from "./row.ts";
import { validate, validateParameters } from "./validate.ts";
import type { FieldsSchema } from "./validate.ts";

export type { Method, Route, RouteGroup } from "./row.ts";

/** What each kind of route refuses with, whatever its row adds. */
const READING_PATH: readonly Refusal[] = ["not_found"];
const READING_QUERY: readonly Refusal[] = ["bad_request", "invalid_input"];
const READING_JSON: readonly Refusal[] = ["bad_request", "too_large", "unsupported_media_type", "invalid_input"];
const READING_FORM: readonly Refusal[] = ["bad_request", "too_large", "unsupported_media_type", "invalid_request"];
const KNOWING_WHO: readonly Refusal[] = ["unauthenticated", "invalid_token", "stale_claims", "login_required", "store_unavailable"];

/** A route that anybody may call. Where the call may come from is judged before anything of it is read. */
export function anybody<A extends Successes, Q extends Fields = undefined, B extends Fields = undefined>(
  row: Row<Q, B, A> & {
    /** Default: it asks for nothing. */
    readonly credentials?: readonly Credential[];
    readonly answer: (call: Call, input: Input<Q, B>) => Promise<Said<A>> | Said<A>;
  },
): Route {
  return {
    ...described(row, row.credentials ?? ["nothing"], reading(row)),
    run: async (call) => {
      await guardOrigin(call, row.method, false);
      return row.answer(call, await readInput(call, row));
    },
  };
}

/** A route for who is logged in: without a live session nothing of the body is read. */
export function somebody<A extends Successes, Q extends Fields = undefined, B extends Fields = undefined>(
  row: Row<Q, B, A> & { readonly answer: (call: Call, asker: SessionRecord, input: Input<Q, B>) => Promise<Said<A>> | Said<A> },
): Route {
  return {
    ...described(row, ["cookie", "token"], [...KNOWING_WHO, ...reading(row)]),
    run: async (call) => {
      await guardOrigin(call, row.method, false);
      const asker = await authenticate(call);
      return row.answer(call, asker, await readInput(call, row));
    },
  };
}

/** A route of the OAuth standards: a form, whose fields say themselves whether anything ambient is needed to be let in. */
export function client<A extends Successes>(
  row: Row<undefined, FieldsSchema, A> & {
    /** How a client shows itself; `nothing` where the built-in public one may call. */
    readonly credentials: readonly Credential[];
    readonly answer: (call: Call, form: ReadonlyMap<string, string>) => Promise<Said<A>>;
  },
): Route {
  return {
    ...described(row, row.credentials, READING_FORM),
    bodyType: "application/x-www-form-urlencoded",
    run: async (call) => {
      const form = await readForm(call.request);
      await guardOrigin(call, row.method, form.has("refresh_token") || form.has("token") || hasClientAuthentication(call.request, form));
      return row.answer(call, form);
    },
  };
}

/** A route of ours beside those standards, that reads: for clients with a secret alone, and nothing of the query is read for anybody else. */
export function confidential<A extends Successes, Q extends FieldsSchema>(
  row: Row<Q, undefined, A> & {
    readonly query: Q;
    readonly answer: (call: Call, asker: ClientProof, query: v.InferOutput<Q>) => Promise<Said<A>>;
  },
): Route {
  return {
    ...described(row, ["client"], ["invalid_client", "invalid_request"]),
    run: async (call) => {
      const asker = await requireClient(call, new Map());
      return row.answer(call, asker, validateParameters(row.query, new URLSearchParams(call.query)));
    },
  };
}

/** A route that is there, described as it is, and refuses whatever it is asked. */
export function refusing(route: Route, code: ErrorCode): Route {
  return {
    ...route,
    run: async (call) => {
      await guardOrigin(call, route.method, false);
      throw new CoatcheckError(code);
    },
  };
}

type AnyRow = Row<Fields, Fields, Successes>;

function described(row: AnyRow, credentials: readonly Credential[], brings: readonly Refusal[]): Omit<Route, "run"> {
  const { group, method, path, id, tag, summary, description = "", params = null, query = null, body = null, bodyIsOptional = false } = row;
  const origin: readonly Refusal[] = changes(method) ? ["cross_origin"] : [];
  const refusals = [...new Set([...origin, ...brings, ...(row.refusals ?? [])])];
  return {
    ...{ group, method, path, id, tag, summary, description, credentials, params, query, body, bodyIsOptional, refusals },
    answers: row.answers,
    bodyType: "application/json",
  };
}

function reading({ params, query, body }: AnyRow): readonly Refusal[] {
  return [
    ...(params === undefined ? [] : READING_PATH),
    ...(query === undefined ? [] : READING_QUERY),
    ...(body === undefined ? [] : READING_JSON),
  ];
}

function changes(method: Method): boolean {
  return method !== "GET";
}

/** Whoever wrote the request knows the credential: no browser added it by itself. */
export function isExplicit(located: Located): boolean {
  return located.carrier !== null && !located.ambient;
}

/**
 * The origin check of every call that changes something. `explicit` says that the credential stands in the call itself.
 * @throws {cross_origin}
 */
async function guardOrigin({ site, request, ip, located, route, device }: Call, method: Method, explicit: boolean): Promise<void> {
  if (!changes(method) || explicit || isExplicit(located)) return;
  const [from, origin] = [request.headers.get("sec-fetch-site"), request.headers.get("origin")];
  const carriesCookie = located.carrier !== null || located.reason === "ambiguous";
  if (mayCall({ site: from, origin, carriesCookie }, site.allowed)) return;
  const detail = { route, site: from?.slice(0, 64) ?? null, origin: origin?.slice(0, 256) ?? null, device: device.label };
  await site.engine.audit({ event: "cross_origin", userId: null, sid: null, ip, carrier: null, detail });
  throw new CoatcheckError("cross_origin");
}

async function readInput<Q extends Fields, B extends Fields>(call: Call, row: Row<Q, B, Successes>): Promise<Input<Q, B>> {
  const query = row.query === undefined ? {} : validate(row.query, readQuery(call.query));
  const body = row.body === undefined ? {} : validate(row.body, await readBody(call.request, row.bodyIsOptional ?? false));
  return { query, body } as Input<Q, B>;
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
