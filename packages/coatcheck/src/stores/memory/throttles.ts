import type { ThrottleRule, Throttles } from "../../core/ports.ts";
import { later } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import type { CountRow, Memory } from "./tables.ts";

export function memoryThrottles(memory: Memory): Throttles {
  return {
    blockedUntil(rules, now) {
      const { counts } = memory.read();
      const full = rules.flatMap((rule) => {
        const row = counts.get(rule.key);
        return row !== undefined && now < row.endsAt && row.count >= rule.limit ? row.endsAt : [];
      });
      return full.length === 0 ? null : (Math.max(...full) as Instant);
    },

    count(rules, now) {
      const { counts } = memory.write();
      for (const rule of rules) counts.set(rule.key, counted(counts.get(rule.key), rule, now));
    },

    take(rule, now) {
      const { counts } = memory.write();
      const next = counted(counts.get(rule.key), rule, now);
      if (next.count > rule.limit) return next.endsAt;
      counts.set(rule.key, next);
      return null;
    },

    forget(keys) {
      const { counts } = memory.write();
      for (const key of keys) counts.delete(key);
    },

    prune(before) {
      const { counts } = memory.write();
      const over = [...counts].filter(([, row]) => row.endsAt < before);
      for (const [key] of over) counts.delete(key);
      return over.length;
    },
  };
}

/** A window runs from the first failure in it; the first one after its end opens the next. */
function counted(row: CountRow | undefined, { window }: ThrottleRule, now: Instant): CountRow {
  if (row === undefined || now >= row.endsAt) return { count: 1, endsAt: later(now, window) };
  return { count: row.count + 1, endsAt: row.endsAt };
}
