import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { postgres } from "../packages/coatcheck/src/stores/postgres/index.ts";
import { PROGRAMS, startPostgres } from "../packages/coatcheck/test/support/postgres.ts";
import { newSession, NOW } from "../packages/coatcheck/test/stores/processes/records.ts";
import { told } from "./report.ts";
import type { Extent, Row } from "./report.ts";

/** What the store in PostgreSQL does in a second, on this machine, to a server that writes durably. */
export async function postgresStore(extent: Extent): Promise<readonly Row[]> {
  if (PROGRAMS === null) throw new Error("there is no PostgreSQL on this machine: apt-get install postgresql");
  const server = await startPostgres({ settings: { fsync: "on" } });
  try {
    const rows: Row[] = [];
    for (const [name, processes, atOnce] of [
      ["one at a time", 1, 1],
      ["64 at once", 1, 64],
      ["4 processes, one at a time each", 4, 1],
      ["4 processes, 64 at once each", 4, 64],
    ] as const) {
      const address = await server.database();
      await openOnce(address);
      rows.push(told(`PostgreSQL: sessions ended, ${name}`, await perSecond("end", { address, processes, atOnce }, extent), " /s"));
    }
    const address = await server.database();
    await openOnce(address);
    for (const atOnce of [1, 64])
      rows.push(
        told(`PostgreSQL: sessions started, ${atOnce} at once`, await perSecond("start", { address, processes: 1, atOnce }, extent), " /s"),
      );
    for (const atOnce of [1, 64])
      rows.push(
        told(`PostgreSQL: sessions read, ${atOnce} at once`, await perSecond("find", { address, processes: 1, atOnce }, extent), " /s"),
      );
    return rows;
  } finally {
    await server.remove();
  }
}

async function openOnce(address: string): Promise<void> {
  const store = postgres(address);
  await store.open();
  await store.close();
}

type What = "end" | "start" | "find";

interface Load {
  readonly address: string;
  readonly processes: number;
  readonly atOnce: number;
}

interface Order extends Load {
  readonly what: What;
  readonly seconds: number;
}

/** Each process writes for as long as it is told to; they begin together. */
async function perSecond(what: What, load: Load, { seconds }: Extent): Promise<number> {
  const children = Array.from({ length: load.processes }, () => fork(fileURLToPath(import.meta.url), [], { execArgv: [] }));
  const order: Order = { ...load, what, seconds };
  for (const child of children) child.send(order);
  await Promise.all(children.map((child) => once(child, "message")));
  const answers = children.map((child) => once(child, "message"));
  for (const child of children) child.send("begin");
  const done = (await Promise.all(answers)).map(([count]) => count as number);
  return done.reduce((sum, count) => sum + count, 0) / seconds;
}

async function work({ address, what, atOnce, seconds }: Order): Promise<void> {
  const store = postgres(address);
  await store.open();
  const start = async (): Promise<string> => (await store.sessions.start(newSession({}), null, NOW)).session.sid;
  // Enough to end for as long as it takes, made before.
  const waiting: string[] = [];
  const known = await start();
  if (what === "end")
    for (let made = 0; made < seconds * 1_500; made += 50) waiting.push(...(await Promise.all(Array.from({ length: 50 }, start))));
  const calls: Readonly<Record<What, () => Promise<unknown>>> = {
    start,
    find: async () => await store.sessions.find(known as never),
    // When all have ended, entries of another kind go the same way.
    end: async () => {
      const sid = waiting.pop();
      return sid === undefined
        ? await store.feed.append("invalidate-user", "u", NOW)
        : await store.sessions.end({ sid: sid as never }, NOW);
    },
  };
  process.send?.("ready");
  await once(process, "message");
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  const lane = async (): Promise<void> => {
    for (; performance.now() < until; count += 1) await calls[what]();
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  process.send?.(count);
  await store.close();
  process.disconnect();
}

if (process.send !== undefined && import.meta.main) process.once("message", (order: Order) => void work(order));
