import type * as OpenTelemetry from "@opentelemetry/api";
import { isPromise } from "../core/maybe.ts";
import type { Tracer, TraceParent } from "./tracer.ts";
import { VERSION } from "./version.ts";

type Api = typeof OpenTelemetry;
type Span = OpenTelemetry.Span;

/** Spans through the application's own OpenTelemetry, whose SDK decides what becomes of them. @returns null where the package is not installed. */
export async function openTelemetry(): Promise<Tracer | null> {
  try {
    return tracerOn(await import("@opentelemetry/api"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return null;
    throw error;
  }
}

function tracerOn(api: Api): Tracer {
  const { trace, context, SpanKind } = api;
  // Asked for anew each time: the application may set up its SDK after us, and replace it.
  const tracer = (): OpenTelemetry.Tracer => trace.getTracer("coatcheck", VERSION);
  return {
    request: async (parent, work) => {
      const active = context.active();
      // Under an application that traces its own requests, ours is a part of its.
      const inside = parent === null || trace.getSpan(active) !== undefined ? active : trace.setSpanContext(active, contextOf(parent));
      const span = tracer().startSpan("request", { kind: SpanKind.SERVER }, inside);
      try {
        return await context.with(trace.setSpan(inside, span), () =>
          work({
            update: (name, attributes) => void span.updateName(name).setAttributes(attributes),
            fail: (code) => fail(api, span, code),
          }),
        );
      } finally {
        span.end();
      }
    },
    within: (name, attributes, work) => {
      const active = context.active();
      if (trace.getSpan(active)?.isRecording() !== true) return work();
      const span = tracer().startSpan(name, { attributes }, active);
      const ended = <T>(result: T): T => {
        span.end();
        return result;
      };
      const failed = (error: unknown): never => {
        fail(api, span, codeOf(error));
        span.end();
        throw error;
      };
      let result;
      try {
        result = context.with(trace.setSpan(active, span), work);
      } catch (error) {
        return failed(error);
      }
      return isPromise(result) ? result.then(ended, failed) : ended(result);
    },
  };
}

function contextOf({ traceId, spanId, flags }: TraceParent): OpenTelemetry.SpanContext {
  return { traceId, spanId, traceFlags: flags, isRemote: true };
}

/** The code alone: a message may say more than whoever reads traces should know. */
function fail({ SpanStatusCode }: Api, span: Span, code: string): void {
  span.setAttribute("error.type", code).setStatus({ code: SpanStatusCode.ERROR });
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "_OTHER";
}
