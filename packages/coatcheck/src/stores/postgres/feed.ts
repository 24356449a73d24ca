import type { Seq } from "../../core/ids.ts";
import type { Feed, LeaseHolder, LogEntry, LogKind, LogPage, Random } from "../../core/ports.ts";
import { instant } from "../../core/time.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { newMark } from "../numbering.ts";
import type { Batch } from "./batch.ts";
import { change, question } from "./calls.ts";
import type { Connection } from "./connection.ts";
import type { Listener } from "./listener.ts";
import { AWAITED, CHANNEL } from "./log.ts";
import type { LogWriter } from "./log.ts";

/** One row for each entry, each with the head; when there is no entry, one row with the head alone. */
interface PageRow {
  readonly head: Seq;
  readonly mark: string;
  readonly from_mark: string | null;
  readonly incarnation: string;
  readonly clock: number;
  readonly seq: Seq | null;
  readonly kind: LogKind;
  readonly key: string;
  readonly expires_at: Instant;
  readonly at: Instant;
}

/** One statement: one snapshot, in which the head is the last of what can be seen. */
const PAGE = question<[Seq], PageRow>(
  `SELECT h.seq AS head, h.mark, h.incarnation, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS clock,
     CASE $1::bigint WHEN 0 THEN '' WHEN h.seq THEN h.mark ELSE (SELECT mark FROM coatcheck.rev_log WHERE seq = $1) END AS from_mark,
     l.seq, l.kind, l.key, l.expires_at, l.at
   FROM coatcheck.rev_head AS h LEFT JOIN coatcheck.rev_log AS l ON l.seq > $1 ORDER BY l.seq`,
);
const RAISE_ACCESS_TTL = change<[Milliseconds], { longest: Milliseconds }>(
  `UPDATE coatcheck.rev_head SET longest_access_ttl = greatest(longest_access_ttl, $1) WHERE id = 1 RETURNING longest_access_ttl AS longest`,
);
const HURRY = question<[], unknown>(`SELECT pg_notify('${CHANNEL}', '${AWAITED}')`);
const PRUNE = change<[Instant], { pruned: number }>(
  "WITH gone AS (DELETE FROM coatcheck.rev_log WHERE expires_at < $1 RETURNING 1) SELECT count(*) AS pruned FROM gone",
);

export function postgresFeed(db: Connection, { log, batch, listener, random }: FeedParts): Feed {
  return {
    since: async (from) => toPage(await db.find(PAGE(from))),

    // Other hosts write too, and no answer of theirs is nearer than the server's.
    moved: null,

    listen: (wake) => listener.listen(wake),

    hurry: async () => void (await db.find(HURRY())),

    ...leaseHolders(db, log, random),

    append: (kind, key, now) => batch.append(kind, key, now),

    async raiseAccessTtl(ttl) {
      const [[row]] = await db.send(RAISE_ACCESS_TTL(ttl));
      return (row as { longest: Milliseconds }).longest;
    },

    raiseEpoch: async (seen, above, now) =>
      await db.transaction(async (tx) => {
        const [[held]] = await tx.run(log.hold(now));
        const { seq: head } = held as { seq: Seq };
        if (head !== seen) {
          await tx.commit();
          return head;
        }
        const [[raised]] = await tx.commit(log.appendInNewEpoch(head, above, now));
        return (raised as { seq: Seq }).seq;
      }),

    prune: async (before) => (await db.send(PRUNE(before)))[0][0]?.pruned ?? 0,
  };
}

export interface FeedParts {
  readonly log: LogWriter;
  readonly batch: Batch;
  readonly listener: Listener;
  readonly random: Random;
}

const NOTE = change<[string, Seq, string, Milliseconds, string, Instant]>(
  `INSERT INTO coatcheck.lease_holders (holder, applied, lease, beat, at)
   SELECT $1, coalesce((SELECT seq FROM coatcheck.rev_head WHERE seq = $2 AND mark = $3),
     (SELECT seq FROM coatcheck.rev_log WHERE seq = $2 AND mark = $3), 0), $4, $5, $6
   ON CONFLICT (holder) DO UPDATE SET applied = excluded.applied, lease = excluded.lease, beat = excluded.beat, at = excluded.at`,
);
const HOLDERS = question<[], LeaseHolder>("SELECT holder, applied, lease, beat FROM coatcheck.lease_holders");
const PRUNE_HOLDERS = change<[Instant], { pruned: number }>(
  "WITH gone AS (DELETE FROM coatcheck.lease_holders WHERE at < $1 RETURNING 1) SELECT count(*) AS pruned FROM gone",
);

/**
 * The note is a commit like any other: it waits for the synchronous standby where there is one, so a primary that was deposed, or can't be written, gives
 * nobody leave. What is read after it is read in a snapshot of its own.
 */
function leaseHolders(db: Connection, log: LogWriter, random: Random): Pick<Feed, "confirm" | "holders" | "pruneHolders"> {
  return {
    async confirm({ holder, from, mark, lease }, now) {
      const [, , page] = await db.send(log.beginLife(now), NOTE(holder, from, mark, lease, newMark(random), now), PAGE(from));
      return { ...toPage(page), storeClock: instant((page[0] as PageRow).clock) };
    },

    holders: async () => await db.find(HOLDERS()),

    pruneHolders: async (before) => (await db.send(PRUNE_HOLDERS(before)))[0][0]?.pruned ?? 0,
  };
}

function toPage(rows: readonly PageRow[]): LogPage {
  const { head, mark, from_mark: fromMark, incarnation } = rows[0] as PageRow;
  return { entries: rows.flatMap(toEntry), head, mark, fromMark, incarnation };
}

function toEntry({ seq, kind, key, expires_at, at }: PageRow): LogEntry | [] {
  return seq === null ? [] : { seq, kind, key, expiresAt: expires_at, at };
}
