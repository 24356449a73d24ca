import { existsSync, readFileSync } from "node:fs";
import { collect } from "./sinks.ts";

/** The bytes of an SQLite store, and of what its log holds besides. @param name of the store. */
export function collectDatabase(name: string): void {
  if (!name.startsWith("sqlite:")) return;
  for (const suffix of ["", "-wal"]) {
    const file = name.slice("sqlite:".length) + suffix;
    if (existsSync(file)) collect("database", readFileSync(file));
  }
}
