import { afterAll, beforeAll, describe, it } from "vitest";
import type { Store } from "../../../src/core/ports.ts";
import { postgres } from "../../../src/stores/postgres/index.ts";
import { storeContract } from "../../../src/testing/index.ts";
import { PROGRAMS, startPostgres } from "../../support/postgres.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { alternating } from "../open.ts";

// One database for all cases, each of which finds what the ones before left; and the stores stay open, but for what a case closes.
describe.skipIf(PROGRAMS === null)("on PostgreSQL", () => {
  let server: PostgresServer;
  let one: Store;
  let two: Store;

  beforeAll(async () => {
    server = await startPostgres();
    const address = await server.database();
    [one, two] = [postgres(address), postgres(address)];
  });
  afterAll(async () => {
    await one.close();
    await two.close();
    await server.remove();
  });

  const runner = { describe, it };

  storeContract(
    "postgres",
    async () => {
      await one.open();
      return { store: one, close: async () => {} };
    },
    runner,
  );

  // No call reads on the connection that wrote what it reads.
  storeContract(
    "two postgres stores on one database, taking turns,",
    async () => {
      await one.open();
      await two.open();
      return { store: alternating(one, two), close: async () => {} };
    },
    runner,
  );
});
