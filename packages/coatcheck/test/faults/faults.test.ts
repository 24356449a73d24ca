import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAMS, startPostgres } from "../support/postgres.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { startCluster } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import type { Node } from "./nodes.ts";
import { pause } from "./request.ts";
import { Traffic } from "./traffic.ts";
import type { Way } from "./way.ts";

const BOUND = 1_000;

describe.skipIf(PROGRAMS === null)("three nodes on one PostgreSQL, and two services with a verifier", () => {
  let database: PostgresServer;
  let cluster: Cluster;

  beforeAll(async () => {
    database = await startPostgres();
    const address = await database.database();
    cluster = await startCluster({ nodes: 3, services: 2, bound: BOUND, database: address, portFor: () => database.port });
  }, 60_000);

  afterAll(async () => {
    await cluster?.close();
    await database?.remove();
  });

  it("keep their promises while ways stall and break, processes pause and die, and the database dies", { timeout: 240_000 }, async () => {
    const { front, services } = cluster;
    let lives = 0;
    const life = (): number => 500 + 300 * ((lives += 1) % 8);
    const traffic = new Traffic(cluster.places, { bound: BOUND, life, every: { alive: 30, ended: 30 }, refreshes: 0.3 });
    traffic.start(4);
    const [one, two, three] = cluster.nodes as [Node, Node, Node];
    const [wayOne, wayTwo, wayThree] = cluster.ways as [Way, Way, Way];
    const restart = async (node: Node): Promise<void> => {
      await node.kill();
      traffic.forget(node.url);
      await node.start();
    };
    const spoil = async (way: Way, state: "stalled" | "deaf" | "cut" | "slow", ms: number): Promise<void> => {
      way.set(state);
      await pause(ms);
      way.set("open");
      await pause(1_000);
    };
    await pause(2_000);
    await spoil(wayOne, "stalled", 3_000);
    await spoil(wayTwo, "cut", 2_000);
    await spoil(wayThree, "deaf", 3_000);
    await spoil(wayOne, "slow", 2_000);
    await spoil(front, "stalled", 3_000);
    services[0]?.signal("SIGSTOP");
    three.signal("SIGSTOP");
    await pause(8_000);
    three.signal("SIGCONT");
    services[0]?.signal("SIGCONT");
    await pause(1_000);
    await restart(one);
    await database.kill();
    await pause(1_000);
    await database.start();
    await pause(2_000);
    await restart(two);
    await pause(1_000);
    const { faults, ...counts } = await traffic.stop();
    console.log(`faults: ${JSON.stringify(counts)}`);
    expect(faults).toEqual([]);
    // It was no quiet run: people came and went, were let in, and could not be known at times.
    expect(Math.min(counts.logins, counts.ends, counts.refreshes)).toBeGreaterThan(5);
    expect(Math.min(counts.accepted, counts.refused, counts.unknown)).toBeGreaterThan(20);
  });
});
