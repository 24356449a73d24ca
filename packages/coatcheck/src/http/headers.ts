import type { Answer } from "./answer.ts";

/** What every answer of this server says, whatever the route. */
export interface HeaderPolicy {
  /** Whether the issuer is https: only then may HSTS be said (RFC 6797 §7.2). */
  readonly https: boolean;
  /** Origins of other sites that may read answers, with credentials. */
  readonly origins: ReadonlySet<string>;
}

/** Headers of CORS (Fetch §3.3) for one asking origin; none for any origin that is not listed. */
function corsHeaders(policy: HeaderPolicy, origin: string | null): Record<string, string> {
  if (origin === null || !policy.origins.has(origin)) return {};
  return {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "WWW-Authenticate, Retry-After",
  };
}

/** The answer to a preflight (Fetch §4.8): what this address takes, for an hour. */
export function preflight(methods: readonly string[]): Answer {
  return {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": methods.join(", "),
      "Access-Control-Allow-Headers": "Authorization, Content-Type",
      "Access-Control-Max-Age": "3600",
    },
  };
}

/** Turns an answer into a Response: a head without its body, and the headers that keep any browser from making more of it than it is. */
export function respond(answer: Answer, request: Request, policy: HeaderPolicy): Response {
  const headers = new Headers({
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    Vary: "Origin",
    ...caching(answer),
    ...(policy.https ? { "Strict-Transport-Security": "max-age=63072000; includeSubDomains" } : {}),
    ...corsHeaders(policy, request.headers.get("origin")),
    ...answer.headers,
  });
  if (answer.cookie !== undefined) headers.set("Set-Cookie", answer.cookie);
  const { body, stream } = answer;
  if (stream !== undefined) return new Response(stream, { status: answer.status, headers: withType(headers, answer) });
  if (body === undefined) return new Response(null, { status: answer.status, headers });
  return new Response(request.method === "HEAD" ? null : typeof body === "string" ? body : JSON.stringify(body), {
    status: answer.status,
    headers: withType(headers, answer),
  });
}

function withType(headers: Headers, { type = "application/json" }: Answer): Headers {
  headers.set("Content-Type", type);
  return headers;
}

function caching({ publicFor }: Answer): Record<string, string> {
  if (publicFor !== undefined) return { "Cache-Control": `public, max-age=${publicFor}`, "Cross-Origin-Resource-Policy": "cross-origin" };
  // RFC 6749 §5.1 asks for both; caches of today read the first.
  return { "Cache-Control": "no-store", Pragma: "no-cache", "Cross-Origin-Resource-Policy": "same-origin" };
}
