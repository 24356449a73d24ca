import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addClient } from "../../src/accounts/clients.ts";
import { systemClock } from "../../src/server/clock.ts";
import { systemRandom } from "../../src/server/random.ts";
import { postgres } from "../../src/stores/postgres/index.ts";
import { PROGRAMS, startPostgres } from "../support/postgres.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { applicationNode, serviceNode } from "./nodes.ts";
import type { Node } from "./nodes.ts";
import { pause, Traffic } from "./traffic.ts";
import { openWay } from "./way.ts";
import type { Way } from "./way.ts";

const BOUND = 1_000;

describe.skipIf(PROGRAMS === null)("three nodes on one PostgreSQL, and two services with a verifier", () => {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
  let database: PostgresServer;
  /** Between each node and the database. */
  const ways: Way[] = [];
  const nodes: Node[] = [];
  /** The issuer's address: what balances the load before the nodes. */
  let front: Way;
  const services: Node[] = [];
  let issuer: string;

  beforeAll(async () => {
    database = await startPostgres();
    const url = new URL(await database.database());
    let turn = 0;
    front = await openWay(() => (nodes[(turn += 1) % nodes.length] as Node).port);
    issuer = `http://localhost:${front.port}`;
    const secret = randomBytes(32).toString("base64url");
    const client = await makeClient(url.href, issuer);
    for (let nth = 0; nth < 3; nth += 1) {
      const way = await openWay(() => database.port);
      url.port = String(way.port);
      ways.push(way);
      nodes.push(await applicationNode(url.href, issuer, BOUND, { COATCHECK_SECRET: secret }, folder));
    }
    for (let nth = 0; nth < 2; nth += 1) services.push(await serviceNode(issuer, client, folder));
    for (const process of [...nodes, ...services]) await process.start();
  }, 60_000);

  afterAll(async () => {
    await Promise.all([...nodes, ...services].map((process) => process.kill()));
    for (const way of [...ways, front]) way.close();
    await database?.remove();
    rmSync(folder, { recursive: true });
  });

  it("keep their promises while ways stall and break, processes pause and die, and the database dies", { timeout: 240_000 }, async () => {
    const verifiers = services.map(({ url }) => `${url}/whoami`);
    const traffic = new Traffic({ issuer, nodes: nodes.map(({ url }) => url), verifiers }, BOUND);
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
    await spoil(front, "stalled", 3_000);
    services[0]?.signal("SIGSTOP");
    three.signal("SIGSTOP");
    await pause(8_000);
    three.signal("SIGCONT");
    services[0]?.signal("SIGCONT");
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

/** A client for the services, as an operator would add one. */
async function makeClient(address: string, issuer: string): Promise<NodeJS.ProcessEnv> {
  const store = postgres(address);
  await store.open();
  const newClient = { name: "Service", scopes: [], audiences: [issuer] };
  const { client, secret } = await addClient({ clients: store.clients, clock: systemClock, random: systemRandom }, newClient);
  await store.close();
  return { CLIENT_ID: client.id, CLIENT_SECRET: secret };
}
