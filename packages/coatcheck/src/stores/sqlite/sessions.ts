import type { Seq, Sid, UserId } from "../../core/ids.ts";
import type { EndOutcome, RefreshDecision, RefreshOutcome, Renewal, Sessions, Touch } from "../../core/ports.ts";
import { isLive } from "../../core/session.ts";
import type { Found } from "../../core/session.ts";
import type { Instant } from "../../core/time.ts";
import { refreshed, renewed, spared } from "../changes.ts";
import type { Connection } from "./connection.ts";
import type { LogWriter } from "./log.ts";
import { LIVE } from "./log.ts";
import { sessionPurge } from "./purge.ts";
import { finder, sessionRecords } from "./records.ts";
import type { Records } from "./records.ts";
import { toRecord } from "../rows.ts";
import type { SessionRow } from "../rows.ts";

/** What {@link Sessions.recent} shows: deadlines by `judgeLifetime` of core/lifetime.ts, a deadline that is reached has passed. */
const ALIVE = `${LIVE} AND s.expires_at > @now AND s.idle_expires_at > @now`;
/** What {@link Sessions.list} shows. */
const LISTED = `s.user_id = @userId AND ${ALIVE}`;
const LATEST_FIRST = "ORDER BY s.last_seen_at DESC, s.created_at DESC";

export function sqliteSessions(db: Connection, log: LogWriter): Sessions {
  const records = sessionRecords(db);
  const cutOffUser = userCutoff(records, log);
  const { endOne, renewOne, refreshOne } = stepsOnOne(records, log);
  const list = db.query<[{ userId: UserId; now: Instant }], SessionRow>(
    "reader",
    `SELECT s.* FROM sessions AS s WHERE ${LISTED} ${LATEST_FIRST}`,
  );
  const recent = db.query<[{ now: Instant; limit: number }], SessionRow>(
    "reader",
    `SELECT s.* FROM sessions AS s WHERE ${ALIVE} ${LATEST_FIRST} LIMIT @limit`,
  );
  const countOthers = db.query<[{ userId: UserId; now: Instant; keep: Sid | null }], { others: number }>(
    "writer",
    `SELECT count(*) AS others FROM sessions AS s WHERE ${LISTED} AND s.sid IS NOT @keep`,
  );
  const touch = db.query<[Touch]>(
    "toucher",
    `UPDATE sessions AS s SET last_seen_at = max(last_seen_at, @lastSeenAt), idle_expires_at = max(idle_expires_at, @idleExpiresAt)
     WHERE s.sid = @sid AND ${LIVE}`,
  );

  return {
    start: (session, replaces, now) =>
      db.transaction(() => {
        records.insert({ ...session, endedSeq: null });
        if (replaces !== null) endOne(replaces, undefined, now);
        return records.handOut(session.sid);
      }),

    find: finder(db, "reader"),

    renew: (sid, renewal) => db.transaction(() => renewOne(sid, renewal)),

    refresh: (sid, decide, now) => db.transaction(() => refreshOne(sid, decide, now)),

    touch(touches) {
      if (touches.length > 0) db.transaction(() => touches.forEach((one) => touch.run(one)), "toucher");
    },

    list: (userId, now) => list.all({ userId, now }).map(toRecord),

    recent: (now, limit) => recent.all({ now, limit }).map(toRecord),

    end: ({ sid, userId }, now) => db.transaction(() => endOne(sid, userId, now)),

    endAll: (userId, keep, now) =>
      db.transaction(() => {
        const ended = countOthers.get({ userId, now, keep })?.others ?? 0;
        return { ended, seq: cutOffUser(userId, keep, now) };
      }),

    purge: sessionPurge(db),
  };
}

/** What is done to one session; each belongs inside a transaction of the writer. */
function stepsOnOne(records: Records, log: LogWriter) {
  function endOne(sid: Sid, userId: UserId | undefined, now: Instant): EndOutcome {
    const it = records.find(sid);
    const theirs = it !== null && (userId === undefined || it.session.userId === userId);
    if (!theirs || !isLive(it)) return { ended: 0, seq: log.head() };
    return { ended: 1, seq: log.append("sid", sid, now) };
  }

  function renewOne(sid: Sid, renewal: Renewal): Found | null {
    const it = records.find(sid);
    if (it === null || !isLive(it)) return null;
    records.save(renewed(it.session, renewal));
    log.append("invalidate-sid", sid, renewal.lastSeenAt);
    return records.handOut(sid);
  }

  function refreshOne(sid: Sid, decide: (found: Found) => RefreshDecision, now: Instant): RefreshOutcome | null {
    const it = records.find(sid);
    if (it === null) return null;
    const decision = decide(it);
    if (decision.kind === "end") endOne(sid, undefined, now);
    if (decision.kind === "rotate" || decision.kind === "replay") records.save(refreshed(it.session, decision));
    return { ...records.handOut(sid), decision };
  }

  return { endOne, renewOne, refreshOne };
}

/** The mark that ends every session of a user but one. */
function userCutoff(records: Records, log: LogWriter): (userId: UserId, keep: Sid | null, now: Instant) => Seq {
  return (userId, keep, now) => {
    const kept = keep === null ? null : records.find(keep);
    const cutoff = log.append("user", userId, now);
    if (kept !== null && kept.session.userId === userId && isLive(kept)) records.save(spared(kept.session, cutoff));
    return cutoff;
  };
}
