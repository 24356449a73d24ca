import { once } from "node:events";
import { request as requestInPlain } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { Agent, request } from "node:https";
import type { RequestOptions } from "node:https";
import type { Nginx } from "./nginx.ts";

// A client of login.example.com, which is at a port of this machine, with a certificate that nobody signed.

const NAME = "login.example.com";
const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, servername: NAME });

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly json: Readonly<Record<string, unknown>>;
}

async function open({ https }: Nginx, path: string, { method = "GET", headers = {}, body }: Asked): Promise<IncomingMessage> {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  const options: RequestOptions = { agent, method, host: "127.0.0.1", port: https, path, headers: { host: NAME, ...json, ...headers } };
  const asked = request(options);
  const answered = once(asked, "response") as Promise<[IncomingMessage]>;
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  return (await answered)[0];
}

export async function ask(nginx: Nginx, path: string, asked: Asked = {}): Promise<Answer> {
  const incoming = await open(nginx, path, asked);
  let text = "";
  for await (const chunk of incoming.setEncoding("utf8")) text += String(chunk);
  const isJson = incoming.headers["content-type"]?.includes("json") === true;
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, json: isJson ? (JSON.parse(text) as Answer["json"]) : {} };
}

export interface EventStream {
  /** The entries of the next event that has any. @throws when the stream has ended. */
  news(): Promise<readonly { readonly kind: string; readonly key: string }[]>;
  close(): void;
}

export async function openStream(nginx: Nginx, path: string, headers: Readonly<Record<string, string>>): Promise<EventStream> {
  const incoming = await open(nginx, path, { headers: { accept: "text/event-stream", ...headers } });
  if (incoming.statusCode !== 200) throw new Error(`the stream is answered ${incoming.statusCode}`);
  const chunks = incoming.setEncoding("utf8")[Symbol.asyncIterator]();
  let text = "";
  return {
    async news() {
      for (;;) {
        const end = text.indexOf("\n\n");
        const data = /^data: (.*)$/m.exec(text.slice(0, Math.max(0, end)))?.[1] ?? `{"entries":[]}`;
        text = end === -1 ? text : text.slice(end + 2);
        const { entries } = JSON.parse(data) as { entries: { kind: string; key: string }[] };
        if (entries.length > 0) return entries;
        if (end !== -1) continue;
        const { done, value } = await chunks.next();
        if (done === true) throw new Error("the stream has ended");
        text += String(value);
      }
    },
    close: () => incoming.destroy(),
  };
}

/** What a GET comes to without TLS. */
export async function askInPlain({ http }: Nginx, path: string): Promise<Pick<Answer, "status" | "headers">> {
  const asked = requestInPlain({ host: "127.0.0.1", port: http, path, headers: { host: NAME } }).end();
  const [incoming] = (await once(asked, "response")) as [IncomingMessage];
  incoming.resume();
  return { status: incoming.statusCode ?? 0, headers: incoming.headers };
}

/** The status of a GET over HTTP/2. */
export async function askHttp2({ https }: Nginx, path: string): Promise<number> {
  const session = connect(`https://127.0.0.1:${https}`, { rejectUnauthorized: false, servername: NAME });
  try {
    const stream = session.request({ ":path": path, ":authority": NAME });
    const [headers] = (await once(stream, "response")) as [{ readonly ":status": number }];
    stream.resume();
    await once(stream, "end");
    return headers[":status"];
  } finally {
    session.destroy();
  }
}
