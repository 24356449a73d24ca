import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { collect } from "./sinks.ts";

/** The bytes of an SQLite store, and of what its log holds besides. @param name of the store. */
export function collectDatabase(name: string): void {
  if (!name.startsWith("sqlite:")) return;
  for (const suffix of ["", "-wal"]) {
    const file = name.slice("sqlite:".length) + suffix;
    if (existsSync(file)) collect("database", readFileSync(file));
  }
}

/** The first number that PostgreSQL gives to what was made after `initdb` (FirstNormalObjectId): all below is its own. */
const FIRST_MADE = 16_384;

/** The bytes of every table and index in a PostgreSQL that has been stopped, rows that were deleted or replaced among them. @param data its folder. */
export function collectCluster(data: string): void {
  const base = join(data, "base");
  for (const database of readdirSync(base))
    for (const name of readdirSync(join(base, database)))
      if (Number.parseInt(name, 10) >= FIRST_MADE) collect("postgres", readFileSync(join(base, database, name)));
}
