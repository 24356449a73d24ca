import { resolve } from "node:path";
import type { Store } from "../core/ports.ts";
import { memory } from "../stores/memory/index.ts";
import { postgres } from "../stores/postgres/index.ts";
import { sqlite } from "../stores/sqlite/index.ts";
import { IN_MEMORY } from "./start-lines.ts";

const SQLITE = "sqlite:";

/** The store that `--store` names. @throws ConfigError if it is an address that can't be read. */
export function storeFor(name: string): Store {
  if (name === "memory:") return memory();
  return isPostgres(name) ? postgres(name) : sqlite(name.slice(SQLITE.length));
}

export function isPostgres(name: string): boolean {
  return /^postgres(ql)?:/.test(name);
}

/** The file of a store that is in one; null for any other. */
export function storePath(name: string): string | null {
  return name.startsWith(SQLITE) ? resolve(name.slice(SQLITE.length)) : null;
}

/** Where the data are, for whoever started the server: without the password that the name may hold. */
export function storePlace(name: string): string {
  if (name === "memory:") return IN_MEMORY;
  return storePath(name) ?? storeFor(name).name;
}
