import { seq } from "../../core/ids.ts";
import type { Seq } from "../../core/ids.ts";
import type { Feed, LogPage } from "../../core/ports.ts";
import type { Milliseconds } from "../../core/time.ts";
import { newMark, nextEpoch } from "../numbering.ts";
import { append, wakeAll } from "./log.ts";
import type { Memory } from "./tables.ts";

export function memoryFeed(memory: Memory): Feed {
  let seenCommits = -1;
  return {
    since: (from) => pageOf(memory, from),

    moved() {
      memory.read();
      const moved = memory.commits !== seenCommits;
      seenCommits = memory.commits;
      return moved;
    },

    listen(wake) {
      const { listeners } = memory.read();
      listeners.add(wake);
      return () => void listeners.delete(wake);
    },

    hurry: () => wakeAll(memory.read(), true),

    confirm({ holder, from, mark, lease }, now) {
      const { holders, random } = memory.write();
      const page = pageOf(memory, from);
      holders.set(holder, { holder, applied: page.fromMark === mark ? from : seq(0), lease, beat: newMark(random), at: now });
      return { ...page, storeClock: null };
    },

    holders: () => [...memory.read().holders.values()].map(({ at: _at, ...holder }) => holder),

    pruneHolders(before) {
      const { holders } = memory.write();
      const gone = [...holders.values()].filter(({ at }) => at < before);
      for (const { holder } of gone) holders.delete(holder);
      return gone.length;
    },

    append: (kind, key, now) => append(memory.write(), kind, key, now),

    raiseAccessTtl(ttl) {
      const tables = memory.write();
      tables.longestAccessTtl = Math.max(tables.longestAccessTtl ?? 0, ttl) as Milliseconds;
      return tables.longestAccessTtl;
    },

    raiseEpoch(seen, above, now) {
      const tables = memory.write();
      if (tables.head !== seen) return tables.head;
      return append(tables, "invalidate-all", "", now, nextEpoch(tables.head, above));
    },

    prune(before) {
      const tables = memory.write();
      const kept = tables.log.filter(({ entry }) => entry.expiresAt >= before);
      const pruned = tables.log.length - kept.length;
      tables.log = kept;
      return pruned;
    },
  };
}

function pageOf(memory: Memory, from: Seq): LogPage {
  const { log, head, mark, incarnation } = memory.read();
  const last = log.findLastIndex(({ entry }) => entry.seq <= from);
  const entries = log.slice(last + 1).map(({ entry }) => ({ ...entry }));
  const known = from === head ? mark : log[last]?.entry.seq === from ? log[last].mark : null;
  return { entries, head, mark, fromMark: from === 0 ? "" : known, incarnation };
}
