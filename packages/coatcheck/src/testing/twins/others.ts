import type { AuditEvent, Store, ThrottleRule } from "../../core/ports.ts";
import { instant, later } from "../../core/time.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { meanwhile, twin } from "./twin.ts";
import type { Twin } from "./twin.ts";

/** Counts of its own, in place of the store's. */
function ownCounts(): {
  get(key: string): number;
  set(key: string, count: number): void;
  full(rules: readonly ThrottleRule[], until: (rule: ThrottleRule) => Instant): Instant | null;
} {
  const counts = new Map<string, number>();
  const get = (key: string): number => counts.get(key) ?? 0;
  return {
    get,
    set: (key, count) => void counts.set(key, count),
    full: (rules, until) => {
      const rule = rules.find(({ key, limit }) => get(key) >= limit);
      return rule === undefined ? null : until(rule);
    },
  };
}

async function each({ throttles }: Store, rules: readonly ThrottleRule[], now: Instant): Promise<Instant[]> {
  const until = await Promise.all(rules.map(async (rule) => await throttles.blockedUntil([rule], now)));
  return until.filter((it) => it !== null);
}

export const throttleTwins: readonly Twin[] = [
  twin("it never blocks", "There is room until the limit is reached; asking counts nothing", () => ({
    throttles: { blockedUntil: () => null },
  })),
  twin("asking counts", "There is room until the limit is reached; asking counts nothing", ({ throttles }) => ({
    throttles: {
      blockedUntil: async (rules, now) => {
        const until = await throttles.blockedUntil(rules, now);
        await throttles.count(rules, now);
        return until;
      },
    },
  })),
  twin("every failure prolongs the window", "The window is counted from the first failure in it, to the millisecond", ({ throttles }) => {
    const last = new Map<string, Instant>();
    return {
      throttles: {
        count: (rules, now) => {
          for (const { key } of rules) last.set(key, now);
          return throttles.count(rules, now);
        },
        blockedUntil: async ([rule], now) => {
          const until = await throttles.blockedUntil(rule === undefined ? [] : [rule], now);
          return until === null || rule === undefined ? until : later(last.get(rule.key) ?? now, rule.window);
        },
      },
    };
  }),
  twin("windows end on whole seconds", "The window is counted from the first failure in it, to the millisecond", ({ throttles }) => ({
    throttles: { blockedUntil: (rules, now) => throttles.blockedUntil(rules, instant(Math.ceil(now / 1_000) * 1_000)) },
  })),
  twin("it never frees", "The first failure after the window opens the next one", () => {
    const counts = ownCounts();
    return {
      throttles: {
        count: (rules) => rules.forEach(({ key }) => counts.set(key, counts.get(key) + 1)),
        blockedUntil: (rules, now) => counts.full(rules, ({ window }) => later(now, window)),
      },
    };
  }),
  twin("the first to have room decides", "Of several full ones the last to have room again decides", (store) => ({
    throttles: {
      blockedUntil: async (rules, now) => {
        const until = await each(store, rules, now);
        return until.length === 0 ? null : instant(Math.min(...until));
      },
    },
  })),
  twin("one count for everybody", "Counts of other keys are left alone", ({ throttles }) => {
    const shared = (rules: readonly ThrottleRule[]): ThrottleRule[] => rules.map((rule) => ({ ...rule, key: "" }));
    return {
      throttles: {
        count: (rules, now) => throttles.count(shared(rules), now),
        blockedUntil: (rules, now) => throttles.blockedUntil(shared(rules), now),
      },
    };
  }),
  twin("read, then write", "Concurrent counts all count", () => {
    const counts = ownCounts();
    return {
      throttles: {
        count: async (rules) => {
          for (const { key } of rules) {
            const before = counts.get(key);
            await meanwhile();
            counts.set(key, before + 1);
          }
        },
        blockedUntil: (rules, now) => counts.full(rules, ({ window }) => later(now, window)),
      },
    };
  }),
  twin(
    "taking counts whether or not there is room",
    "Taking counts one while there is room; then it says when there is room again, and counts nothing",
    ({ throttles }) => ({
      throttles: {
        take: async (rule, now) => {
          const until = await throttles.blockedUntil([rule], now);
          await throttles.count([rule], now);
          return until;
        },
      },
    }),
  ),
  twin("what was taken is never given back", "The first that is taken after the window opens the next one", ({ throttles }) => ({
    throttles: { take: (rule, now) => throttles.take({ ...rule, window: (2 * rule.window) as Milliseconds }, now) },
  })),
  twin("taking looks, then counts", "Of many who take at once no more get through than there is room for", ({ throttles }) => ({
    throttles: {
      take: async (rule, now) => {
        const until = await throttles.blockedUntil([rule], now);
        await meanwhile();
        if (until === null) await throttles.count([rule], now);
        return until;
      },
    },
  })),
  twin("forgetting one forgets all", "Forgetting forgets these counts and no others", ({ throttles }) => ({
    throttles: { forget: () => void throttles.prune(instant(Number.MAX_SAFE_INTEGER)) },
  })),
  twin("pruning frees everybody", "Pruning deletes counts whose window ended before, and none that still counts", ({ throttles }) => ({
    throttles: { prune: () => throttles.prune(instant(Number.MAX_SAFE_INTEGER)) },
  })),
];

export const auditTwins: readonly Twin[] = [
  twin("the address is lost", "An event is kept as it is given", ({ audit }) => ({
    audit: { append: (event) => audit.append({ ...event, ip: "" }) },
  })),
  twin("the first comes first", "The latest comes first; of the same instant, the one that was appended last", ({ audit }) => ({
    audit: { list: async (filter, limit) => (await audit.list(filter, limit)).toReversed() },
  })),
  twin("the second filter is ignored", "Filters by user, by event, by both, or not at all", ({ audit }) => ({
    audit: { list: ({ userId, ...rest }, limit) => audit.list(userId === undefined ? rest : { userId }, limit) },
  })),
  twin("no limit", "Gives at most as many as it is asked for", ({ audit }) => ({
    audit: { list: (filter) => audit.list(filter, Infinity) },
  })),
  twin("purging takes the instant itself", "Purging deletes what is before, and leaves what is not", ({ audit }) => ({
    audit: { purge: (before, events, limit) => audit.purge(instant(before + 1), events, limit) },
  })),
  twin("purging deletes nothing", "Purging deletes what is before, and leaves what is not", () => ({ audit: { purge: () => 0 } })),
  twin("purging looks at no names", "Purging by name deletes events of these names alone", ({ audit }) => ({
    audit: { purge: (before, _events, limit) => audit.purge(before, null, limit) },
  })),
  twin("purging knows no limit", "Purging deletes at most as many as it is told to", ({ audit }) => ({
    audit: { purge: (before, events) => audit.purge(before, events, 1_000) },
  })),
  twin("the event itself is handed out", "Events are copied in and out", ({ audit }) => {
    let events: readonly AuditEvent[] | null = null;
    return { audit: { list: async (filter, limit) => (events ??= await audit.list(filter, limit)) } };
  }),
];
