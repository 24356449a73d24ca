import type { ClientId, Seq, Sid, UserId } from "../../core/ids.ts";
import type { CarrierName, Found, JsonValue, SessionRecord } from "../../core/session.ts";
import type { Instant } from "../../core/time.ts";
import { change, question } from "./calls.ts";
import type { Call, Value } from "./calls.ts";
import { CUTOFF, HEAD } from "./log.ts";

export interface SessionRow {
  readonly sid: Sid;
  readonly user_id: UserId;
  readonly client_id: ClientId;
  readonly carrier: CarrierName;
  readonly secret_hash: Uint8Array | null;
  readonly salt: Uint8Array;
  readonly generation: number;
  readonly won_by: Uint8Array | null;
  readonly rotated_at: Instant;
  readonly replays: number;
  readonly rsq: Seq;
  readonly created_at: Instant;
  readonly auth_time: Instant;
  readonly amr: string;
  readonly last_seen_at: Instant;
  readonly expires_at: Instant;
  readonly idle_expires_at: Instant;
  readonly device_label: string;
  readonly device_user_agent: string;
  readonly device_ip: string;
  readonly data: string;
  readonly ended_seq: Seq | null;
}

export type FoundRow = SessionRow & { readonly head: Seq; readonly cutoff: Seq };

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

export function toFound(row: FoundRow | undefined): Found | null {
  return row === undefined ? null : { session: toRecord(row), head: row.head, cutoff: row.cutoff };
}

/** What a transaction hands out of a record that it has just written. */
export function handOut(row: FoundRow | undefined): Found {
  const found = toFound(row);
  if (found === null) throw new Error("the record vanished inside its own transaction");
  return found;
}

export function toRecord(row: SessionRow): SessionRecord {
  return {
    sid: row.sid,
    userId: row.user_id,
    clientId: row.client_id,
    carrier: row.carrier,
    secretHash: plainBytes(row.secret_hash),
    salt: plainBytes(row.salt),
    rotation: { generation: row.generation, wonBy: plainBytes(row.won_by), rotatedAt: row.rotated_at, replays: row.replays },
    rsq: row.rsq,
    createdAt: row.created_at,
    authTime: row.auth_time,
    amr: JSON.parse(row.amr) as string[],
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    idleExpiresAt: row.idle_expires_at,
    device: { label: row.device_label, userAgent: row.device_user_agent, ip: row.device_ip },
    data: JSON.parse(row.data) as JsonValue,
    endedSeq: row.ended_seq,
  };
}

function toRow(session: SessionRecord): SessionRow {
  return {
    sid: session.sid,
    user_id: session.userId,
    client_id: session.clientId,
    carrier: session.carrier,
    secret_hash: session.secretHash,
    salt: session.salt,
    generation: session.rotation.generation,
    won_by: session.rotation.wonBy,
    rotated_at: session.rotation.rotatedAt,
    replays: session.rotation.replays,
    rsq: session.rsq,
    created_at: session.createdAt,
    auth_time: session.authTime,
    amr: JSON.stringify(session.amr),
    last_seen_at: session.lastSeenAt,
    expires_at: session.expiresAt,
    idle_expires_at: session.idleExpiresAt,
    device_label: session.device.label,
    device_user_agent: session.device.userAgent,
    device_ip: session.device.ip,
    data: JSON.stringify(session.data),
    ended_seq: session.endedSeq,
  };
}

/** The driver's Buffer, seen as the plain bytes that the ports promise. */
export function plainBytes<T extends Uint8Array | null>(bytes: T): T {
  return (bytes === null ? null : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as T;
}
