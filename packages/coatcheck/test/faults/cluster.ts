import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeClient } from "../support/client.ts";
import { applicationNode, serviceNode } from "./nodes.ts";
import type { Node } from "./nodes.ts";
import type { Places } from "./traffic.ts";
import { openWay } from "./way.ts";
import type { Way } from "./way.ts";

/** Nodes on one PostgreSQL, and services with a verifier. */
export interface Cluster {
  /** The issuer's address: what balances the load before the nodes. */
  readonly front: Way;
  /** Between each node and the database. */
  readonly ways: readonly Way[];
  readonly nodes: readonly Node[];
  readonly services: readonly Node[];
  readonly places: Places;
  close(): Promise<void>;
}

export interface ClusterParts {
  readonly nodes: number;
  readonly services: number;
  /** In milliseconds. */
  readonly bound: number;
  /** The database's address. */
  readonly database: string;
  /** The port at which a node finds it; asked anew for each connection. */
  readonly portFor: (nth: number) => number;
}

export async function startCluster(parts: ClusterParts): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
  const nodes: Node[] = [];
  const ways: Way[] = [];
  const services: Node[] = [];
  let turn = 0;
  const front = await openWay(() => (nodes[(turn += 1) % nodes.length] as Node).port);
  const issuer = `http://localhost:${front.port}`;
  const secret = { COATCHECK_SECRET: randomBytes(32).toString("base64url") };
  const client = await makeClient(parts.database, issuer);
  const credentials = { CLIENT_ID: client.id, CLIENT_SECRET: client.secret };
  const url = new URL(parts.database);
  for (let nth = 0; nth < parts.nodes; nth += 1) {
    const way = await openWay(() => parts.portFor(nth));
    url.port = String(way.port);
    ways.push(way);
    nodes.push(await applicationNode(url.href, issuer, parts.bound, secret, folder));
  }
  for (let nth = 0; nth < parts.services; nth += 1) services.push(await serviceNode(issuer, credentials, folder));
  // Two at a time: ten that start at once on a busy machine can't reach the database in time.
  const all = [...nodes, ...services].values();
  const startInTurn = async (): Promise<void> => {
    for (const process of all) await process.start();
  };
  await Promise.all([startInTurn(), startInTurn()]);
  const verifiers = services.map((service) => `${service.url}/whoami`);
  return {
    ...{ front, ways, nodes, services },
    places: { issuer, nodes: nodes.map((node) => node.url), verifiers },
    async close() {
      await Promise.all([...nodes, ...services].map((process) => process.kill()));
      for (const way of [...ways, front]) way.close();
      rmSync(folder, { recursive: true });
    },
  };
}
