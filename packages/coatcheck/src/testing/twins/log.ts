import { seq } from "../../core/ids.ts";
import type { Seq } from "../../core/ids.ts";
import type { LogEntry, LogPage, Store } from "../../core/ports.ts";
import { duration, instant, later } from "../../core/time.ts";
import { twin } from "./twin.ts";
import type { Patch, Twin } from "./twin.ts";

function pages({ feed }: Store, change: (page: LogPage, from: Seq) => LogPage): Patch {
  return { feed: { since: async (from) => change(await feed.since(from), from) } };
}

function entries(store: Store, change: (entry: LogEntry) => LogEntry): Patch {
  return pages(store, (page) => ({ ...page, entries: page.entries.map(change) }));
}

export const feedTwins: readonly Twin[] = [
  twin("a page begins with what is known", "Gives every entry with a seq in (from, head], in order", ({ feed }) => ({
    feed: { since: (from) => feed.since(seq(from - 1)) },
  })),
  twin("a page is upside down", "Gives every entry with a seq in (from, head], in order", (store) =>
    pages(store, (page) => ({ ...page, entries: page.entries.toReversed() })),
  ),
  twin(
    "the head is what the reader said",
    "From the head, or from beyond it, there is nothing, and the head is said all the same",
    (store) => pages(store, (page, from) => ({ ...page, head: seq(Math.max(page.head, from)) })),
  ),
  twin("the log has gaps", "Total order, no gap: of many at once each gets a position of its own", (store) =>
    pages(store, (page) => ({ ...page, entries: page.entries.filter((entry) => entry.seq % 7 !== 0) })),
  ),
  twin("the entry itself is handed out", "Entries handed out are the caller's", ({ feed }) => {
    const known = new Map<Seq, LogEntry>();
    return {
      feed: {
        since: async (from) => {
          const page = await feed.since(from);
          for (const entry of page.entries) if (!known.has(entry.seq)) known.set(entry.seq, entry);
          return { ...page, entries: page.entries.map((entry) => known.get(entry.seq) ?? entry) };
        },
      },
    };
  }),
  twin("the head is the last entry that is left", "The head never goes back", (store) => ({
    feed: {
      since: async (from) => {
        const all = await store.feed.since(seq(0));
        return { ...(await store.feed.since(from)), head: all.entries.at(-1)?.seq ?? seq(0) };
      },
    },
  })),
  twin("entries keep whole seconds", "An entry keeps its time to the millisecond", (store) =>
    entries(store, (entry) => ({ ...entry, at: instant(Math.floor(entry.at / 1_000) * 1_000) })),
  ),
  twin("every entry lives five minutes", "An entry lives as long as the longest access token and a leeway", (store) =>
    entries(store, (entry) => ({ ...entry, expiresAt: later(entry.at, duration("5m")) })),
  ),
  twin("the last process to start decides", "The longest access-token life is raised and never lowered", () => ({
    feed: { raiseAccessTtl: (ttl) => ttl },
  })),
  twin("each reader sees another life", "The incarnation names this life of the store, and stays", (store) => {
    let reads = 0;
    return pages(store, (page) => ({ ...page, incarnation: `incarnation number ${(reads += 1)}` }));
  }),
  twin("a mark is the number again", "What is no position of this log has no mark", (store) =>
    pages(store, (page, from) => ({ ...page, fromMark: page.fromMark ?? `mark of ${from}` })),
  ),
  twin("every position has one mark", "A mark names a position: each has its own, and it is the same from wherever it is read", (store) =>
    pages(store, (page, from) => ({ ...page, mark: "the mark of this store", fromMark: from === 0 ? "" : "the mark of this store" })),
  ),
  twin("the mark goes with the entry", "The head keeps its mark when its entry has gone", (store) =>
    pages(store, (page, from) => (page.entries.length === 0 && from !== 0 ? { ...page, fromMark: null } : page)),
  ),
  twin(
    "a client can't be cut off",
    "A cutoff of a user, a client or all ends what began before it, and nothing that begins after",
    ({ feed }) => ({ feed: { append: (kind, key, now) => feed.append(kind === "client" ? "key" : kind, key, now) } }),
  ),
  twin("changed roles log out", "An invalidation or the end of a key ends no session", ({ feed }) => ({
    feed: { append: (kind, key, now) => feed.append(kind === "invalidate-user" ? "user" : kind, key, now) },
  })),
  twin("the log says ended, the record lives", "Log and record never disagree: a sid entry ends the session", ({ feed }) => ({
    feed: { append: (kind, key, now) => feed.append(kind === "sid" ? "invalidate-sid" : kind, key, now) },
  })),
  twin("the epoch stays", "A new epoch lifts every later position, and appends invalidate-all", ({ feed }) => ({
    feed: { raiseEpoch: (_seen, _above, now) => feed.append("invalidate-all", "", now) },
  })),
  twin(
    "everybody raises the epoch",
    "A new epoch only if the head is still the one that was seen; of many at once one starts it",
    ({ feed }) => {
      let turn = Promise.resolve(seq(0));
      return {
        feed: {
          raiseEpoch: (_, above, now) => (turn = turn.then(async () => await feed.raiseEpoch((await feed.since(seq(0))).head, above, now))),
        },
      };
    },
  ),
  twin("a new epoch is one more than that of the head", "A new epoch is later than any that is said to have been reached", ({ feed }) => ({
    feed: { raiseEpoch: (seen, _, now) => feed.raiseEpoch(seen, seen, now) },
  })),
  twin("a new epoch logs everybody out", "A session outlives a new epoch", ({ feed }) => ({
    feed: {
      raiseEpoch: async (seen, above, now) => {
        await feed.raiseEpoch(seen, above, now);
        return await feed.append("global", "", now);
      },
    },
  })),
  twin(
    "entries are pruned a millisecond early",
    "Pruning deletes entries that expired before, to the millisecond; the head stays",
    ({ feed }) => ({
      feed: { prune: (before) => feed.prune(instant(before + 1)) },
    }),
  ),
  twin("nothing is pruned", "Pruning deletes entries that expired before, to the millisecond; the head stays", () => ({
    feed: { prune: () => 0 },
  })),
  twin("the cutoff is gone with its entry", "A cutoff ends sessions even after its entry has been pruned", ({ feed, sessions }) => {
    let pruned = false;
    return {
      feed: {
        prune: (before) => {
          pruned = true;
          return feed.prune(before);
        },
      },
      sessions: {
        find: async (sid) => {
          const found = await sessions.find(sid);
          return found !== null && pruned ? { ...found, cutoff: seq(0) } : found;
        },
      },
    };
  }),
];
