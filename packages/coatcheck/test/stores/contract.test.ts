import { afterAll, describe, it } from "vitest";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { storeContract } from "../../src/testing/index.ts";
import type { OpenStore } from "../../src/testing/index.ts";
import { alternating, openMemory, openSqlite, remote, temporary } from "./open.ts";

const runner = { describe, it };

storeContract("memory", openMemory, runner);

storeContract("sqlite", openSqlite, runner);

const openRemote: OpenStore = async () => {
  const { store, close } = await openMemory();
  return { store: remote(store), close };
};
storeContract("a store behind a wrapper that answers later", openRemote, runner);

// One file for all cases, each of which finds what the ones before left; and no call reads on the connection that wrote what it reads.
const folder = temporary();
afterAll(folder.remove);
const openPair: OpenStore = async () => {
  const [one, two] = [sqlite(folder.path("shared.db")), sqlite(folder.path("shared.db"))];
  await one.open();
  await two.open();
  const store = alternating(one, two);
  return { store, close: async () => await store.close() };
};
storeContract("two sqlite stores on one file, taking turns,", openPair, runner);
