import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { coatcheck, postgres } from "../packages/coatcheck/src/index.ts";
import type { Auth } from "../packages/coatcheck/src/index.ts";

// A node of its own, told what to do by the process that started it: see many.ts.

export interface Start {
  readonly address: string;
  readonly secret: string;
  /** `check`: from memory, under a lease. `look-up`: asks the database for the session at each request. */
  readonly way: "check" | "look-up";
}

export type Order =
  | { readonly watch: readonly string[] }
  /** Which cookie it has to know before it is asked. */
  | { readonly know: string }
  | { readonly count: true };

export type Word =
  | { readonly port: number }
  /** This session was closed here, at this time. */
  | { readonly closed: string; readonly at: number }
  | { readonly done: true }
  /** Reads of the store, and CPU time in µs, since it started. */
  | { readonly reads: number; readonly cpu: number };

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const say = (word: Word): void => void process.send?.(word);

/** Comparable between processes of one machine: both parts come from its clocks. */
const now = (): number => performance.timeOrigin + performance.now();

async function run({ address, secret, way }: Start): Promise<void> {
  const store = postgres(address);
  const users = { get: (id: string) => ({ id, roles: ["member"], disabled: false }) };
  const auth = await coatcheck({ issuer: "https://id.example.com", store, secret, users, accessTtl: "1h", log: quiet });
  const sidOf = new Map<string, string>();
  const server = createServer((request, response) => {
    const answer = (isIn: boolean): void => {
      const body = isIn ? '{"userId":"42"}' : '{"userId":null}';
      response.writeHead(isIn ? 200 : 401, { "content-type": "application/json", "content-length": body.length }).end(body);
    };
    if (way === "check") {
      const verdict = auth.check({ cookie: request.headers.cookie });
      if ("then" in verdict) void verdict.then((it) => answer(it.ok));
      else answer(verdict.ok);
    } else {
      // What a server with sessions in a database does at least: one row by its key.
      void auth.session(sidOf.get(request.headers.cookie ?? "") ?? "").then((session) => answer(session !== null));
    }
  });
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening));
  process.on("message", (order: Order) => void obey(auth, sidOf, order));
  process.once("disconnect", () => process.exit());
  say({ port: (server.address() as AddressInfo).port });
}

async function obey(auth: Auth, sidOf: Map<string, string>, order: Order): Promise<void> {
  if ("watch" in order) {
    for (const sid of order.watch) auth.onEnded(sid, () => say({ closed: sid, at: now() }));
    // Each is watched when its row has been read; they are read in this order.
    for (const sid of order.watch) await auth.session(sid);
    say({ done: true });
  } else if ("know" in order) {
    const verdict = await auth.check({ cookie: order.know });
    if (!verdict.ok || verdict.principal.kind !== "user") throw new Error("refuses who must be let in");
    sidOf.set(order.know, verdict.principal.sid);
    say({ done: true });
  } else {
    const { user, system } = process.cpuUsage();
    say({ reads: readsOf(auth.metrics()), cpu: user + system });
  }
}

function readsOf(metrics: string): number {
  const lines = metrics.split("\n").filter((line) => /^coatcheck_store_operations_total\{.*kind="read"/.test(line));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

process.once("message", (start: Start) => void run(start));
