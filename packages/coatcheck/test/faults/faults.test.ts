import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAMS, startPostgres } from "../support/postgres.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { applicationNode } from "./nodes.ts";
import type { Node } from "./nodes.ts";
import { pause, Traffic } from "./traffic.ts";
import { openWay } from "./way.ts";
import type { Way } from "./way.ts";

const ISSUER = "http://localhost:3000";
const BOUND = 1_000;

describe.skipIf(PROGRAMS === null)("three nodes on one PostgreSQL", () => {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
  let database: PostgresServer;
  const ways: Way[] = [];
  const nodes: Node[] = [];

  beforeAll(async () => {
    database = await startPostgres();
    const url = new URL(await database.database());
    const secret = randomBytes(32).toString("base64url");
    for (let nth = 0; nth < 3; nth += 1) {
      const way = await openWay(database.port);
      url.port = String(way.port);
      ways.push(way);
      nodes.push(await applicationNode(url.href, ISSUER, BOUND, { COATCHECK_SECRET: secret }, folder));
    }
    for (const node of nodes) await node.start();
  }, 60_000);

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    for (const way of ways) way.close();
    await database?.remove();
    rmSync(folder, { recursive: true });
  });

  it("keep their promises while ways stall and break, processes pause and die, and the database dies", { timeout: 240_000 }, async () => {
    const traffic = new Traffic({ issuer: ISSUER, nodes: nodes.map(({ url }) => url), verifiers: [] }, BOUND);
    traffic.start(4);
    const [one, two, three] = nodes as [Node, Node, Node];
    const [wayOne, wayTwo, wayThree] = ways as [Way, Way, Way];
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
    three.signal("SIGSTOP");
    await pause(8_000);
    three.signal("SIGCONT");
    await pause(1_000);
    await one.kill();
    await one.start();
    await database.kill();
    await pause(1_000);
    await database.start();
    await pause(2_000);
    await two.kill();
    await two.start();
    await pause(1_000);
    const { faults, ...counts } = await traffic.stop();
    console.log(`faults: ${JSON.stringify(counts)}`);
    expect(faults).toEqual([]);
    // It was no quiet run: people came and went, were let in, and could not be known at times.
    expect(Math.min(counts.logins, counts.ends, counts.refreshes)).toBeGreaterThan(5);
    expect(Math.min(counts.accepted, counts.refused, counts.unknown)).toBeGreaterThan(20);
  });
});
