import type { Seq } from "../../core/ids.ts";
import { seq } from "../../core/ids.ts";
import type { LogKind, Random } from "../../core/ports.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { entryExpiry, newMark, nextEpoch } from "../numbering.ts";
import { change, LIFE, question } from "./calls.ts";
import type { Call } from "./calls.ts";

/** The latest cutoff over all scopes that a row of `sessions AS s` stands in. */
export const CUTOFF = `greatest(
  (SELECT seq FROM coatcheck.cutoffs WHERE scope = 'global' AND key = ''),
  (SELECT seq FROM coatcheck.cutoffs WHERE scope = 'client' AND key = s.client_id),
  (SELECT seq FROM coatcheck.cutoffs WHERE scope = 'user' AND key = s.user_id), 0)`;

/** `isLive` of core/session.ts for a row of `sessions AS s`. */
export const LIVE = `(s.ended_seq IS NULL AND s.rsq >= ${CUTOFF})`;

export const HEAD = "(SELECT seq FROM coatcheck.rev_head)";

/** What to append, but for its position. */
export interface Entry {
  readonly kind: LogKind;
  readonly key: string;
  readonly at: Instant;
}

/** Where readers are woken. */
export const CHANNEL = "coatcheck";
/** What they are told there when somebody waits for their word; nothing otherwise. */
export const AWAITED = "awaited";

/** One row of an append, whatever makes it: told to whoever listens when, and if, it is committed. */
interface Appended {
  readonly seq: Seq;
}

// The one place that numbers. The row of rev_head stays locked until the transaction has committed and can be seen: the next one gets a later number, and
// whoever reads the head reads everything before it. A sequence would give its numbers before the commit, and readers would pass some over. Because all who
// append wait for each other here, it comes last in every transaction, together with COMMIT, after all other locks.

/** Which entries mark a scope, and which end a session, is said here once more in SQL: `isScope` of numbering.ts. */
const APPEND = change<
  [
    lift: number,
    kinds: readonly string[],
    keys: readonly string[],
    marks: readonly string[],
    at: readonly number[],
    first: readonly number[],
    more: readonly number[],
  ],
  Appended
>(`WITH
  given AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[]) WITH ORDINALITY AS g (kind, key, mark, at, first, more, n)
  ),
  head AS (
    UPDATE coatcheck.rev_head SET seq = seq + $1 + cardinality($2::text[]), mark = ($4::text[])[cardinality($4::text[])]
    WHERE id = 1 RETURNING seq, longest_access_ttl
  ),
  entries AS (
    SELECT head.seq - cardinality($2::text[]) + n AS seq, kind, key, mark, at,
      CASE WHEN longest_access_ttl IS NULL THEN first ELSE least(more + longest_access_ttl, 8640000000000000) END AS expires_at
    FROM given, head
  ),
  logged AS (
    INSERT INTO coatcheck.rev_log (seq, mark, kind, key, expires_at, at) SELECT seq, mark, kind, key, expires_at, at FROM entries
  ),
  raised AS (
    INSERT INTO coatcheck.cutoffs (scope, key, seq, unswept)
      SELECT kind, key, max(seq), max(at) FROM entries WHERE kind IN ('global', 'client', 'user') GROUP BY kind, key ORDER BY kind, key
    ON CONFLICT (scope, key) DO UPDATE SET seq = excluded.seq, unswept = excluded.unswept
  ),
  ended AS (
    UPDATE coatcheck.sessions AS s SET ended_seq = e.seq, ended_at = e.at
    FROM (SELECT key, min(seq) AS seq, min(at) AS at FROM entries WHERE kind = 'sid' GROUP BY key) AS e
    WHERE s.sid = e.key AND s.ended_seq IS NULL
  )
  SELECT head.seq, pg_notify('${CHANNEL}', '') FROM head`);

/** After a promotion or a move to another cluster the log may have lost its end: before anything is appended, positions go where none was ever given. */
const BEGIN_LIFE = change<[life: typeof LIFE, lift: number, mark: string, at: number, first: number, more: number], Appended>(`WITH
  head AS (
    UPDATE coatcheck.rev_head SET seq = seq + $2, mark = $3, life = $1
    WHERE id = 1 AND life IS NOT NULL AND life <> $1 RETURNING seq, longest_access_ttl
  ),
  logged AS (
    INSERT INTO coatcheck.rev_log (seq, mark, kind, key, expires_at, at)
    SELECT seq, $3, 'invalidate-all', '', CASE WHEN longest_access_ttl IS NULL THEN $5 ELSE $6 + longest_access_ttl END, $4::bigint FROM head
  )
  SELECT head.seq, pg_notify('${CHANNEL}', '') FROM head`);

const HOLD = question<[], Appended>("SELECT seq FROM coatcheck.rev_head WHERE id = 1 FOR UPDATE");

/** The writing end of the log. */
export interface LogWriter {
  /**
   * Appends entries one after the other and does what they say: a cutoff of a scope is raised, a session is marked as ended. Gives the position of the last.
   * Whoever ends a session has locked its row before.
   */
  append(...entries: readonly Entry[]): Call<Appended>;
  /** The head, which nobody moves until this transaction has ended: no cutoff overtakes what is read after it. Taken after every other lock. */
  hold(now: Instant): Call<Appended>;
  /** Appends `invalidate-all` in a new epoch, later than those of the head, which is held, and of `above`. */
  appendInNewEpoch(head: Seq, above: Seq, at: Instant): Call<Appended>;
  /** Begins a new epoch if this is another life of the server than the log's; nothing otherwise. */
  beginLife(at: Instant): Call<Appended>;
}

/** How far a new epoch lifts the head above where it is, before its first entry. */
const LIFT = nextEpoch(seq(0));

export function logWriter(random: Random): LogWriter {
  const call = (lift: number, entries: readonly Entry[]): Call<Appended> =>
    APPEND(
      lift,
      entries.map(({ kind }) => kind),
      entries.map(({ key }) => key),
      entries.map(() => newMark(random)),
      entries.map(({ at }) => at),
      entries.map(({ kind, at }) => entryExpiry(kind, at, null)),
      entries.map(({ kind, at }) => entryExpiry(kind, at, 0 as Milliseconds)),
    );
  const beginLife = (at: Instant): Call<Appended> => {
    const [first, more] = [null, 0 as Milliseconds].map((longest) => entryExpiry("invalidate-all", at, longest)) as [Instant, Instant];
    return BEGIN_LIFE(LIFE, LIFT, newMark(random), at, first, more);
  };
  return {
    append: (...entries) => ({ ...call(0, entries), ahead: [beginLife((entries[0] as Entry).at)] }),
    hold: (now) => ({ ...HOLD(), ahead: [beginLife(now)] }),
    appendInNewEpoch: (head, above, at) => call(nextEpoch(head, above) - head - 1, [{ kind: "invalidate-all", key: "", at }]),
    beginLife,
  };
}
