import { closeSync, existsSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type Database from "better-sqlite3";
import { ConfigError } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/time.ts";
import { isBusy } from "./outages.ts";
import { APPLICATION_ID } from "./schema.ts";

/**
 * Makes the folder (0700) and an empty file (0600) where there is none; SQLite gives its side files the mode of the file.
 * A file that is there is not even opened: closing it again would drop the locks that this process holds on it through SQLite
 * (https://www.sqlite.org/howtocorrupt.html §2.2).
 * @throws ConfigError if it can't be made, or is no file.
 */
export function prepareFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${path} can't be made (${code}): name another place for the store`, { cause: error });
  }
  if (!statSync(path).isFile()) throw new ConfigError(`${path} is not a file: name one for the store`);
}

/** Where the header of a database file names its program (https://www.sqlite.org/fileformat2.html §1.3), four bytes. */
const APPLICATION_ID_AT = 68;

/**
 * Whether there is a store of ours in this file. Looks at the header alone: makes nothing, changes nothing. Before the file is opened as a store and
 * never after, for the reason that {@link prepareFile} gives.
 */
export function isStoreFile(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
  const header = Buffer.alloc(APPLICATION_ID_AT + 4);
  const file = openSync(path, "r");
  try {
    return readSync(file, header) === header.length && header.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID;
  } finally {
    closeSync(file);
  }
}

/** How long to wait between two tries to switch, in milliseconds. */
const PAUSE = 5;

/** The write-ahead log: readers and the writer do not wait for each other. @throws ConfigError where the file system can't do it. */
export function useWriteAheadLog(db: Database.Database, path: string, busyTimeout: Milliseconds): void {
  for (let left: number = busyTimeout; ; left -= PAUSE) {
    try {
      if (db.pragma("journal_mode = WAL", { simple: true }) === "wal") return;
    } catch (error) {
      // Of two connections that switch at once SQLite refuses one without waiting: each would wait for the other.
      if (!isBusy(error) || left <= 0) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
      continue;
    }
    throw new ConfigError(`${path} lies where several processes can't share it (a network drive?): name a place on a local disk`);
  }
}
