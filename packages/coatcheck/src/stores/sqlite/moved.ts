import type Database from "better-sqlite3";
import { ConfigError, StoreUnavailable } from "../../core/errors.ts";
import { iso } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";

/** That a file holds nothing any more that counts: everything in it has moved. */
export interface Move {
  /** The name of the other store, without user and password. */
  readonly to: string;
  readonly at: Instant;
}

/** Where the store in this file has moved to; null if it has not. */
export function moveOf(db: Database.Database): Move | null {
  const row = db.prepare<[], { moved_to: string | null; moved_at: Instant }>("SELECT moved_to, moved_at FROM rev_head").get();
  return row === undefined || row.moved_to === null ? null : { to: row.moved_to, at: row.moved_at };
}

/** What whoever would start on such a file is told. */
export function movedAway(path: string, { to, at }: Move): ConfigError {
  return new ConfigError(
    `${path} holds no store any more, it was moved to ${to} on ${iso(at).slice(0, 10)}: name that one with --store, with the same secret`,
  );
}

/** @throws {store_unavailable} if this is where the store has moved to: whoever still runs on the file knows nothing any more, and nobody is logged out. */
export function refuseMoved(to: string | null): void {
  if (to !== null) throw new StoreUnavailable(new Error(`the store was moved to ${to}`));
}
