import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { seq } from "../../src/core/ids.ts";
import type { Store } from "../../src/core/ports.ts";
import { isLive } from "../../src/core/session.ts";
import { duration } from "../../src/core/time.ts";
import { temporary } from "./open.ts";
import { ENGINES, storeAt } from "./processes/engines.ts";
import { spawnScript } from "./processes/pool.ts";
import { NOW } from "./processes/records.ts";
import type { Fact, Line } from "./processes/writer.ts";

/** Of a writer; PostgreSQL itself lives on, and is killed elsewhere. */
const DEATHS: Readonly<Record<string, { readonly kills: number; readonly withinMs: number }>> = {
  sqlite: { kills: 100, withinMs: 75 },
  postgres: { kills: 20, withinMs: 300 },
};
const LANES = 2;

/** A writer that has loaded, and waits to be told of a file. */
interface Writer {
  readonly child: ChildProcess;
  readonly ready: Promise<unknown>;
}

function startWriter(compileCache: string): Writer {
  const child = spawnScript("./writer.ts", "pipe", compileCache);
  return { child, ready: once(child, "message") };
}

interface Life {
  readonly facts: readonly Fact[];
  readonly calls: number;
  /** The call that had begun and not answered when it died. */
  readonly unanswered: string | null;
}

/** Lets a writer loose on the file, kills it at a random moment, and tells what it had been promised. */
async function liveAndDie({ child: writer, ready }: Writer, address: string, withinMs: number): Promise<Life> {
  await ready;
  const stdout = writer.stdout as Readable;
  const output = text(stdout);
  const died = once(writer, "exit");
  const kill = (line: Buffer): void => {
    if (!line.includes('"done"')) return;
    stdout.off("data", kill);
    setTimeout(() => writer.kill("SIGKILL"), Math.random() * withinMs);
  };
  stdout.on("data", kill);
  writer.send({ address });
  const [code, signal] = (await died) as [number | null, string | null];
  expect([code, signal]).toEqual([null, "SIGKILL"]);
  const lines = (await output).split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Line]));
  const last = lines.at(-1);
  return {
    facts: lines.flatMap((line) => ("done" in line ? line.done : [])),
    calls: lines.filter((line) => "done" in line).length,
    unanswered: last !== undefined && "begins" in last ? last.begins : null,
  };
}

const HOLDS: { readonly [F in Fact["fact"]]: (store: Store, fact: Fact & { fact: F }) => Promise<boolean> } = {
  user: async (store, { id, atLeastHash }) => Number((await store.users.byId(id))?.passwordHash) >= atLeastHash,
  session: async (store, { sid, atLeastGeneration }) =>
    ((await store.sessions.find(sid))?.session.rotation.generation ?? -1) >= atLeastGeneration,
  ended: async (store, { sid }) => {
    const found = await store.sessions.find(sid);
    return found !== null && !isLive(found);
  },
  entry: async (store, { seq: at, key }) => (await store.feed.since(seq(at - 1))).entries[0]?.key === key,
  failures: async (store, { key, atLeast }) =>
    (await store.throttles.blockedUntil([{ key, limit: atLeast, window: duration("1h") }], NOW)) !== null,
  event: async (store, { event }) => (await store.audit.list({ event }, 1)).length === 1,
};

async function everythingHolds(address: string, facts: readonly Fact[]): Promise<void> {
  const store = storeAt(address);
  await store.open();
  for (const fact of facts) expect(await HOLDS[fact.fact](store, fact as never), JSON.stringify(fact)).toBe(true);
  const { entries, head } = await store.feed.since(seq(0));
  expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => (entries[0]?.seq ?? 0) + index));
  expect(head).toBe(entries.at(-1)?.seq ?? 0);
  await store.close();
  if (store.name.startsWith("sqlite:")) isWhole(address);
}

function isWhole(path: string): void {
  const file = new Database(path);
  expect(file.pragma("integrity_check", { simple: true })).toBe("ok");
  file.close();
}

describe.each(ENGINES)("$name", ({ name, isHere, open }) => {
  const { kills, withinMs } = DEATHS[name] as { kills: number; withinMs: number };

  it.skipIf(!isHere)(
    `loses nothing that it has answered when who writes is killed inside a write, ${kills} times`,
    { timeout: 180_000 },
    async () => {
      const place = await open();
      const folder = temporary();
      const lives: Life[] = [];
      const compiled = folder.path("compiled");
      let left = kills;

      const lane = async (address: string): Promise<void> => {
        const facts: Fact[] = [];
        let next = startWriter(compiled);
        while (left > 0) {
          left -= 1;
          const writer = next;
          // The next one loads while this one writes; it does not touch the store before it is told to.
          next = startWriter(compiled);
          const life = await liveAndDie(writer, address, withinMs);
          await everythingHolds(address, life.facts);
          facts.push(...life.facts);
          lives.push(life);
        }
        next.child.kill("SIGKILL");
        await everythingHolds(address, facts);
      };
      await Promise.all(Array.from({ length: LANES }, async () => lane(await place.fresh())));
      folder.remove();
      await place.remove();

      const unanswered = lives.flatMap((life) => life.unanswered ?? []);
      const calls = lives.reduce((sum, life) => sum + life.calls, 0);
      console.log(
        `${name}: ${lives.length} kills, ${unanswered.length} inside a call (${[...new Set(unanswered)].toSorted().join(", ")}), ${calls} answered calls, none lost`,
      );
      expect(lives).toHaveLength(kills);
      expect(calls).toBeGreaterThanOrEqual(kills);
      expect(unanswered.length).toBeGreaterThanOrEqual(0.3 * kills);
    },
  );
});
