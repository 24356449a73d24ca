/** What a route says, before it becomes a Response with the headers that every answer has. */
export interface Answer {
  readonly status: number;
  /** Written as JSON unless it is text already; an answer without it has no body. */
  readonly body?: unknown;
  /** In place of a body: one that goes on. */
  readonly stream?: ReadableStream<Uint8Array>;
  /** The body's type; `application/json` unless set. */
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The one `Set-Cookie`: never two of one name in a response (RFC 6265bis §4.1.1). */
  readonly cookie?: string;
  /** For documents that anybody may read and keep: how long, in seconds. Everything else is `no-store`. */
  readonly publicFor?: number;
}

export const NO_CONTENT = { status: 204 } as const;

export function ok<const T>(body: T): { readonly status: 200; readonly body: T } {
  return { status: 200, body };
}
