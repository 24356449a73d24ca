import type { Sid } from "../../core/ids.ts";
import type { Found, SessionRecord } from "../../core/session.ts";
import type { Connection, Role } from "./connection.ts";
import { CUTOFF } from "./log.ts";
import { toRecord, toRow } from "../rows.ts";
import type { FoundRow, SessionRow } from "../rows.ts";

/** The records of the sessions table. `insert` and `save` belong inside a transaction of the writer. */
export interface Records {
  find(sid: Sid): Found | null;
  insert(session: SessionRecord): void;
  /** Writes what may change in a record; ending it is the log's. */
  save(session: SessionRecord): void;
  /** What a transaction hands out of a record that it has just written. */
  handOut(sid: Sid): Found;
}

/** Row, head and cutoff in one statement: one snapshot. */
const FIND = `SELECT s.*, (SELECT seq FROM rev_head) AS head, ${CUTOFF} AS cutoff FROM sessions AS s WHERE s.sid = ?`;

const INSERT = `INSERT INTO sessions (
    sid, user_id, client_id, carrier, secret_hash, salt, generation, won_by, rotated_at, replays, rsq, created_at, auth_time, amr,
    last_seen_at, expires_at, idle_expires_at, device_label, device_user_agent, device_ip, data
  ) VALUES (
    @sid, @user_id, @client_id, @carrier, @secret_hash, @salt, @generation, @won_by, @rotated_at, @replays, @rsq, @created_at, @auth_time, @amr,
    @last_seen_at, @expires_at, @idle_expires_at, @device_label, @device_user_agent, @device_ip, @data
  )`;

const SAVE = `UPDATE sessions SET secret_hash = @secret_hash, generation = @generation, won_by = @won_by, rotated_at = @rotated_at, replays = @replays,
    rsq = @rsq, auth_time = @auth_time, amr = @amr, last_seen_at = @last_seen_at, idle_expires_at = @idle_expires_at
  WHERE sid = @sid`;

export function finder(db: Connection, role: Role): (sid: Sid) => Found | null {
  const find = db.query<[Sid], FoundRow>(role, FIND);
  return (sid) => {
    const row = find.get(sid);
    return row === undefined ? null : { session: toRecord(row), head: row.head, cutoff: row.cutoff };
  };
}

export function sessionRecords(db: Connection): Records {
  const find = finder(db, "writer");
  const insert = db.query<[SessionRow]>("writer", INSERT);
  const save = db.query<[SessionRow]>("writer", SAVE);
  return {
    find,
    insert: (session) => void insert.run(toRow(session)),
    save: (session) => void save.run(toRow(session)),

    handOut(sid) {
      const found = find(sid);
      if (found === null) throw new Error("the record vanished inside its own transaction");
      return found;
    },
  };
}
