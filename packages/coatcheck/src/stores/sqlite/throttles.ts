import type { Throttles } from "../../core/ports.ts";
import { later } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import type { Connection } from "./connection.ts";

export function sqliteThrottles(db: Connection): Throttles {
  const fullUntil = db.query<[{ key: string; limit: number; now: Instant }], { ends_at: Instant }>(
    "reader",
    "SELECT ends_at FROM throttles WHERE key = @key AND count >= @limit AND ends_at > @now",
  );
  // A window runs from the first failure in it; the first one after its end opens the next.
  const count = db.query<[{ key: string; now: Instant; endsAt: Instant }]>(
    "writer",
    `INSERT INTO throttles (key, count, ends_at) VALUES (@key, 1, @endsAt) ON CONFLICT DO UPDATE SET
       count = iif(ends_at > @now, count + 1, 1), ends_at = iif(ends_at > @now, ends_at, excluded.ends_at)`,
  );
  const counted = db.query<[{ key: string; now: Instant }], { count: number; ends_at: Instant }>(
    "writer",
    "SELECT count, ends_at FROM throttles WHERE key = @key AND ends_at > @now",
  );
  const forget = db.query<[string]>("writer", "DELETE FROM throttles WHERE key = ?");
  const prune = db.query<[Instant]>("writer", "DELETE FROM throttles WHERE ends_at < ?");

  return {
    blockedUntil(rules, now) {
      const full = rules.flatMap(({ key, limit }) => fullUntil.get({ key, limit, now })?.ends_at ?? []);
      return full.length === 0 ? null : (Math.max(...full) as Instant);
    },

    count: (rules, now) => db.transaction(() => rules.forEach(({ key, window }) => count.run({ key, now, endsAt: later(now, window) }))),

    take: ({ key, limit, window }, now) =>
      db.transaction(() => {
        const { count: taken, ends_at: endsAt } = counted.get({ key, now }) ?? { count: 0, ends_at: later(now, window) };
        if (taken >= limit) return endsAt;
        count.run({ key, now, endsAt });
        return null;
      }),

    forget: (keys) => db.transaction(() => keys.forEach((key) => forget.run(key))),

    prune: (before) => db.transaction(() => prune.run(before)),
  };
}
