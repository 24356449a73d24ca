import type { Seq, Sid } from "../../core/ids.ts";
import { seq } from "../../core/ids.ts";
import type { LogKind } from "../../core/ports.ts";
import type { SessionRecord } from "../../core/session.ts";
import type { Instant } from "../../core/time.ts";
import { entryExpiry, isScope, newMark, nextSeq } from "../numbering.ts";
import type { Scope } from "../numbering.ts";
import type { Cutoff, Tables } from "./tables.ts";

/** Appends one entry and does what it says: a cutoff of a scope is raised, a session is marked as ended. */
export function append(tables: Tables, kind: LogKind, key: string, now: Instant, at: Seq = nextSeq(tables.head)): Seq {
  tables.head = at;
  tables.mark = newMark(tables.random);
  const entry = { seq: at, kind, key, expiresAt: entryExpiry(kind, now, tables.longestAccessTtl), at: now };
  tables.log.push({ entry, mark: tables.mark });
  if (isScope(kind)) tables.cutoffs.set(scopeKey(kind, key), { seq: at, at: now });
  if (kind === "sid") markEnded(tables, key as Sid, at, now);
  wakeAll(tables, false);
  return at;
}

/** Not before the caller is through: nobody may look into the middle of a transaction. */
export function wakeAll({ listeners }: Tables, isAwaited: boolean): void {
  for (const wake of listeners) queueMicrotask(() => wake(isAwaited));
}

/** The cutoffs of all scopes that a session stands in. */
export function cutoffs(tables: Tables, { clientId, userId }: SessionRecord): readonly Cutoff[] {
  const keys = [scopeKey("global", ""), scopeKey("client", clientId), scopeKey("user", userId)];
  return keys.flatMap((key) => tables.cutoffs.get(key) ?? []);
}

export function latestCutoff(tables: Tables, session: SessionRecord): Seq {
  return seq(Math.max(0, ...cutoffs(tables, session).map((cutoff) => cutoff.seq)));
}

function scopeKey(scope: Scope, key: string): string {
  return `${scope}:${key}`;
}

function markEnded(tables: Tables, sid: Sid, at: Seq, now: Instant): void {
  const row = tables.sessions.get(sid);
  if (row === undefined || row.session.endedSeq !== null) return;
  row.session = { ...row.session, endedSeq: at };
  row.endedAt = now;
}
