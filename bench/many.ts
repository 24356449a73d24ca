import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { fileURLToPath } from "node:url";
import { coatcheck, postgres } from "../packages/coatcheck/src/index.ts";
import type { Auth } from "../packages/coatcheck/src/index.ts";
import { PROGRAMS, startPostgres } from "../packages/coatcheck/test/support/postgres.ts";
import { openLoader } from "./loader.ts";
import type { Loader } from "./loader.ts";
import { figure, quantile } from "./measure.ts";
import type { Order, Start, Word } from "./node.ts";
import { atLeast, atMost, told } from "./report.ts";
import type { Extent, Row } from "./report.ts";
import { enterByCookie } from "./world.ts";

const NODES = 10;
const NODE = fileURLToPath(new URL("node.ts", import.meta.url));
const quiet = { info: () => {}, warn: () => {}, error: () => {} };

/** Many nodes on one PostgreSQL: how fast an end travels, and what a checked request costs the store. */
export async function many(extent: Extent): Promise<readonly Row[]> {
  if (PROGRAMS === null) throw new Error("there is no PostgreSQL on this machine: apt-get install postgresql");
  const server = await startPostgres({ settings: { fsync: "on" } });
  try {
    return [...(await travelling(await server.database(), extent)), ...(await answering(await server.database(), extent))];
  } finally {
    await server.remove();
  }
}

interface Node {
  readonly port: number;
  readonly child: ChildProcess;
  ask(order: Order): Promise<Word>;
}

async function startNode(start: Start): Promise<Node> {
  const child = fork(NODE, [], { execArgv: [] });
  child.send(start);
  const [word] = (await once(child, "message")) as [{ readonly port: number }];
  const ask = async (order: Order): Promise<Word> => {
    const answer = new Promise<Word>((answered) => {
      const hear = (heard: Word): void => {
        if ("closed" in heard) return;
        child.off("message", hear);
        answered(heard);
      };
      child.on("message", hear);
    });
    child.send(order);
    return await answer;
  };
  return { port: word.port, child, ask };
}

async function open(address: string, secret: string): Promise<Auth> {
  const users = { get: (id: string) => ({ id, roles: ["member"], disabled: false }) };
  const auth = await coatcheck({ issuer: "https://id.example.com", store: postgres(address), secret, users, accessTtl: "1h", log: quiet });
  return auth;
}

const now = (): number => performance.timeOrigin + performance.now();

/** From the acknowledgement of an end to the last of the nodes, while others are logged in and out all the time. */
async function travelling(address: string, { less }: Extent): Promise<readonly Row[]> {
  const secret = randomBytes(32).toString("base64url");
  const auth = await open(address, secret);
  const nodes = await Promise.all(Array.from({ length: NODES }, () => startNode({ address, secret, way: "check" })));
  const ends = Math.ceil(200 / less);
  const sids: string[] = [];
  for (let nth = 0; nth < ends; nth++) sids.push((await auth.start({ userId: `u${nth}`, amr: ["pwd"], carrier: "cookie" })).session.sid);
  const closedAt = new Map<string, number[]>(sids.map((sid) => [sid, []]));
  const heard = new EventEmitter();
  const hear = (word: Word): void => {
    if (!("closed" in word)) return;
    closedAt.get(word.closed)?.push(word.at);
    heard.emit(word.closed);
  };
  for (const { child } of nodes) child.on("message", hear);
  for (const node of nodes) await node.ask({ watch: sids });

  const over = new AbortController();
  const others = (async () => {
    for (let nth = 0; !over.signal.aborted; nth++) {
      const { session } = await auth.start({ userId: `other${nth}`, amr: ["pwd"], carrier: "token" });
      await auth.end({ sid: session.sid });
    }
  })();
  // A node that has just started waits for whatever lease it may not know of.
  await new Promise((go) => setTimeout(go, 6_000));
  const [last, waits]: [number[], number[]] = [[], []];
  for (const sid of sids) {
    await auth.end({ sid });
    const ended = now();
    while ((closedAt.get(sid)?.length ?? 0) < NODES) await once(heard, sid);
    last.push(Math.max(0, ...(closedAt.get(sid) ?? []).map((at) => at - ended)));
  }
  for (let nth = 0; nth < ends; nth++) {
    const { session } = await auth.start({ userId: `w${nth}`, amr: ["pwd"], carrier: "cookie" });
    const began = now();
    await auth.end({ sid: session.sid }, { wait: true });
    waits.push(now() - began);
  }
  over.abort();
  await others;
  for (const { child } of nodes) child.disconnect();
  await auth.close();
  return [
    atMost(`an end on ${NODES} nodes, from its acknowledgement to the last of them: p50`, quantile(last, 0.5), 10, " ms"),
    atMost("… p99", quantile(last, 0.99), 100, " ms"),
    atMost("an end that waits until nobody can accept it any more: p99", quantile(waits, 0.99), 150, " ms"),
  ];
}

/** The same traffic on one node and on two, decided from memory and by a look-up in the database. */
async function answering(address: string, { rounds, seconds }: Extent): Promise<readonly Row[]> {
  const secret = randomBytes(32).toString("base64url");
  const auth = await open(address, secret);
  const cookie = await enterByCookie(auth, "42");
  const start = async (way: Start["way"]): Promise<Node> => {
    const node = await startNode({ address, secret, way });
    await node.ask({ know: cookie });
    return node;
  };
  const [one, two, looks] = [await start("check"), await start("check"), await start("look-up")];
  const busy = { cookie, seconds, loaders: [openLoader(), openLoader()] };
  const readsBefore = (await counts(one)).reads;
  let asked = 0;
  const taken: Readonly<Record<"alone" | "looking" | "beside", number>>[] = [];
  for (let round = 0; round <= rounds; round++) {
    const alone = await cpuFor([one], busy);
    const looking = await cpuFor([looks], busy);
    const beside = await cpuFor([one, two], busy);
    asked += alone.answers + beside.answers / 2;
    if (round > 0) taken.push({ alone: alone.cpu, looking: looking.cpu, beside: beside.cpu });
  }
  const readsFor = ((await counts(one)).reads - readsBefore) / asked;
  for (const { child } of [one, two, looks]) child.disconnect();
  for (const loader of busy.loaders) loader.close();
  await auth.close();
  return [
    // What housekeeping reads meanwhile is counted too.
    atMost("store reads for each checked request, on PostgreSQL", readsFor, 0.001),
    told("CPU time of a node for each request decided from memory", figure(taken.map(({ alone }) => alone)).median, " µs"),
    told("… with a look-up in PostgreSQL for each request", figure(taken.map(({ looking }) => looking)).median, " µs"),
    told("requests for the same CPU time: from memory / by look-up", figure(taken.map(({ alone, looking }) => looking / alone)).median),
    // By CPU time: whoever makes the load has the same two cores.
    atLeast("two processes / one, in requests by CPU time", figure(taken.map(({ alone, beside }) => (2 * alone) / beside)).median, 1.8),
  ];
}

async function counts(node: Node): Promise<{ readonly reads: number; readonly cpu: number }> {
  return (await node.ask({ count: true })) as { readonly reads: number; readonly cpu: number };
}

interface Busy {
  readonly cookie: string;
  readonly seconds: number;
  /** One for each node that is kept busy at once. */
  readonly loaders: readonly Loader[];
}

/** CPU time of these nodes for each answer, in µs, while all of them are kept busy. */
async function cpuFor(
  nodes: readonly Node[],
  { cookie, seconds, loaders }: Busy,
): Promise<{ readonly cpu: number; readonly answers: number }> {
  const spent = async (): Promise<number> => (await Promise.all(nodes.map(counts))).reduce((sum, { cpu }) => sum + cpu, 0);
  const before = await spent();
  const header = `Cookie: ${cookie}`;
  const loaded = await Promise.all(
    loaders.slice(0, nodes.length).map((loader, nth) => loader.load({ port: nodes[nth]?.port ?? 0, header, seconds })),
  );
  const answers = loaded.reduce((sum, each) => sum + each.answers, 0);
  return { cpu: ((await spent()) - before) / answers, answers };
}
