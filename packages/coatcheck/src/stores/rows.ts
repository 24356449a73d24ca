import type { ClientProof, ClientRecord } from "../core/clients.ts";
import type { ClientId, Seq, Sid, UserId } from "../core/ids.ts";
import type { AuditEvent, SigningKeyRecord, UserProof, UserRecord } from "../core/ports.ts";
import type { CarrierName, Found, JsonValue, SessionRecord } from "../core/session.ts";
import type { Instant } from "../core/time.ts";

// The rows as the tables of both databases have them, and the records that they hold. One has no booleans, and both give their driver's own bytes.

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

export function toRow(session: SessionRecord): SessionRow {
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

export function toFound(row: FoundRow | undefined): Found | null {
  return row === undefined ? null : { session: toRecord(row), head: row.head, cutoff: row.cutoff };
}

/** What a transaction hands out of a record that it has just written. */
export function handOut(row: FoundRow | undefined): Found {
  const found = toFound(row);
  if (found === null) throw new Error("the record vanished inside its own transaction");
  return found;
}

export interface AuditRow {
  readonly at: Instant;
  readonly event: string;
  readonly user_id: UserId | null;
  readonly sid: Sid | null;
  readonly ip: string;
  readonly carrier: CarrierName | null;
  readonly detail: string;
}

export function toEvent(row: AuditRow): AuditEvent {
  return {
    at: row.at,
    event: row.event,
    userId: row.user_id,
    sid: row.sid,
    ip: row.ip,
    carrier: row.carrier,
    detail: JSON.parse(row.detail) as AuditEvent["detail"],
  };
}

export interface KeyRow {
  readonly kid: string;
  readonly alg: string;
  readonly public_jwk: string;
  readonly sealed: Uint8Array | null;
  readonly created_at: Instant;
  readonly signs_from: Instant;
  readonly revoked_at: Instant | null;
}

export function toKey(row: KeyRow): SigningKeyRecord {
  return {
    kid: row.kid,
    alg: row.alg,
    publicJwk: row.public_jwk,
    sealed: plainBytes(row.sealed),
    createdAt: row.created_at,
    signsFrom: row.signs_from,
    revokedAt: row.revoked_at,
  };
}

type Flag = boolean | number;

export interface UserRow {
  readonly id: UserId;
  readonly email: string;
  readonly name: string;
  readonly roles: string;
  readonly email_verified: Flag;
  readonly disabled: Flag;
  readonly created_at: Instant;
  readonly password_hash: string;
}

export function toUser(row: UserRow): UserRecord {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    roles: JSON.parse(row.roles) as string[],
    emailVerified: Boolean(row.email_verified),
    disabled: Boolean(row.disabled),
    createdAt: row.created_at,
  };
}

export type UserProofRow = UserRow & { readonly head: Seq };

export function toUserProof(row: UserProofRow | undefined): UserProof | null {
  return row === undefined ? null : { user: toUser(row), passwordHash: row.password_hash, head: row.head };
}

export interface ClientRow {
  readonly id: ClientId;
  readonly name: string;
  readonly scopes: string;
  readonly audiences: string;
  readonly disabled: Flag;
  readonly created_at: Instant;
  readonly secret_hash: Uint8Array;
}

export function toClient(row: ClientRow): ClientRecord {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as string[],
    audiences: JSON.parse(row.audiences) as string[],
    disabled: Boolean(row.disabled),
    createdAt: row.created_at,
  };
}

export type ClientProofRow = ClientRow & { readonly head: Seq };

export function toClientProof(row: ClientProofRow | undefined): ClientProof | null {
  return row === undefined ? null : { client: toClient(row), secretHash: plainBytes(row.secret_hash), head: row.head };
}

/** The driver's Buffer, seen as the plain bytes that the ports promise. */
function plainBytes<T extends Uint8Array | null>(bytes: T): T {
  return (bytes === null ? null : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)) as T;
}
