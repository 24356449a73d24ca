import type { Store } from "../../../src/core/ports.ts";
import { postgres } from "../../../src/stores/postgres/index.ts";
import { sqlite } from "../../../src/stores/sqlite/index.ts";
import { PROGRAMS, startPostgres } from "../../support/postgres.ts";
import { temporary } from "../open.ts";

/** Where the stores of one engine lie, until they are removed with everything. */
export interface Place {
  /** The address of a store that nobody has opened yet. */
  fresh(): Promise<string>;
  remove(): Promise<void>;
}

interface Engine {
  readonly name: string;
  /** Whether this machine has it. */
  readonly isHere: boolean;
  open(): Promise<Place>;
}

export const ENGINES: readonly Engine[] = [
  {
    name: "sqlite",
    isHere: true,
    async open() {
      const folder = temporary();
      let files = 0;
      return { fresh: async () => folder.path(`${(files += 1)}.db`), remove: async () => folder.remove() };
    },
  },
  {
    name: "postgres",
    isHere: PROGRAMS !== null,
    async open() {
      const server = await startPostgres();
      return { fresh: () => server.database(), remove: () => server.remove() };
    },
  },
];

export function storeAt(address: string): Store {
  return address.startsWith("postgres:") ? postgres(address) : sqlite(address);
}
