import * as v from "valibot";
import { CoatcheckError } from "../../core/errors.ts";
import { METRICS_TYPE } from "../../observe/metrics.ts";
import type { Metrics } from "../../observe/metrics.ts";
import { ok } from "../answer.ts";
import type { Call, Peer } from "../call.ts";
import type { Engine } from "../engine.ts";
import { respond } from "../headers.ts";
import { problem } from "../problem.ts";
import { anybody } from "../route.ts";
import { readTarget } from "../target.ts";

/** There with `--metrics-token` alone, which whoever reads them shows as a bearer token. */
export const metricsRoute = anybody({
  group: "operations",
  method: "GET",
  path: "/metrics",
  id: "getMetrics",
  tag: "Operations",
  summary: "Metrics, as Prometheus reads them",
  description: "There with `--metrics-token` alone; whoever reads them shows it as a bearer token.",
  credentials: ["metrics"],
  answers: { 200: { description: "The text format of Prometheus, version 0.0.4.", body: v.string(), type: METRICS_TYPE } },
  refusals: ["unauthenticated", "invalid_token"],
  answer: (call) => {
    requireMetricsToken(call);
    return metricsAnswer(call.site.engine.metrics);
  },
});

/** What answers on the port of the metrics: them, and nothing else. Whoever reaches it may read. */
export function createMetricsSite({ metrics, settings }: Engine): (request: Request, peer: Peer) => Promise<Response> {
  const policy = { https: false, origins: new Set<string>() };
  return async (request, peer) => {
    const { path, isCanonical } = readTarget(request, peer);
    if (!isCanonical || path !== "/metrics") return respond(problem(new CoatcheckError("not_found"), settings.issuer), request, policy);
    if (request.method === "GET" || request.method === "HEAD") return respond(metricsAnswer(metrics), request, policy);
    const refusal = problem(new CoatcheckError("method_not_allowed"), settings.issuer);
    return respond({ ...refusal, headers: { Allow: "GET, HEAD" } }, request, policy);
  };
}

function metricsAnswer(metrics: Metrics): { readonly status: 200; readonly body: string; readonly type: string } {
  return { ...ok(metrics.render()), type: METRICS_TYPE };
}

/** @throws {unauthenticated} @throws {invalid_token} */
function requireMetricsToken({ site, located }: Call): void {
  if (located.carrier === null || located.ambient)
    throw new CoatcheckError("unauthenticated", { detail: "Send the metrics token as a bearer token." });
  if (site.engine.opensMetrics?.(located.credential) !== true)
    throw new CoatcheckError("invalid_token", { detail: "This is not the metrics token." });
}
