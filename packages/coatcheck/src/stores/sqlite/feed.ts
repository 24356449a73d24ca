import type { Seq } from "../../core/ids.ts";
import type { Feed, Hold, LeaseHolder, LogEntry, LogKind, LogPage, Random } from "../../core/ports.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { newMark, nextEpoch } from "../numbering.ts";
import type { Connection } from "./connection.ts";
import type { LogWriter } from "./log.ts";
import { refuseMoved } from "./moved.ts";

/** One row for each entry, each with the head; when there is no entry, one row with the head alone. */
interface PageRow {
  readonly head: Seq;
  readonly mark: string;
  readonly from_mark: string | null;
  readonly incarnation: string;
  readonly moved_to: string | null;
  readonly seq: Seq | null;
  readonly kind: LogKind;
  readonly key: string;
  readonly expires_at: Instant;
  readonly at: Instant;
}

export function sqliteFeed(db: Connection, log: LogWriter, random: Random): Feed {
  const since = pageReader(db);
  const raiseAccessTtl = db.query<[Milliseconds], { longest: Milliseconds }>(
    "writer",
    "UPDATE rev_head SET longest_access_ttl = max(coalesce(longest_access_ttl, 0), ?) RETURNING longest_access_ttl AS longest",
  );
  const prune = db.query<[Instant]>("writer", "DELETE FROM rev_log WHERE expires_at < ?");

  return {
    since,

    moved: () => db.changed(),

    listen: (wake) => db.onChange(() => wake(false)),

    // Whoever opens the file asks it before each decision, and holds no lease.
    hurry: () => undefined,

    ...leaseHolders(db, since, random),

    append: (kind, key, now) => db.transaction(() => log.append(kind, key, now)),

    raiseAccessTtl: (ttl) => db.transaction(() => (raiseAccessTtl.get(ttl) as { longest: Milliseconds }).longest),

    raiseEpoch: (seen, above, now) =>
      db.transaction(() => {
        const head = log.head();
        return head === seen ? log.append("invalidate-all", "", now, nextEpoch(head, above)) : head;
      }),

    prune: (before) => db.transaction(() => prune.run(before)),
  };
}

function pageReader(db: Connection): (from: Seq) => LogPage {
  const page = db.query<[{ readonly from: Seq }], PageRow>(
    "reader",
    `SELECT h.seq AS head, h.mark, h.incarnation, h.moved_to,
       CASE :from WHEN 0 THEN '' WHEN h.seq THEN h.mark ELSE (SELECT mark FROM rev_log WHERE seq = :from) END AS from_mark,
       l.seq, l.kind, l.key, l.expires_at, l.at
     FROM rev_head AS h LEFT JOIN rev_log AS l ON l.seq > :from ORDER BY l.seq`,
  );
  return (from) => {
    const rows = page.all({ from });
    const { head, mark, from_mark: fromMark, incarnation, moved_to: movedTo } = rows[0] as PageRow;
    // Every check asks for the log once the file has moved: so each of them hears of it.
    refuseMoved(movedTo);
    return { entries: rows.flatMap(toEntry), head, mark, fromMark, incarnation };
  };
}

/** Who may be deciding from memory, as durable as what has ended: a power cut ends the store, and not those who hold a lease on it. */
function leaseHolders(db: Connection, since: (from: Seq) => LogPage, random: Random): Pick<Feed, "confirm" | "holders" | "pruneHolders"> {
  const note = db.query<[Hold & { readonly beat: string; readonly at: Instant }]>(
    "writer",
    `INSERT INTO lease_holders (holder, lease, beat, at, applied) VALUES (@holder, @lease, @beat, @at,
       iif(@from IN (SELECT seq FROM rev_head WHERE mark = @mark UNION ALL SELECT seq FROM rev_log WHERE seq = @from AND mark = @mark), @from, 0))
     ON CONFLICT DO UPDATE SET applied = excluded.applied, lease = excluded.lease, beat = excluded.beat, at = excluded.at`,
  );
  const list = db.query<[], LeaseHolder>("reader", "SELECT holder, applied, lease, beat FROM lease_holders");
  const prune = db.query<[Instant]>("writer", "DELETE FROM lease_holders WHERE at < ?");
  return {
    confirm({ holder, from, mark, lease }, now) {
      const beat = newMark(random);
      db.transaction(() => void note.run({ holder, from, mark, lease, beat, at: now }));
      return { ...since(from), storeClock: null };
    },

    holders: () => list.all(),

    pruneHolders: (before) => db.transaction(() => prune.run(before)),
  };
}

function toEntry({ seq, kind, key, expires_at, at }: PageRow): LogEntry | [] {
  return seq === null ? [] : { seq, kind, key, expiresAt: expires_at, at };
}
