import Database from "better-sqlite3";
import { StoreUnavailable } from "../../core/errors.ts";

/**
 * The result codes that mean "the store can't answer now" (https://www.sqlite.org/rescode.html): a lock that was not given in time, the disk, the file.
 * Extended codes begin with the plain one. All others are mistakes in this program and pass as they are.
 */
const OUTAGE = /^SQLITE_(BUSY|LOCKED|PROTOCOL|IOERR|FULL|NOMEM|CANTOPEN|READONLY|PERM|AUTH|CORRUPT|NOTADB)(_|$)/;

/** No process of ours holds the lock for longer than one short transaction, so whoever does for seconds is somebody else, or hangs. */
const HELD =
  "another process has held the file locked for seconds: end what has a transaction open on it (a database shell, a copy, a command that hangs)";

/** What to throw for an error that came out of the driver. */
export function outage(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError && OUTAGE.test(error.code))) return error;
  return new StoreUnavailable(error, isBusy(error) ? HELD : null);
}

export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");
}

export function isNoDatabase(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === "SQLITE_NOTADB";
}
