import type { MaybePromise } from "../core/maybe.ts";

/** What a span may say: bounded names and numbers, never a path, a query, an address of a person or a credential. */
export type Attributes = Readonly<Record<string, string | number>>;

/** The span of one request, while it runs. */
export interface RequestSpan {
  /** The name once the route is known, and what else is known by then. */
  update(name: string, attributes: Attributes): void;
  /** The request failed through a fault of ours. */
  fail(code: string): void;
}

/** The caller's place in a trace (W3C Trace Context §3.2). */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly flags: number;
}

/** Spans, for whoever has set up a tracer. */
export interface Tracer {
  /** Runs `work` in a server span: a child of the span that is active, else of the caller's. It ends when `work` does. */
  request<T>(parent: TraceParent | null, work: (span: RequestSpan) => Promise<T>): Promise<T>;
  /** Runs `work` in a span below the active one. Without an active span that is recorded, nothing but `work` happens. */
  within<T>(name: string, attributes: Attributes, work: () => MaybePromise<T>): MaybePromise<T>;
}

/** Version 00 and whatever later ones add to it; all zeros are invalid (W3C Trace Context §3.2.2). */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** @returns null for a header that is missing or no `traceparent`. */
export function parseTraceParent(header: string | null): TraceParent | null {
  const found = header === null || header.length > 256 ? null : TRACEPARENT.exec(header);
  if (found === null || (found[1] === "00" && found[5] !== undefined)) return null;
  const [, , traceId, spanId, flags] = found;
  return { traceId: traceId as string, spanId: spanId as string, flags: Number.parseInt(flags as string, 16) };
}
