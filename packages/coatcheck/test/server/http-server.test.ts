import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Log } from "../../src/core/ports.ts";
import { createHttpServer } from "../../src/server/http-server.ts";
import type { Connection, HttpServer, Site } from "../../src/server/http-server.ts";
import { onTheWire, refusalOfBytes } from "../../src/server/refusals.ts";
import { StartError } from "../../src/server/start-error.ts";
import { fakeClock } from "../../src/testing/clock.ts";
import type { FakeClock } from "../../src/testing/clock.ts";
import { SILENT } from "../support/engine.ts";
import { RawConnection, statuses } from "./raw.ts";

interface Seen {
  readonly request: Request;
  readonly from: Connection;
}

let clock: FakeClock;
let logged: { level: string; event: string; fields: unknown }[];
let http: HttpServer;
let port: number;
let seen: Seen[];
let onSeen: () => void;
let connections: RawConnection[];

beforeEach(async () => {
  clock = fakeClock();
  logged = [];
  seen = [];
  onSeen = () => undefined;
  connections = [];
  const to = (level: string) => (event: string, fields?: unknown) => void logged.push({ level, event, fields });
  const log: Log = { info: to("info"), warn: to("warn"), error: to("error") };
  http = createHttpServer({ clock, log });
  port = await http.listen(0, "127.0.0.1");
});

afterEach(async () => {
  for (const connection of connections) connection.close();
  await http.stop();
});

function answer(fetch: Site["fetch"] = async () => new Response("hello"), issuer = "https://login.example.com"): void {
  http.answer({
    issuer,
    fetch: (request, from) => {
      seen.push({ request, from });
      onSeen();
      return fetch(request, from);
    },
  });
}

/** Resolves when so many requests have come in. */
function requests(count: number): Promise<void> {
  return new Promise((resolve) => {
    onSeen = () => void (seen.length >= count && resolve());
    onSeen();
  });
}

function raw(): RawConnection {
  const connection = new RawConnection(port);
  connections.push(connection);
  return connection;
}

const exchange = (text: string): Promise<string> => raw().send(text).toEnd();
const get = (target: string, headers = "Host: x"): string => `GET ${target} HTTP/1.1\r\n${headers}\r\nConnection: close\r\n\r\n`;
const stillServes = async (): Promise<void> => expect(statuses(await exchange(get("/")))).toEqual([200]);

describe("the address of a request is the issuer's, whatever it says itself", () => {
  test.each([
    ["Host: evil.example", "/auth/me?x=1", "https://login.example.com/auth/me?x=1"],
    ["Host: login.example.com:8443", "/", "https://login.example.com/"],
    ["Host: x", "http://evil.example/auth/me", "https://login.example.com/auth/me"],
    ["Host: x", "https://user@evil.example:1/auth/me?x=1", "https://login.example.com/auth/me?x=1"],
    ["Host: x", "http://evil.example", "https://login.example.com/"],
    ["Host: x", "http://evil.example?x=1", "https://login.example.com/?x=1"],
    ["Host: x", "//evil.example/auth/me", "https://login.example.com//evil.example/auth/me"],
    ["Host: x\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: http", "/", "https://login.example.com/"],
    ["Host:", "/", "https://login.example.com/"],
  ])("%s, %s", async (headers, target, url) => {
    answer();
    expect(statuses(await exchange(get(target, headers)))).toEqual([200]);
    expect(seen.map(({ request }) => request.url)).toEqual([url]);
  });

  test("with it go the peer's address and the target as it was spelt", async () => {
    answer();
    await exchange(get("/a/../b/%2e/c"));
    expect(seen[0]?.request.url).toBe("https://login.example.com/b/c");
    expect(seen[0]?.from).toEqual({ address: "127.0.0.1", target: "https://login.example.com/a/../b/%2e/c" });
  });
});

describe("what is no sound request is 400, and the server lives", () => {
  test.each([
    ["no request line", "hello\r\n\r\n"],
    ["a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
    ["an unknown version", "GET / HTTP/9.9\r\nHost: x\r\n\r\n"],
    ["no Host", "GET / HTTP/1.1\r\n\r\n"],
    ["two Hosts", get("/", "Host: login.example.com\r\nHost: evil.example")],
    ["two equal Hosts", get("/", "Host: x\r\nhOST: x")],
    ["a Host with a space", get("/", "Host: x y")],
    ["a Host with a path", get("/", "Host: x/y")],
    ["a Host with a user", get("/", "Host: a@b")],
    ["a header without a name", get("/", "Host: x\r\n: y")],
    ["a space before the colon", get("/", "Host: x\r\nTransfer-Encoding : chunked")],
    ["a folded header", get("/", "Host: x\r\nX-A: b\r\n c")],
    ["a bare line feed in a header", get("/", "Host: x\nX-A: b")],
    ["a NUL in a header", get("/", "Host: x\r\nX-A: b\0c")],
    ["length and chunks", `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["two lengths", `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`],
    ["a length that is none", `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd`],
    ["a target that is no path", get("auth/me")],
    ["another scheme", get("ftp://x/auth/me")],
    ["the asterisk", `OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`],
    ["a backslash in the path", get("/auth\\me")],
  ])("%s", async (_, bytes) => {
    answer();
    const heard = await exchange(bytes);
    expect(statuses(heard)).toEqual([400]);
    expect(seen).toEqual([]);
    await stillServes();
    expect(logged).toEqual([]);
  });

  test("in the form of every other error", async () => {
    answer();
    for (const bytes of ["hello\r\n\r\n", get("/", "Host: a\r\nHost: b"), get("/auth\\me")]) {
      const [head = "", body = ""] = (await exchange(bytes)).split("\r\n\r\n");
      expect(head).toMatch(/^content-type: application\/problem\+json$/im);
      expect(head).toMatch(/^connection: close$/im);
      expect(head).not.toMatch(/^(server|x-powered-by):/im);
      expect(JSON.parse(body)).toMatchObject({ status: 400, code: "bad_request", type: "https://login.example.com/errors#bad_request" });
    }
  });

  test("headers over 16 kB are 431", async () => {
    answer();
    expect(statuses(await exchange(get("/", `Host: x\r\nCookie: ${"a".repeat(20_000)}`)))).toEqual([431]);
    expect(statuses(await exchange(get(`/${"a".repeat(20_000)}`)))).toEqual([431]);
    expect(seen).toEqual([]);
    await stillServes();
  });

  test("headers just under it are served", async () => {
    answer();
    expect(statuses(await exchange(get("/", `Host: x\r\nCookie: ${"a".repeat(15_000)}`)))).toEqual([200]);
  });

  test("whoever sends on is heard to the end of it, so that the refusal is not lost, but does not stay", async () => {
    answer();
    const connection = raw();
    await connection.sendAll(get("/", `Host: x\r\nCookie: ${"a".repeat(8_000_000)}`));
    expect(statuses(await connection.until((heard) => heard.includes("}")))).toEqual([431]);
    clock.advance(1_000);
    await http.stop(); // waits for every connection that is open
  });

  test("too slow is 408", () => {
    expect(onTheWire(refusalOfBytes("ERR_HTTP_REQUEST_TIMEOUT", "https://x.example"))).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  });
});

test("CONNECT is not served", async () => {
  answer();
  expect(await exchange("CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n")).not.toContain(" 200 ");
  expect(seen).toEqual([]);
  await stillServes();
});

describe("several requests on one connection", () => {
  test("sent at once are answered one by one, in their order", async () => {
    answer(async (request) => new Response(new URL(request.url).pathname));
    const one = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    const heard = await exchange(one("/first") + one("/second") + get("/third"));
    expect(statuses(heard)).toEqual([200, 200, 200]);
    expect(heard.match(/\/(first|second|third)/g)).toEqual(["/first", "/second", "/third"]);
  });

  test("garbage behind a request whose answer has begun closes, and never mixes into that answer", async () => {
    answer(async () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("half")) })));
    const connection = raw().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await connection.until((heard) => heard.includes("half"));
    connection.send("garbage\r\n\r\n");
    expect(statuses(await connection.toEnd())).toEqual([200]);
    answer();
    await stillServes();
  });
});

test("a client that goes away in the middle of its body is no error of ours", async () => {
  const broken = Promise.withResolvers<unknown>();
  answer(async (request) => {
    if (request.method === "GET") return new Response("hello");
    await request.text().catch((error: unknown) => broken.resolve(error));
    return new Response(null, { status: 400 });
  });
  const connection = raw().send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
  await requests(1);
  connection.close();
  expect(await broken.promise).toBeInstanceOf(Error);
  await stillServes();
  expect(logged).toEqual([]);
});

test("a mistake of ours is 500, says nothing and is logged", async () => {
  answer(async () => {
    throw new Error("the password is hunter2");
  });
  const heard = await exchange(get("/"));
  expect(statuses(heard)).toEqual([500]);
  expect(heard).not.toMatch(/hunter2|at .*\.ts/);
  expect(heard).toContain(`"code":"internal"`);
  expect(logged).toEqual([{ level: "error", event: "internal_error", fields: { cause: new Error("the password is hunter2") } }]);
});

test("until the store is open every request is told to wait", async () => {
  const heard = await exchange(get("/auth/me"));
  expect(statuses(heard)).toEqual([503]);
  expect(heard).toMatch(/^retry-after: 1$/im);
  expect(heard).toContain(`"code":"store_unavailable"`);
});

describe("stopping", () => {
  const refused = (): Promise<string> =>
    new Promise((resolve) => {
      connect(port, "127.0.0.1")
        .on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""))
        .on("connect", () => resolve("connected"));
    });

  test("ends what is in flight, closes what is idle, takes nothing new", async () => {
    const gate = Promise.withResolvers<Response>();
    answer(async (request) => (request.url.endsWith("/slow") ? gate.promise : new Response("hello")));
    const idle = raw().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await idle.until((heard) => heard.includes("hello"));
    const busy = raw().send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    await requests(2);

    const stopped = http.stop();
    await idle.toEnd();
    expect(await refused()).toBe("ECONNREFUSED");
    gate.resolve(new Response("done"));
    const heard = await busy.toEnd();
    expect(heard).toContain("done");
    expect(heard).toMatch(/^connection: close$/im);
    await stopped;
  });

  test("lets an answer that has begun run to its end, and then closes its connection", async () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    answer(async () => new Response(new ReadableStream<Uint8Array>({ start: (its) => void (controller = its) })));
    const busy = raw().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await busy.until((heard) => heard.includes("\r\n\r\n"));
    const stopped = http.stop();
    controller?.enqueue(new TextEncoder().encode("the end"));
    controller?.close();
    expect(await busy.toEnd()).toContain("the end");
    await stopped;
  });

  test("waits for nobody who has connected and asked nothing", async () => {
    answer();
    const silent = raw();
    await once(silent.socket, "connect");
    await stillServes(); // it was taken before this one
    await http.stop();
    expect(await silent.toEnd()).toBe("");
  });

  test("nor for whoever has left a stream", async () => {
    const left = Promise.withResolvers<void>();
    const stream = {
      start: (its: ReadableStreamDefaultController) => its.enqueue(new TextEncoder().encode("first")),
      cancel: () => left.resolve(),
    };
    answer(async () => new Response(new ReadableStream<Uint8Array>(stream)));
    const reader = raw().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await reader.until((heard) => heard.includes("first"));
    reader.close();
    await left.promise;
    await expect(http.stop()).resolves.toBeUndefined();
  });

  test("cuts off what does not end in time", async () => {
    answer(() => new Promise<Response>(() => undefined));
    const stuck = raw().send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await requests(1);
    const stopped = http.stop();
    clock.advance(9_999);
    expect(stuck.socket.closed).toBe(false);
    clock.advance(1);
    await stopped;
    expect(await stuck.toEnd()).toBe("");
  });
});

describe("a port that can't be had is one line with the mend", () => {
  const failure = async (at: number, host: string): Promise<unknown> => {
    const other = createHttpServer({ clock, log: SILENT });
    return other.listen(at, host).then(
      () => other.stop(),
      (error: unknown) => error,
    );
  };

  test("taken", async () => {
    expect(await failure(port, "127.0.0.1")).toEqual(
      new StartError(`port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with --port`),
    );
  });

  test("not this machine's address", async () => {
    expect(await failure(0, "192.0.2.1")).toEqual(new StartError("192.0.2.1 is no address of this machine: choose another with --host"));
  });
});
