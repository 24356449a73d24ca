import type { Sid } from "../../core/ids.ts";
import type { SessionRecord } from "../../core/session.ts";
import { change, question } from "./calls.ts";
import type { Call, Value } from "./calls.ts";
import { CUTOFF, HEAD } from "./log.ts";
import { toRow } from "../rows.ts";
import type { FoundRow, SessionRow } from "../rows.ts";

/** Row, head and cutoff in one statement: one snapshot. Under the row's lock it is the latest there is. */
export const findRecord = question<[Sid], FoundRow>(
  `SELECT s.*, ${HEAD} AS head, ${CUTOFF} AS cutoff FROM coatcheck.sessions AS s WHERE s.sid = $1`,
);

/** Nobody else changes or ends this session until the transaction has ended. What is read in the same statement may be older than the lock. */
export const lockRecord = question<[Sid], unknown>("SELECT FROM coatcheck.sessions WHERE sid = $1 FOR UPDATE");

const COLUMNS = [
  ...[
    "sid",
    "user_id",
    "client_id",
    "carrier",
    "secret_hash",
    "salt",
    "generation",
    "won_by",
    "rotated_at",
    "replays",
    "rsq",
    "created_at",
  ],
  ...["auth_time", "amr", "last_seen_at", "expires_at", "idle_expires_at", "device_label", "device_user_agent", "device_ip", "data"],
] as const satisfies readonly (keyof SessionRow)[];

/** What may change in a record; ending it is the log's. */
const CHANGING = [
  ...["secret_hash", "generation", "won_by", "rotated_at", "replays", "rsq", "auth_time", "amr", "last_seen_at", "idle_expires_at"],
] as const satisfies readonly (keyof SessionRow)[];

const INSERT = change<Value[]>(
  `INSERT INTO coatcheck.sessions (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map((_, index) => `$${index + 1}`).join(", ")})`,
);

const SAVE = change<Value[]>(
  `UPDATE coatcheck.sessions SET ${CHANGING.map((column, index) => `${column} = $${index + 2}`).join(", ")} WHERE sid = $1`,
);

export function insertRecord(session: SessionRecord): Call<unknown> {
  const row = toRow(session);
  return INSERT(...COLUMNS.map((column) => row[column]));
}

export function saveRecord(session: SessionRecord): Call<unknown> {
  const row = toRow(session);
  return SAVE(row.sid, ...CHANGING.map((column) => row[column]));
}
