import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a file of vectors holds, typed by whoever knows its origin. */
export function readVectors(path: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, path), "utf8"));
}
