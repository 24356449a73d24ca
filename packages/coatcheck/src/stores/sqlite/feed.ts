import type { Seq } from "../../core/ids.ts";
import type { Feed, LogEntry, LogKind } from "../../core/ports.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { nextEpoch } from "../numbering.ts";
import type { Connection } from "./connection.ts";
import type { LogWriter } from "./log.ts";

/** One row for each entry, each with the head; when there is no entry, one row with the head alone. */
interface PageRow {
  readonly head: Seq;
  readonly mark: string;
  readonly from_mark: string | null;
  readonly incarnation: string;
  readonly seq: Seq | null;
  readonly kind: LogKind;
  readonly key: string;
  readonly expires_at: Instant;
  readonly at: Instant;
}

export function sqliteFeed(db: Connection, log: LogWriter): Feed {
  const page = db.query<[{ readonly from: Seq }], PageRow>(
    "reader",
    `SELECT h.seq AS head, h.mark, h.incarnation,
       CASE :from WHEN 0 THEN '' WHEN h.seq THEN h.mark ELSE (SELECT mark FROM rev_log WHERE seq = :from) END AS from_mark,
       l.seq, l.kind, l.key, l.expires_at, l.at
     FROM rev_head AS h LEFT JOIN rev_log AS l ON l.seq > :from ORDER BY l.seq`,
  );
  const raiseAccessTtl = db.query<[Milliseconds], { longest: Milliseconds }>(
    "writer",
    "UPDATE rev_head SET longest_access_ttl = max(coalesce(longest_access_ttl, 0), ?) RETURNING longest_access_ttl AS longest",
  );
  const prune = db.query<[Instant]>("writer", "DELETE FROM rev_log WHERE expires_at < ?");

  return {
    since(from) {
      const rows = page.all({ from });
      const { head, mark, from_mark: fromMark, incarnation } = rows[0] as PageRow;
      return { entries: rows.flatMap(toEntry), head, mark, fromMark, incarnation };
    },

    moved: () => db.changed(),

    append: (kind, key, now) => db.transaction(() => log.append(kind, key, now)),

    raiseAccessTtl: (ttl) => db.transaction(() => (raiseAccessTtl.get(ttl) as { longest: Milliseconds }).longest),

    raiseEpoch: (seen, now) =>
      db.transaction(() => {
        const head = log.head();
        return head === seen ? log.append("invalidate-all", "", now, nextEpoch(head)) : head;
      }),

    prune: (before) => db.transaction(() => prune.run(before)),
  };
}

function toEntry({ seq, kind, key, expires_at, at }: PageRow): LogEntry | [] {
  return seq === null ? [] : { seq, kind, key, expiresAt: expires_at, at };
}
