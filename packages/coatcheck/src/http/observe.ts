import type { Attributes, RequestSpan } from "../observe/tracer.ts";
import { parseTraceParent } from "../observe/tracer.ts";
import type { Peer } from "./call.ts";
import type { Engine } from "./engine.ts";
import type { Note } from "./note.ts";

/** A peer whose request is being watched. */
export interface WatchedPeer extends Peer {
  readonly note: Note;
}

/** Watches one request from its arrival to its answer. One that is a part of another, which is watched already, is not watched twice. */
export type Observe = (request: Request, peer: Peer, answer: (peer: WatchedPeer) => Promise<Response>) => Promise<Response>;

/** What a proxy in front may call a request: a name, and nothing that could be anything else. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Methods that a label may name (RFC 9110 §9.3, RFC 5789); OpenTelemetry calls the others so too. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const OTHER_METHOD = "_OTHER";
const NO_ROUTE = "none";

/** Probes ask every few seconds, and as long as all is well nobody wants to read that. */
const PROBES: ReadonlySet<string | null> = new Set(["/healthz", "/readyz", "/metrics"]);

export function createObserve(engine: Engine): Observe {
  const { metrics, tracer, instance } = engine;
  let requests = 0;

  return async (request, peer, answer) => {
    if (peer.note !== undefined) return answer({ ...peer, note: peer.note });
    const given = request.headers.get("x-request-id") ?? "";
    const note: Note = {
      id: REQUEST_ID.test(given) ? given : `${instance}-${(requests += 1)}`,
      route: null,
      verdict: null,
      error: null,
    };
    const parent = parseTraceParent(request.headers.get("traceparent"));
    const began = metrics.stopwatch();
    const run = async (span: RequestSpan | null): Promise<Response> => {
      const response = await answer({ ...peer, note });
      const seen = { method: METHODS.has(request.method) ? request.method : OTHER_METHOD, status: response.status, note };
      const seconds = (metrics.stopwatch() - began) / 1_000;
      measure(engine, seen, seconds);
      if (engine.logRequests) writeLine(engine, seen, seconds, parent?.traceId);
      if (span !== null) describe(span, seen);
      return response;
    };
    return tracer === null ? run(null) : tracer.request(parent, run);
  };
}

interface Answered {
  readonly method: string;
  readonly status: number;
  readonly note: Note;
}

function measure({ metrics }: Engine, { method, status, note }: Answered, seconds: number): void {
  const route = note.route ?? NO_ROUTE;
  metrics.requests.cell(method, route, String(status)).value += 1;
  metrics.requestSeconds.series(route).observe(seconds);
}

/** One line: the route's pattern and never the path, which may hold an id, or the query, which may hold anything. */
function writeLine({ log }: Engine, { method, status, note }: Answered, seconds: number, trace: string | undefined): void {
  if (status < 400 && PROBES.has(note.route)) return;
  const { id, route, verdict, error } = note;
  log[status < 500 ? "info" : "warn"]("request", {
    method,
    route,
    status,
    ms: Math.round(seconds * 1e6) / 1e3,
    request: id,
    ...(verdict === null ? {} : { verdict }),
    ...(error === null ? {} : { error }),
    ...(trace === undefined ? {} : { trace }),
  });
}

/**
 * HTTP's semantic conventions (https://opentelemetry.io/docs/specs/semconv/http/http-spans/), but for `url.path` and `url.query`: a path holds a
 * `sid`, and a query whatever somebody put there.
 */
function describe(span: RequestSpan, { method, status, note }: Answered): void {
  const known = method === OTHER_METHOD ? "HTTP" : method;
  const attributes: Attributes = {
    "http.request.method": method,
    "http.response.status_code": status,
    ...(note.route === null ? {} : { "http.route": note.route }),
    ...(note.verdict === null ? {} : { "coatcheck.verdict": note.verdict }),
  };
  span.update(note.route === null ? known : `${known} ${note.route}`, attributes);
  if (status >= 500) span.fail(note.error ?? String(status));
}
