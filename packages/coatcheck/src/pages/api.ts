import { ERRORS } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { CarrierName } from "../core/session.ts";
import type { Visit } from "./site.ts";

/** `user` of the API's answers, as far as the pages show it. */
export interface User {
  readonly email: string;
  readonly name: string;
  readonly createdAt: string;
}

/** `session` of the API's answers, as far as the pages show it. Times are ISO 8601 in UTC. */
export interface Session {
  readonly sid: string;
  readonly carrier: CarrierName;
  readonly createdAt: string;
  readonly lastSeenAt: string;
  readonly device: { readonly label: string; readonly ip: string };
  readonly current?: boolean;
}

/** What an answer of the API does to the browser, whatever else it says. The page's own answer passes it on. */
export interface Effects {
  /** Whole `Set-Cookie` values. */
  readonly setCookies: readonly string[];
  readonly clearSiteData: string | null;
}

export interface Refusal extends Effects {
  readonly ok: false;
  readonly code: ErrorCode;
  /** Names of the fields that are wrong, from the JSON pointers. */
  readonly fields: readonly string[];
  /** Seconds. */
  readonly retryAfter: number | null;
}

export interface Success<T> extends Effects {
  readonly ok: true;
  readonly body: T;
}

export type Answer<T = unknown> = Success<T> | Refusal;

/**
 * What the API must know of the browser to judge as if it had been called directly: the cookie, where the call comes from and what device it is.
 * `Authorization` is left out: with it the API skips the origin check, and these pages live by the cookie.
 */
const PASSED_ON = [
  "cookie",
  "origin",
  "sec-fetch-site",
  "sec-fetch-mode",
  "sec-fetch-dest",
  "user-agent",
  "x-forwarded-for",
  "forwarded",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-request-id",
  "traceparent",
];

export interface Call {
  readonly method: "GET" | "POST" | "DELETE";
  /** Below the base path, with its query. */
  readonly path: string;
  readonly body?: Readonly<Record<string, string>>;
  /** An answer of this same visit whose cookies this call must show already. */
  readonly after?: Effects | undefined;
}

/** Calls the API in the browser's name. `T` is what the contract promises for a success of that call. */
export async function callApi<T = unknown>(visit: Visit, call: Call): Promise<Answer<T>> {
  const { site, request, peer } = visit;
  const headers = new Headers({ accept: "application/json" });
  for (const name of PASSED_ON) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (call.after !== undefined) headers.set("cookie", withCookies(headers.get("cookie") ?? "", call.after.setCookies));
  if (call.body !== undefined) headers.set("content-type", "application/json");
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  // Who is at the other end, and nothing else of the browser's own request: its target is the page's.
  const from = {
    ...(peer?.address === undefined ? {} : { address: peer.address }),
    ...(peer?.note === undefined ? {} : { note: peer.note }),
  };
  const response = await site.api(new Request(site.origin + site.basePath + call.path, { method: call.method, headers, body }), from);
  return readAnswer<T>(response);
}

async function readAnswer<T>(response: Response): Promise<Answer<T>> {
  const effects = { setCookies: response.headers.getSetCookie(), clearSiteData: response.headers.get("clear-site-data") };
  const text = await response.text();
  const body: unknown = text === "" ? null : JSON.parse(text);
  if (response.ok) return { ok: true, body: body as T, ...effects };
  const problem = body as { code?: string; errors?: readonly { pointer: string }[] } | null;
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  return {
    ok: false,
    code: isErrorCode(problem?.code) ? problem.code : "internal",
    fields: (problem?.errors ?? []).map(({ pointer }) => pointer.slice(1)),
    retryAfter: Number.isSafeInteger(retryAfter) && retryAfter >= 0 ? retryAfter : null,
    ...effects,
  };
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERRORS, code);
}

/** A `Cookie` value as the browser would send it after these `Set-Cookie` values: a name is there once, with its latest value. */
function withCookies(cookie: string, setCookies: readonly string[]): string {
  const shown = cookie.split("; ").filter((pair) => pair !== "");
  const set = setCookies.map((value) => value.split(";", 1)[0] as string);
  return [...new Map([...shown, ...set].map((pair) => [cookieNameOf(pair), pair])).values()].join("; ");
}

/** The name in `name=value` or in a whole `Set-Cookie`. */
export function cookieNameOf(pair: string): string {
  return pair.split("=", 1)[0] as string;
}
