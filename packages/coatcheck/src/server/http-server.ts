import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener, RequestError } from "@hono/node-server";
import { CoatcheckError } from "../core/errors.ts";
import type { Clock, Log } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import { onTheWire, refusal, refusalOfBytes } from "./refusals.ts";
import { StartError } from "./start-error.ts";
import { targetOf } from "./target.ts";

/** Who is at the other end, and the request target as it stood on the wire. */
export interface Connection {
  readonly address: string;
  readonly target: string;
}

/** What is answered, once the store is open. */
export interface Site {
  /** The public address: what a request says of scheme and host is never believed. */
  readonly issuer: string;
  fetch(request: Request, from: Connection): Promise<Response>;
}

export interface HttpServer {
  /**
   * Takes the port; until {@link HttpServer.answer} every request gets 503.
   * @param flag what sets the port, for the message that it can't be had. Default: `--port`.
   * @returns the port, which for 0 the system chose.
   * @throws StartError
   */
  listen(port: number, host: string, flag?: PortFlag): Promise<number>;
  answer(site: Site): void;
  /** Takes no more connections, lets what is in flight end, cuts off what has not ended after 10 s, and resolves when all is closed. */
  stop(): Promise<void>;
}

/** What a client may cost. A request that is too slow or too large ends with 408 or 431. */
const LIMITS = {
  maxHeaderSize: 16 * 1_024,
  headersTimeout: duration("10s"),
  requestTimeout: duration("30s"),
  // Longer than the minute that most proxies keep an idle connection, so that it is they who close it and never a request in between.
  keepAliveTimeout: duration("65s"),
  connectionsCheckingInterval: duration("5s"),
} as const;
/** A connection too many is closed unheard. */
const MAX_CONNECTIONS = 10_000;
const STOP_WITHIN = duration("10s");
/** How long a refused client has to read why. */
const LINGER = duration("1s");

export function createHttpServer({ clock, log }: { readonly clock: Clock; readonly log: Log }): HttpServer {
  const open = new Set<Socket>();
  const inFlight = new Map<ServerResponse, Socket>();
  let issuer = "";
  let handle: RequestListener = (_, outgoing) =>
    refuse(outgoing, new CoatcheckError("store_unavailable", { detail: "The server is starting." }), issuer);
  let stopping = false;

  const server = createServer(LIMITS, (incoming, outgoing) => {
    inFlight.set(outgoing, incoming.socket);
    outgoing.once("close", () => inFlight.delete(outgoing));
    if (stopping) outgoing.setHeader("Connection", "close");
    handle(incoming, outgoing);
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  server.on("drop", () => log.warn("connection_dropped", { open: MAX_CONNECTIONS }));
  server.on("clientError", refuseBytes);

  /** A client that is gone needs no answer, and half an answer is never followed by another. */
  function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
    if (socket.writableEnded) return; // refused already: these are the rest of its bytes
    const isHalfAnswered = [...inFlight].some(([outgoing, its]) => its === socket && outgoing.headersSent);
    if (!socket.writable || isHalfAnswered) return void socket.destroy();
    socket.end(onTheWire(refusalOfBytes(error.code, issuer)));
    const stopWaiting = clock.every(LINGER, () => socket.destroy());
    socket.once("close", stopWaiting);
  }

  async function stop(): Promise<void> {
    stopping = true;
    const closed = once(server, "close");
    server.close();
    for (const [outgoing, socket] of inFlight) {
      if (outgoing.headersSent) outgoing.once("close", () => socket.destroySoon());
      else outgoing.setHeader("Connection", "close");
    }
    // Node takes who has connected and asked nothing (a browser in advance, a client that gave up meanwhile) for one in the middle of a request.
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
    const stopWaiting = clock.every(STOP_WITHIN, () => server.closeAllConnections());
    await closed;
    stopWaiting();
  }

  return {
    listen: (port, host, flag = "--port") => listen(server, { port, host, flag }, log),
    answer: (site) => ([issuer, handle] = [site.issuer, listenerFor(site, log)]),
    stop,
  };
}

function listenerFor(site: Site, log: Log): RequestListener {
  const { issuer } = site;
  const { origin } = new URL(issuer);
  const toFetch = getRequestListener((request, { incoming }) => site.fetch(request, connectionOf(incoming as IncomingMessage)), {
    errorHandler: (error) => lastResort(error, issuer, log),
  });
  return (incoming, outgoing) => {
    const target = targetOf(incoming);
    if (target === null) return refuse(outgoing, new CoatcheckError("bad_request"), issuer);
    // An absolute target goes before any Host (RFC 9112 §3.2.2), so the Request's URL is the issuer's, whatever the client sent as either.
    incoming.url = origin + target;
    void toFetch(incoming, outgoing);
  };
}

function connectionOf({ socket, url = "" }: IncomingMessage): Connection {
  return { address: socket.remoteAddress ?? "", target: url };
}

/** Routes and pages answer their own errors: what comes here is a target that no URL can be made of, or a mistake of ours. */
function lastResort(error: unknown, issuer: string, log: Log): Response {
  const unreadable = error instanceof RequestError;
  if (!unreadable) log.error("internal_error", { cause: error });
  const { body, ...init } = refusal(new CoatcheckError(unreadable ? "bad_request" : "internal"), issuer);
  return new Response(body, init);
}

function refuse(outgoing: ServerResponse, error: CoatcheckError, issuer: string): void {
  const { status, headers, body } = refusal(error, issuer);
  outgoing.writeHead(status, headers).end(body);
}

type PortFlag = "--port" | "--metrics-port";

interface Place {
  readonly port: number;
  readonly host: string;
  readonly flag: PortFlag;
}

/** Why a port can't be listened on, and what to do about it. */
const LISTEN_ERRORS: Readonly<Record<string, (at: Place) => string>> = {
  EADDRINUSE: ({ port, host, flag }) => `port ${port} on ${host} is taken: stop what listens there, or choose another with ${flag}`,
  EACCES: ({ port, flag }) => `port ${port} may not be taken by this user: choose one above 1023 with ${flag}`,
  EADDRNOTAVAIL: ({ host }) => `${host} is no address of this machine: choose another with --host`,
  ENOTFOUND: ({ host }) => `${host} is no address of this machine: choose another with --host`,
};

async function listen(server: Server, at: Place, log: Log): Promise<number> {
  const { port, host, flag } = at;
  try {
    await once(server.listen(port, host), "listening");
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    const say =
      LISTEN_ERRORS[code] ?? (() => `port ${port} on ${host} can't be listened on (${code}): choose another with ${flag} or --host`);
    throw new StartError(say(at), { cause: error });
  }
  // From here on an error is of one connection that could not be accepted, for want of file descriptors as a rule: the server lives on.
  server.on("error", (error) => log.error("connection_not_accepted", { cause: error }));
  return (server.address() as AddressInfo).port;
}
