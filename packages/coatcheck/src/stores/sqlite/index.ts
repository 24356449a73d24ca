import { resolve } from "node:path";
import type { Random, Store } from "../../core/ports.ts";
import { duration } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";
import { newIncarnation, nodeRandom } from "../numbering.ts";
import { sqliteAudit } from "./audit.ts";
import { sqliteClients } from "./clients.ts";
import { Connection } from "./connection.ts";
import { sqliteFeed } from "./feed.ts";
import { sqliteKeys } from "./keys.ts";
import { logWriter } from "./log.ts";
import { refuseMoved } from "./moved.ts";
import { sqliteSessions } from "./sessions.ts";
import { sqliteThrottles } from "./throttles.ts";
import { sqliteUsers } from "./users.ts";

export interface SqliteOptions {
  /** Names a new file's life. Default: the platform's own. */
  readonly random?: Random;
  /** How long a write waits for another process's, before the store counts as out of reach. Default: 5 s. */
  readonly busyTimeout?: Milliseconds;
}

/**
 * One file on a local disk, shared by any number of processes on this host. Folder and file are made where there are none, for their owner alone.
 * @param path relative to the working directory.
 */
export function sqlite(path: string, { random = nodeRandom, busyTimeout = duration("5s") }: SqliteOptions = {}): Store {
  const db = new Connection(resolve(path), busyTimeout);
  const log = logWriter(db, random);
  const ping = db.query<[], { moved_to: string | null }>("reader", "SELECT moved_to FROM rev_head");
  return {
    name: `sqlite:${path}`,
    open: () => db.open(() => newIncarnation(random)),
    ping: () => refuseMoved(ping.get()?.moved_to ?? null),
    close: () => db.close(),
    sessions: sqliteSessions(db, log),
    feed: sqliteFeed(db, log, random),
    users: sqliteUsers(db, log),
    clients: sqliteClients(db, log),
    keys: sqliteKeys(db, log),
    throttles: sqliteThrottles(db),
    audit: sqliteAudit(db),
  };
}
