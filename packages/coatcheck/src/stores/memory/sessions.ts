import type { Seq, Sid, UserId } from "../../core/ids.ts";
import { judgeLifetime } from "../../core/lifetime.ts";
import type { EndOutcome, RefreshDecision, RefreshOutcome, Sessions, Touch } from "../../core/ports.ts";
import { isLive } from "../../core/session.ts";
import type { Found, SessionRecord } from "../../core/session.ts";
import { instant } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import { refreshed, renewed, spared } from "../changes.ts";
import { append, cutoffs } from "./log.ts";
import { copyFound, copySession, find, handOut, insert, remove, save } from "./records.ts";
import type { Memory, SessionRow, Tables } from "./tables.ts";

export function memorySessions(memory: Memory): Sessions {
  return {
    start(session, replaces, now) {
      const tables = memory.write();
      insert(tables, copySession({ ...session, endedSeq: null }));
      if (replaces !== null) endOne(tables, replaces, now);
      return handOut(tables, session.sid);
    },

    find(sid) {
      const it = find(memory.read(), sid);
      return it === null ? null : copyFound(it);
    },

    renew(sid, renewal) {
      const tables = memory.write();
      const it = find(tables, sid);
      if (it === null || !isLive(it)) return null;
      save(tables, copySession(renewed(it.session, renewal)));
      append(tables, "invalidate-sid", sid, renewal.lastSeenAt);
      return handOut(tables, sid);
    },

    refresh: (sid, decide, now) => refreshOne(memory.write(), sid, decide, now),

    touch(touches) {
      const tables = memory.write();
      for (const touch of touches) touchOne(tables, touch);
    },

    list: (userId, now) => liveOf(memory.read(), userId, now).map(copySession),

    recent(now, limit) {
      const tables = memory.read();
      return live(tables, tables.sessions.keys(), now).slice(0, limit).map(copySession);
    },

    end({ sid, userId }, now) {
      const tables = memory.write();
      const it = find(tables, sid);
      if (it === null || (userId !== undefined && it.session.userId !== userId)) return { ended: 0, seq: tables.head };
      return endOne(tables, sid, now);
    },

    endAll(userId, keep, now) {
      const tables = memory.write();
      const ended = liveOf(tables, userId, now).filter(({ sid }) => sid !== keep).length;
      return { ended, seq: cutOffUser(tables, userId, keep, now) };
    },

    purge(before, limit) {
      const tables = memory.write();
      const gone = [...tables.sessions.values()].filter((row) => overSince(tables, row) < before).slice(0, limit);
      for (const { session } of gone) remove(tables, session);
      return gone.length;
    },
  };
}

function refreshOne(tables: Tables, sid: Sid, decide: (found: Found) => RefreshDecision, now: Instant): RefreshOutcome | null {
  const it = find(tables, sid);
  if (it === null) return null;
  const decision = decide(copyFound(it));
  if (decision.kind === "end") endOne(tables, sid, now);
  if (decision.kind === "rotate" || decision.kind === "replay") save(tables, copySession(refreshed(it.session, decision)));
  return { ...handOut(tables, sid), decision };
}

/** The mark that ends every session of a user but one. */
function cutOffUser(tables: Tables, userId: UserId, keep: Sid | null, now: Instant): Seq {
  const kept = keep === null ? null : find(tables, keep);
  const cutoff = append(tables, "user", userId, now);
  if (kept !== null && kept.session.userId === userId && isLive(kept)) save(tables, spared(kept.session, cutoff));
  return cutoff;
}

function endOne(tables: Tables, sid: Sid, now: Instant): EndOutcome {
  const it = find(tables, sid);
  if (it === null || !isLive(it)) return { ended: 0, seq: tables.head };
  return { ended: 1, seq: append(tables, "sid", sid, now) };
}

function touchOne(tables: Tables, touch: Touch): void {
  const it = find(tables, touch.sid);
  if (it === null || !isLive(it)) return;
  save(tables, {
    ...it.session,
    lastSeenAt: instant(Math.max(it.session.lastSeenAt, touch.lastSeenAt)),
    idleExpiresAt: instant(Math.max(it.session.idleExpiresAt, touch.idleExpiresAt)),
  });
}

function liveOf(tables: Tables, userId: UserId, now: Instant): SessionRecord[] {
  return live(tables, tables.sidsByUser.get(userId) ?? [], now);
}

/** Those of `sids` that live, latest activity first. */
function live(tables: Tables, sids: Iterable<Sid>, now: Instant): SessionRecord[] {
  return [...sids]
    .flatMap((sid) => find(tables, sid) ?? [])
    .filter((it) => isLive(it) && judgeLifetime(it.session, now) === "alive")
    .map((it) => it.session)
    .sort(latestFirst);
}

function latestFirst(a: SessionRecord, b: SessionRecord): number {
  return b.lastSeenAt - a.lastSeenAt || b.createdAt - a.createdAt;
}

/** Since when a record is of no use to anybody; the end of time for one that still lives. */
function overSince(tables: Tables, { session, endedAt }: SessionRow): number {
  const cut = cutoffs(tables, session).filter((cutoff) => session.rsq < cutoff.seq);
  return Math.min(session.expiresAt, session.idleExpiresAt, endedAt ?? Infinity, ...cut.map((cutoff) => cutoff.at));
}
