import type { Throttles } from "../../core/ports.ts";
import { later } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import { change, question } from "./calls.ts";
import type { Connection } from "./connection.ts";

const FULL_UNTIL = question<[readonly string[], readonly number[], Instant], { until: Instant | null }>(
  `SELECT max(t.ends_at) AS until FROM coatcheck.throttles AS t JOIN unnest($1::text[], $2::bigint[]) AS r (key, "limit") USING (key)
   WHERE t.count >= r."limit" AND t.ends_at > $3`,
);
// A window runs from the first failure in it; the first one after its end opens the next.
const COUNT = change<[string, Instant, Instant]>(
  `INSERT INTO coatcheck.throttles AS t (key, count, ends_at) VALUES ($1, 1, $3) ON CONFLICT (key) DO UPDATE SET
     count = CASE WHEN t.ends_at > $2 THEN t.count + 1 ELSE 1 END, ends_at = CASE WHEN t.ends_at > $2 THEN t.ends_at ELSE excluded.ends_at END`,
);
// What is full is not updated, and gives no row. The second half sees the snapshot from before: whoever filled it since has opened a window of now.
const TAKE = change<[string, Instant, Instant, number], { until: Instant | null }>(
  `WITH taken AS (
     INSERT INTO coatcheck.throttles AS t (key, count, ends_at) SELECT $1::text, 1, $3::bigint WHERE $4::int > 0 ON CONFLICT (key) DO UPDATE SET
       count = CASE WHEN t.ends_at > $2 THEN t.count + 1 ELSE 1 END, ends_at = CASE WHEN t.ends_at > $2 THEN t.ends_at ELSE excluded.ends_at END
     WHERE t.ends_at <= $2 OR t.count < $4 RETURNING 1
   ) SELECT CASE WHEN NOT EXISTS (SELECT FROM taken)
     THEN coalesce((SELECT t.ends_at FROM coatcheck.throttles AS t WHERE t.key = $1 AND t.ends_at > $2), $3) END AS until`,
);
const FORGET = change<[readonly string[]]>(
  `DELETE FROM coatcheck.throttles WHERE key IN (SELECT key FROM coatcheck.throttles WHERE key = ANY ($1::text[]) ORDER BY key FOR UPDATE)`,
);
const PRUNE = change<[Instant], { pruned: number }>(
  `WITH gone AS (
     DELETE FROM coatcheck.throttles WHERE key IN (SELECT key FROM coatcheck.throttles WHERE ends_at < $1 FOR UPDATE SKIP LOCKED) RETURNING 1
   ) SELECT count(*) AS pruned FROM gone`,
);

export function postgresThrottles(db: Connection): Throttles {
  return {
    async blockedUntil(rules, now) {
      const keys = rules.map(({ key }) => key);
      const limits = rules.map(({ limit }) => limit);
      const [row] = await db.find(FULL_UNTIL(keys, limits, now));
      return row?.until ?? null;
    },

    async count(rules, now) {
      if (rules.length === 0) return;
      // In one order, whoever counts: so no two wait for each other in a circle.
      const sorted = rules.toSorted((a, b) => (a.key < b.key ? -1 : 1));
      await db.transaction(async (tx) => await tx.commit(...sorted.map(({ key, window }) => COUNT(key, now, later(now, window)))));
    },

    async take({ key, limit, window }, now) {
      const [[row]] = await db.send(TAKE(key, now, later(now, window), limit));
      return row?.until ?? null;
    },

    forget: async (keys) => void (await db.send(FORGET(keys))),

    prune: async (before) => (await db.send(PRUNE(before)))[0][0]?.pruned ?? 0,
  };
}
