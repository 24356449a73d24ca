import type { Seq, UserId } from "../../core/ids.ts";
import type { EndOutcome, Store } from "../../core/ports.ts";
import { instant } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import { meanwhile, revival, twin } from "./twin.ts";
import type { Twin } from "./twin.ts";

const HEAD = async ({ feed }: Store): Promise<Seq> => (await feed.since(0 as Seq)).head;

export const endTwins: readonly Twin[] = [
  twin("ending does nothing", "Ends the one session and appends one sid entry", (store) => ({
    sessions: { end: async () => ({ ended: 1, seq: await HEAD(store) }) },
  })),
  twin("ending one ends all of the user's", "Ends the one session and appends one sid entry", ({ sessions }) => ({
    sessions: {
      end: async (target, now) => {
        const outcome = await sessions.end(target, now);
        const found = await sessions.find(target.sid);
        if (found !== null) await sessions.endAll(found.session.userId, null, now);
        return outcome;
      },
    },
  })),
  twin("ending one ends everybody's", "Ends the one session and appends one sid entry", ({ sessions, feed }) => ({
    sessions: {
      end: async (target, now) => {
        const outcome = await sessions.end(target, now);
        await feed.append("global", "", now);
        return outcome;
      },
    },
  })),
  twin("ending deletes the record", "Ends the one session and appends one sid entry", ({ sessions }) => ({
    sessions: {
      end: async (target, now) => {
        const outcome = await sessions.end(target, now);
        await sessions.purge(instant(now + 1), 1_000);
        return outcome;
      },
    },
  })),
  twin("anybody's session can be ended", "With a user id only if it is that user's", ({ sessions }) => ({
    sessions: { end: ({ sid }, now) => sessions.end({ sid }, now) },
  })),
  twin("every call appends", "Ended 0, and nothing appended, if it is absent or has ended already", ({ sessions, feed }) => ({
    sessions: {
      end: async (target, now) => {
        const outcome = await sessions.end(target, now);
        return outcome.ended === 1 ? outcome : { ended: 0, seq: await feed.append("sid", target.sid, now) };
      },
    },
  })),
  twin("what is over its deadline is not ended", "A session past its deadlines still is ended", (store) => ({
    sessions: {
      end: async (target, now) => {
        const found = await store.sessions.find(target.sid);
        const over = found !== null && found.session.expiresAt <= now;
        return over ? { ended: 0, seq: found.head } : await store.sessions.end(target, now);
      },
    },
  })),
  twin("everybody who asks has ended it", "Of many who end it at once exactly one did", ({ sessions }) => ({
    sessions: {
      end: async (target, now) => {
        const found = await sessions.find(target.sid);
        await meanwhile();
        const { seq } = await sessions.end(target, now);
        return { ended: found?.session.endedSeq === null ? 1 : 0, seq };
      },
    },
  })),
];

/** Log-out-everywhere as a walk over the list. */
async function walk(
  { sessions }: Store,
  userId: UserId,
  now: Instant,
  spares: (sid: string, carrier: string) => boolean,
): Promise<EndOutcome> {
  let outcome: EndOutcome = { ended: 0, seq: 0 as Seq };
  for (const { sid, carrier } of await sessions.list(userId, now)) {
    if (spares(sid, carrier)) continue;
    await meanwhile();
    outcome = { ended: outcome.ended + 1, seq: (await sessions.end({ sid }, now)).seq };
  }
  return outcome;
}

export const endAllTwins: readonly Twin[] = [
  twin("tokens live on", "Ends every session of the user, both carriers, with one user cutoff", (store) => ({
    sessions: { endAll: (userId, _, now) => walk(store, userId, now, (__, carrier) => carrier === "token") },
  })),
  twin(
    "everybody is logged out everywhere",
    "Ends every session of the user, both carriers, with one user cutoff",
    ({ sessions, feed }) => ({
      sessions: {
        endAll: async (...args) => {
          await feed.append("global", "", args[2]);
          return await sessions.endAll(...args);
        },
      },
    }),
  ),
  twin("what is over its deadline is counted too", "It counts the sessions that list would have shown", ({ sessions }) => {
    const started = new Map<UserId, number>();
    return {
      sessions: {
        start: (it, ...rest) => {
          started.set(it.userId, (started.get(it.userId) ?? 0) + 1);
          return sessions.start(it, ...rest);
        },
        endAll: async (userId, ...rest) => ({ ...(await sessions.endAll(userId, ...rest)), ended: started.get(userId) ?? 0 }),
      },
    };
  }),
  twin("the kept session is not spared", "The kept session lives on, its rsq moved to the cutoff, and is not counted", ({ sessions }) => ({
    sessions: { endAll: (userId, _, now) => sessions.endAll(userId, null, now) },
  })),
  twin(
    "the kept session's access tokens live on",
    "The kept session lives on, its rsq moved to the cutoff, and is not counted",
    (store) => ({
      sessions: { endAll: (userId, keep, now) => walk(store, userId, now, (sid) => sid === keep) },
    }),
  ),
  twin("whatever is kept has its rsq moved", "To keep another user's session spares nothing and moves nothing", ({ sessions }) => ({
    sessions: {
      endAll: async (userId, keep, now) => {
        const kept = keep === null ? null : await sessions.find(keep);
        if (kept !== null && kept.session.userId !== userId) await sessions.endAll(kept.session.userId, keep, now);
        return await sessions.endAll(userId, keep, now);
      },
    },
  })),
  twin("whatever is kept lives again", "To keep a session that has ended revives nothing", (store) => {
    const { revive, find } = revival(store);
    return {
      sessions: {
        find,
        endAll: async (userId, keep, now) => {
          if (keep !== null) revive(keep);
          return await store.sessions.endAll(userId, keep, now);
        },
      },
    };
  }),
  twin("no session, no mark", "The mark is made even when there is no session yet: a login under way is ended by it", (store) => ({
    sessions: {
      endAll: async (userId, keep, now) => {
        const list = await store.sessions.list(userId, now);
        return list.length === 0 ? { ended: 0, seq: await HEAD(store) } : await store.sessions.endAll(userId, keep, now);
      },
    },
  })),
  twin("the user is locked out for good", "A login that rests on a later proof lives", ({ sessions }) => {
    const out = new Set<UserId>();
    return {
      sessions: {
        endAll: (userId, ...rest) => {
          out.add(userId);
          return sessions.endAll(userId, ...rest);
        },
        find: async (sid) => {
          const found = await sessions.find(sid);
          return found !== null && out.has(found.session.userId) ? { ...found, cutoff: Infinity as Seq } : found;
        },
      },
    };
  }),
  twin("a walk over the list, not a mark", "Whatever runs at the same moment is ended by it or began after it", (store) => ({
    sessions: { endAll: (userId, _, now) => walk(store, userId, now, () => false) },
  })),
];

export const purgeTwins: readonly Twin[] = [
  twin("purging does nothing", "Deletes what passed a deadline before, whichever came first", () => ({ sessions: { purge: () => 0 } })),
  twin("purging deletes what lives", "Deletes what ended before, to the millisecond, and nothing else", ({ sessions }) => ({
    sessions: { purge: (_, limit) => sessions.purge(instant(Number.MAX_SAFE_INTEGER), limit) },
  })),
  twin("purging is a millisecond late", "Deletes what a cutoff of any scope ended before, and spares who was kept", ({ sessions }) => ({
    sessions: { purge: (before, limit) => sessions.purge(instant(before - 1), limit) },
  })),
  twin(
    "purging deletes others' sessions",
    "Deletes what a cutoff of any scope ended before, and spares who was kept",
    ({ sessions, feed }) => ({
      sessions: {
        purge: async (before, limit) => {
          await feed.append("global", "", instant(before - 1));
          return await sessions.purge(before, limit);
        },
      },
    }),
  ),
  twin("each user is gone through once", "Deletes what a later cutoff of the same scope ended, too", ({ sessions }) => {
    const seen = new Set<UserId>();
    return {
      sessions: {
        endAll: (userId, keep, now) => {
          const again = seen.has(userId);
          seen.add(userId);
          return sessions.endAll(userId, keep, again ? instant(Number.MAX_SAFE_INTEGER) : now);
        },
      },
    };
  }),
  twin("purging knows no limit", "Deletes at most as many as it is told", ({ sessions }) => ({
    sessions: { purge: (before) => sessions.purge(before, Infinity) },
  })),
  twin("purging is announced", "Purging appends nothing", ({ sessions, feed }) => ({
    sessions: {
      purge: async (before, limit) => {
        await feed.append("invalidate-all", "", before);
        return await sessions.purge(before, limit);
      },
    },
  })),
];
