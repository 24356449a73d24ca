import { startCluster } from "../../faults/cluster.ts";
import type { Cluster } from "../../faults/cluster.ts";
import { Traffic } from "../../faults/traffic.ts";
import { openWay } from "../../faults/way.ts";
import type { Way } from "../../faults/way.ts";
import { startPostgres } from "../../support/postgres.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { keepInStep, startStandby } from "../../support/standby.ts";
import type { Dice } from "../../../src/testing/simulator/dice.ts";

/** In milliseconds. */
export const BOUND = 2_000;
const [NODES, SERVICES, PEOPLE] = [10, 10, 8];

/** Ten nodes, ten verifiers, a primary and its standby, and people. */
export interface World extends Cluster {
  /** Whether commits wait for the standby. */
  readonly isInStep: boolean;
  readonly primary: PostgresServer;
  readonly standby: PostgresServer;
  /** From the standby to the primary. */
  readonly replication: Way;
  /** The database's name, on both. */
  readonly database: string;
  readonly traffic: Traffic;
  /** From now on a node, or everybody, finds the database there. */
  leadTo(server: PostgresServer, nth?: number): void;
  /** Who serves the nodes. */
  current(): PostgresServer;
}

/** @param isInStep whether commits shall wait for the standby. @param dice for how long people stay. */
export async function openWorld(isInStep: boolean, dice: Dice): Promise<World> {
  const primary = await startPostgres();
  const address = await primary.database();
  const replication = await openWay(() => primary.port);
  const standby = await startStandby(primary, replication.port);
  if (isInStep) await keepInStep(primary);
  const leadsTo = Array.from({ length: NODES }, () => primary);
  const portFor = (nth: number): number => (leadsTo[nth] ?? primary).port;
  const cluster = await startCluster({ nodes: NODES, services: SERVICES, bound: BOUND, database: address, portFor });
  const habits = { bound: BOUND, life: () => dice.between(500, 15_000), every: { alive: 500, ended: 60 }, refreshes: 0.02 };
  const traffic = new Traffic(cluster.places, habits);
  traffic.start(PEOPLE);
  let current = primary;
  return {
    ...cluster,
    ...{ isInStep, primary, standby, replication, traffic },
    database: new URL(address).pathname.slice(1),
    leadTo(server, nth) {
      if (nth === undefined) leadsTo.fill((current = server));
      else leadsTo[nth] = server;
    },
    current: () => current,
    async close() {
      await cluster.close();
      replication.close();
      await standby.remove();
      await primary.remove();
    },
  };
}
