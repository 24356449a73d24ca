import { STATUS_CODES } from "node:http";
import { CoatcheckError } from "../core/errors.ts";
import { problem } from "../http/problem.ts";

/** A whole answer, as text. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What Node's parser and timeouts complain of, and how HTTP says it (RFC 6585 §5, RFC 9110 §15.5.9); all else is 400. */
const COMPLAINTS: Readonly<Record<string, { readonly status: number; readonly detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: "The headers are too large." },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: "The request took too long to arrive." },
};
const UNREADABLE = { status: 400, detail: "This is no HTTP request." };

/** The answer to what never became a Request: in the form of every other error, and the connection closes. */
export function refusal(error: CoatcheckError, issuer: string): Refusal {
  const { status, headers, body } = problem(error, issuer);
  return withHeaders(status, headers, JSON.stringify(body));
}

/** The answer to bytes that are no request at all. @param code Node's name for what is wrong with them. */
export function refusalOfBytes(code: string | undefined, issuer: string): Refusal {
  const { status, detail } = COMPLAINTS[code ?? ""] ?? UNREADABLE;
  const { body } = problem(new CoatcheckError("bad_request", { detail }), issuer);
  return withHeaders(status, {}, JSON.stringify({ ...(body as object), status }));
}

function withHeaders(status: number, headers: Readonly<Record<string, string>> | undefined, body: string): Refusal {
  return {
    status,
    headers: {
      ...headers,
      "Content-Type": "application/problem+json",
      "Content-Length": String(Buffer.byteLength(body)),
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      Connection: "close",
    },
    body,
  };
}

/** The answer as it goes over the wire (RFC 9112 §2.1). */
export function onTheWire({ status, headers, body }: Refusal): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, "", body].join("\r\n");
}
