import { ERRORS } from "../../src/core/errors.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import type { Instant } from "../../src/core/time.ts";
import { createPages } from "../../src/pages/index.ts";
import type { Pages, PagesOptions, Peer } from "../../src/pages/index.ts";

/** 24 November 2026, 08:00 UTC. */
export const NOW = Date.UTC(2026, 10, 24, 8) as Instant;

export const SID_HERE = "AAAAAAAAAAAAAAAAAAAAAA";
export const SID_APP = "BBBBBBBBBBBBBBBBBBBBBA";

/** What the API saw of one call. */
export interface Seen {
  readonly call: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly peer: Peer | undefined;
  readonly url: string;
}

export type Respond = (seen: Seen) => Response;

export function json(body: unknown, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });
}

export function problem(
  code: ErrorCode,
  more: { fields?: readonly { pointer: string; detail: string }[]; headers?: Record<string, string> } = {},
): Response {
  const { status, title } = ERRORS[code];
  const body = JSON.stringify({ type: `http://localhost:3000/errors#${code}`, title, status, code, errors: more.fields });
  return new Response(body, { status, headers: { "content-type": "application/problem+json", ...more.headers } });
}

export const USER = {
  id: "usr_1",
  email: "ada@example.org",
  name: "Ada <b>Lovelace</b>",
  roles: [],
  emailVerified: false,
  createdAt: "2026-10-01T09:30:00.000Z",
};

function sessionOf(sid: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    sid,
    carrier: "cookie",
    createdAt: "2026-11-20T07:05:00.000Z",
    lastSeenAt: "2026-11-24T07:57:00.000Z",
    device: { label: "Firefox on Linux", userAgent: "…", ip: "203.0.113.7" },
    ...more,
  };
}

export const SESSIONS = [
  sessionOf(SID_HERE, { current: true, lastSeenAt: "2026-11-24T08:00:00.000Z" }),
  sessionOf(SID_APP, { carrier: "token", device: { label: "okhttp <i>", userAgent: "…", ip: "" } }),
];

export const LIVE = "coatcheck=live";

/** Signed in means: the cookie is `coatcheck=live`. */
function isSignedIn(headers: Headers): boolean {
  return (headers.get("cookie") ?? "").split("; ").includes(LIVE);
}

const DEFAULTS: Readonly<Record<string, Respond>> = {
  "GET /auth/me": ({ headers }) => (isSignedIn(headers) ? json({ user: USER, session: SESSIONS[0] }) : problem("unauthenticated")),
  "GET /auth/sessions": () => json({ sessions: SESSIONS }),
};

export interface Fake {
  readonly pages: Pages;
  readonly calls: readonly Seen[];
  readonly get: (path: string, headers?: Record<string, string>) => Promise<Response>;
  /** A form as a browser sends it from our own page. */
  readonly post: (path: string, fields: Record<string, string> | string, headers?: Record<string, string>) => Promise<Response>;
}

/** Pages in front of an API that answers what the contract says, call by call. */
export function fake(answers: Readonly<Record<string, Respond>> = {}, options: Partial<PagesOptions> = {}): Fake {
  const calls: Seen[] = [];
  const issuer = options.issuer ?? "http://localhost:3000";
  const basePath = options.basePath ?? "";
  const pages = createPages({
    issuer,
    basePath,
    signUp: "at-once",
    clock: { now: () => NOW },
    api: async (request, peer) => {
      const { pathname, search } = new URL(request.url);
      const text = await request.text();
      const call = `${request.method} ${pathname.slice(basePath.length)}${search}`;
      const seen = { call, headers: request.headers, body: text === "" ? undefined : JSON.parse(text), peer, url: request.url };
      calls.push(seen);
      const respond = { ...DEFAULTS, ...answers }[call];
      if (respond === undefined) throw new Error(`the test expected no call ${call}`);
      return respond(seen);
    },
    ...options,
  });
  const send = async (request: Request): Promise<Response> => {
    const response = await pages.fetch(request, { address: "192.0.2.9" });
    if (response === null) throw new Error(`${request.url} is no page`);
    return response;
  };
  return {
    pages,
    calls,
    get: (path, headers = {}) => send(new Request(issuer + basePath + path, { headers })),
    post: (path, fields, headers = {}) =>
      send(
        new Request(issuer + basePath + path, {
          method: "POST",
          headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", ...headers },
          body: typeof fields === "string" ? fields : new URLSearchParams(fields).toString(),
        }),
      ),
  };
}

/** The `Cookie` header that a browser would send after these answers, whatever their paths; a cleared cookie is gone. */
export function cookiesAfter(...responses: readonly Response[]): string {
  const jar = new Map<string, string>();
  for (const value of responses.flatMap((response) => response.headers.getSetCookie())) {
    const pair = value.split(";", 1)[0] as string;
    const name = pair.split("=", 1)[0] as string;
    if (/; Max-Age=0/.test(value)) jar.delete(name);
    else jar.set(name, pair);
  }
  return [...jar.values()].join("; ");
}

/** The markup of a page, with one spelling for what HTML does not tell apart: runs of white space, and `/>`. */
export async function markupOf(response: Response): Promise<string> {
  return (await response.text()).replaceAll(/\s+/g, " ").replaceAll(/ ?\/?>/g, ">");
}
