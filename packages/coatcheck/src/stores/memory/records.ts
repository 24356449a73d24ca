import type { Sid } from "../../core/ids.ts";
import type { Found, SessionRecord } from "../../core/session.ts";
import { latestCutoff } from "./log.ts";
import type { Tables } from "./tables.ts";

/** The record as it lies in the table, not a copy of it, with head and cutoff. */
export function find(tables: Tables, sid: Sid): Found | null {
  const session = tables.sessions.get(sid)?.session;
  return session === undefined ? null : { session, head: tables.head, cutoff: latestCutoff(tables, session) };
}

/** What a transaction hands out of a record that it has just written. */
export function handOut(tables: Tables, sid: Sid): Found {
  const it = find(tables, sid);
  if (it === null) throw new Error("the record vanished inside its own transaction");
  return copyFound(it);
}

export function insert(tables: Tables, session: SessionRecord): void {
  if (tables.sessions.has(session.sid)) throw new Error("there is a session with this sid already");
  tables.sessions.set(session.sid, { session, endedAt: null });
  const sids = tables.sidsByUser.get(session.userId) ?? new Set();
  tables.sidsByUser.set(session.userId, sids.add(session.sid));
}

/** Puts a changed record in the place of the one with its sid. */
export function save(tables: Tables, session: SessionRecord): void {
  const row = tables.sessions.get(session.sid);
  if (row !== undefined) row.session = session;
}

export function remove(tables: Tables, { sid, userId }: SessionRecord): void {
  tables.sessions.delete(sid);
  const sids = tables.sidsByUser.get(userId);
  sids?.delete(sid);
  if (sids?.size === 0) tables.sidsByUser.delete(userId);
}

/** A copy that shares nothing with the original. Bytes are copied one by one: a Buffer may be a small window on a large pool. */
export function copySession(session: SessionRecord): SessionRecord {
  const { rotation } = session;
  return {
    ...session,
    secretHash: copyBytes(session.secretHash),
    salt: new Uint8Array(session.salt),
    rotation: { ...rotation, wonBy: copyBytes(rotation.wonBy) },
    amr: [...session.amr],
    device: { ...session.device },
    data: structuredClone(session.data),
  };
}

export function copyFound({ session, head, cutoff }: Found): Found {
  return { session: copySession(session), head, cutoff };
}

function copyBytes(bytes: Uint8Array | null): Uint8Array | null {
  return bytes === null ? null : new Uint8Array(bytes);
}
