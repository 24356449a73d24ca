import type { Seq } from "../../core/ids.ts";
import type { LogKind, Random } from "../../core/ports.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { entryExpiry, isScope, newMark, nextSeq } from "../numbering.ts";
import type { Connection } from "./connection.ts";

/** The latest cutoff over all scopes that a row of `sessions AS s` stands in. */
export const CUTOFF = `max(
  coalesce((SELECT seq FROM cutoffs WHERE scope = 'global' AND key = ''), 0),
  coalesce((SELECT seq FROM cutoffs WHERE scope = 'client' AND key = s.client_id), 0),
  coalesce((SELECT seq FROM cutoffs WHERE scope = 'user' AND key = s.user_id), 0))`;

/** `isLive` of core/session.ts for a row of `sessions AS s`. */
export const LIVE = `(s.ended_seq IS NULL AND s.rsq >= ${CUTOFF})`;

/** The writing end of the log. Both methods belong inside a transaction of the writer. */
export interface LogWriter {
  head(): Seq;
  /** Appends one entry and does what it says: a cutoff of a scope is raised, a session is marked as ended. */
  append(kind: LogKind, key: string, now: Instant, at?: Seq): Seq;
}

interface Head {
  readonly seq: Seq;
  readonly longest_access_ttl: Milliseconds | null;
}

export function logWriter(db: Connection, random: Random): LogWriter {
  const readHead = db.query<[], Head>("writer", "SELECT seq, longest_access_ttl FROM rev_head");
  const moveHead = db.query<[Seq, string]>("writer", "UPDATE rev_head SET seq = ?, mark = ?");
  const insert = db.query<[Seq, string, LogKind, string, Instant, Instant]>(
    "writer",
    "INSERT INTO rev_log (seq, mark, kind, key, expires_at, at) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const raiseCutoff = db.query<[LogKind, string, Seq, Instant]>(
    "writer",
    "INSERT INTO cutoffs (scope, key, seq, unswept) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq, unswept = excluded.unswept",
  );
  const markEnded = db.query<[Seq, Instant, string]>(
    "writer",
    "UPDATE sessions SET ended_seq = ?, ended_at = ? WHERE sid = ? AND ended_seq IS NULL",
  );

  const head = (): Head => readHead.get() as Head;
  return {
    head: () => head().seq,

    append(kind, key, now, at) {
      const before = head();
      const position = at ?? nextSeq(before.seq);
      const mark = newMark(random);
      moveHead.run(position, mark);
      insert.run(position, mark, kind, key, entryExpiry(kind, now, before.longest_access_ttl), now);
      if (isScope(kind)) raiseCutoff.run(kind, key, position, now);
      if (kind === "sid") markEnded.run(position, now, key);
      return position;
    },
  };
}
