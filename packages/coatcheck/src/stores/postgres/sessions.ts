import type { Seq, Sid, UserId } from "../../core/ids.ts";
import type { RefreshDecision, RefreshOutcome, Sessions } from "../../core/ports.ts";
import { isLive } from "../../core/session.ts";
import type { Found } from "../../core/session.ts";
import type { Instant } from "../../core/time.ts";
import { refreshed, renewed, spared } from "../changes.ts";
import { nextSeq } from "../numbering.ts";
import type { Batch } from "./batch.ts";
import { change, question } from "./calls.ts";
import type { Connection, Transaction } from "./connection.ts";
import { LIVE } from "./log.ts";
import type { LogWriter } from "./log.ts";
import { sessionPurge } from "./purge.ts";
import { findRecord, insertRecord, lockRecord, saveRecord } from "./records.ts";
import { handOut, toFound, toRecord } from "../rows.ts";
import type { SessionRow } from "../rows.ts";

/** What {@link Sessions.recent} shows: deadlines by `judgeLifetime` of core/lifetime.ts, a deadline that is reached has passed. */
const ALIVE = `${LIVE} AND s.expires_at > $1 AND s.idle_expires_at > $1`;
const LATEST_FIRST = "ORDER BY s.last_seen_at DESC, s.created_at DESC";

const LIST = question<[Instant, UserId], SessionRow>(
  `SELECT s.* FROM coatcheck.sessions AS s WHERE s.user_id = $2 AND ${ALIVE} ${LATEST_FIRST}`,
);
const RECENT = question<[Instant, number], SessionRow>(`SELECT s.* FROM coatcheck.sessions AS s WHERE ${ALIVE} ${LATEST_FIRST} LIMIT $2`);
const COUNT_OTHERS = question<[Instant, UserId, Sid | null], { others: number }>(
  `SELECT count(*) AS others FROM coatcheck.sessions AS s WHERE s.user_id = $2 AND s.sid IS DISTINCT FROM $3 AND ${ALIVE}`,
);

/** The rows in the order of their keys, as everybody locks them who takes more than one: so no two wait for each other in a circle. */
const TOUCH = change<[sids: readonly string[], seen: readonly number[], idle: readonly number[]]>(`WITH
  touches AS (
    SELECT sid, max(seen) AS seen, max(idle) AS idle FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS t (sid, seen, idle) GROUP BY sid
  ),
  held AS (
    SELECT s.sid FROM coatcheck.sessions AS s WHERE s.sid = ANY ($1::text[]) AND ${LIVE} ORDER BY s.sid FOR NO KEY UPDATE
  )
  UPDATE coatcheck.sessions AS s
  SET last_seen_at = greatest(s.last_seen_at, t.seen), idle_expires_at = greatest(s.idle_expires_at, t.idle)
  FROM touches AS t JOIN held USING (sid) WHERE s.sid = t.sid AND s.ended_seq IS NULL`);

/** A touch may be lost at a crash: it need not wait for the disk. */
const UNHURRIED = change<[]>("SET LOCAL synchronous_commit = off");

export function postgresSessions(db: Connection, log: LogWriter, batch: Batch): Sessions {
  return {
    start: async (session, replaces, now) =>
      await db.transaction(async (tx) => {
        const insert = insertRecord({ ...session, endedSeq: null });
        const isReplaced = replaces !== null && (await isLiveNow(tx, replaces));
        const ahead = isReplaced ? [log.append({ kind: "sid", key: replaces, at: now })] : [];
        const [, [row]] = await tx.commit(insert, { ...findRecord(session.sid), ahead });
        return handOut(row);
      }),

    find: async (sid) => toFound((await db.find(findRecord(sid)))[0]),

    renew: async (sid, renewal) =>
      await db.transaction(async (tx) => {
        // The head is held: no cutoff comes between this look and the new credential, which would outlive it.
        const [, , [row]] = await tx.run(lockRecord(sid), log.hold(renewal.lastSeenAt), findRecord(sid));
        const it = toFound(row);
        if (it === null || !isLive(it)) return null;
        const entry = { kind: "invalidate-sid", key: sid, at: renewal.lastSeenAt } as const;
        const [, , [after]] = await tx.commit(saveRecord(renewed(it.session, renewal)), log.append(entry), findRecord(sid));
        return handOut(after);
      }),

    refresh: async (sid, decide, now) => await db.transaction((tx) => refreshOne(tx, log, { sid, decide, now })),

    async touch(touches) {
      if (touches.length === 0) return;
      const call = TOUCH(
        touches.map((it) => it.sid),
        touches.map((it) => it.lastSeenAt),
        touches.map((it) => it.idleExpiresAt),
      );
      await db.transaction(async (tx) => await tx.commit(UNHURRIED(), call));
    },

    list: async (userId, now) => (await db.find(LIST(now, userId))).map(toRecord),

    recent: async (now, limit) => (await db.find(RECENT(now, limit))).map(toRecord),

    end: async ({ sid, userId }, now) => await batch.end(sid, userId, now),

    endAll: async (userId, keep, now) =>
      await db.transaction(async (tx) => {
        const kept = keep === null ? null : await holdKept(tx, log, { keep, userId, now });
        const cut = log.append({ kind: "user", key: userId, at: now });
        const spare = kept === null ? [] : [saveRecord(spared(kept.session, nextSeq(kept.head)))];
        const [[counted], [cutoff]] = await tx.commit(COUNT_OTHERS(now, userId, keep), cut, ...spare);
        return { ended: (counted as { others: number }).others, seq: (cutoff as { seq: Seq }).seq };
      }),

    purge: sessionPurge(db),
  };
}

async function isLiveNow(tx: Transaction, sid: Sid): Promise<boolean> {
  const [, [row]] = await tx.run(lockRecord(sid), findRecord(sid));
  const it = toFound(row);
  return it !== null && isLive(it);
}

interface Refresh {
  readonly sid: Sid;
  readonly decide: (found: Found) => RefreshDecision;
  readonly now: Instant;
}

async function refreshOne(tx: Transaction, log: LogWriter, { sid, decide, now }: Refresh): Promise<RefreshOutcome | null> {
  // The lock first, and then a look that sees what whoever held it before has done.
  const [, [row]] = await tx.run(lockRecord(sid), findRecord(sid));
  const it = toFound(row);
  if (it === null) return null;
  const decision = decide(it);
  if (decision.kind === "rotate" || decision.kind === "replay") {
    const [, [after]] = await tx.commit(saveRecord(refreshed(it.session, decision)), findRecord(sid));
    // Head and cutoff as they were decided from: a later head would let what is made of it outlive a cutoff that nobody has looked at.
    return { session: handOut(after).session, head: it.head, cutoff: it.cutoff, decision };
  }
  if (decision.kind !== "end" || !isLive(it)) return { ...it, decision };
  const [, [after]] = await tx.commit(log.append({ kind: "sid", key: sid, at: now }), findRecord(sid));
  return { ...handOut(after), decision };
}

/**
 * The session that a cutoff is to spare, if it is this user's and lives. Nobody cuts it off in between: the head is held, and a cutoff that came before
 * would be hidden behind the one that comes now.
 */
export async function holdKept(
  tx: Transaction,
  log: LogWriter,
  { keep, userId, now }: { readonly keep: Sid; readonly userId: UserId; readonly now: Instant },
): Promise<Found | null> {
  const [, , [row]] = await tx.run(lockRecord(keep), log.hold(now), findRecord(keep));
  const it = toFound(row);
  return it !== null && it.session.userId === userId && isLive(it) ? it : null;
}
