import type { KeyChange, SigningKeyRecord } from "../../core/ports.ts";
import { instant } from "../../core/time.ts";
import { meanwhile, twin } from "./twin.ts";
import type { Twin } from "./twin.ts";

/** The same, but for what is to be done. */
function instead(change: KeyChange, given: KeyChange): KeyChange {
  return { ...change, ...given };
}

export const keyTwins: readonly Twin[] = [
  twin("the key is not stored", "Adds a key, and gives all of them", ({ keys }) => ({
    keys: { change: async (decide) => [...(await keys.list()), ...(decide(await keys.list()).add ?? [])] },
  })),
  twin("revoked keys are left out", "Decides from all of them, the revoked ones too", ({ keys }) => ({
    keys: { change: (decide, now) => keys.change((all) => decide(all.filter((key) => key.revokedAt === null)), now) },
  })),
  twin("somebody comes between reading and writing", "Of many who would add a key to what they saw exactly one adds it", ({ keys }) => ({
    keys: {
      change: async (decide, now) => {
        const change = decide(await keys.list());
        await meanwhile();
        return keys.change(() => change, now);
      },
    },
  })),
  twin("the newest key comes first", "The oldest key comes first", ({ keys }) => ({
    keys: { list: async () => (await keys.list()).toReversed() },
  })),
  twin(
    "each call says that keys changed",
    "Appends one `invalidate-keys` for whatever it writes, and nothing when it writes nothing",
    ({ keys, feed }) => ({
      keys: {
        change: async (decide, now) => {
          const before = (await feed.since(0 as never)).head;
          const all = await keys.change(decide, now);
          if ((await feed.since(0 as never)).head === before) await feed.append("invalidate-keys", "", now);
          return all;
        },
      },
    }),
  ),
  twin("a revoked key keeps its private half", "Revoking appends a `key` entry for each, and erases the private half", ({ keys }) => {
    const halves = new Map<string, SigningKeyRecord["sealed"]>();
    const whole = (all: readonly SigningKeyRecord[]): readonly SigningKeyRecord[] =>
      all.map((key) => ({ ...key, sealed: key.sealed ?? halves.get(key.kid) ?? null }));
    return {
      keys: {
        list: async () => whole(await keys.list()),
        change: async (decide, now) => {
          for (const key of await keys.list()) if (key.sealed !== null) halves.set(key.kid, key.sealed);
          return whole(await keys.change(decide, now));
        },
      },
    };
  }),
  twin(
    "an entry about a key is pruned like any other",
    "Entries about keys outlive everything: who slept through them must still come upon them",
    ({ feed }) => {
      let pruned = instant(0);
      return {
        feed: {
          prune: (before) => {
            pruned = before;
            return feed.prune(before);
          },
          since: async (from) => {
            const page = await feed.since(from);
            return { ...page, entries: page.entries.filter((entry) => entry.at >= pruned) };
          },
        },
      };
    },
  ),
  twin("a revoked key can be removed", "A revoked key stays in the list for good", ({ keys }) => {
    const removed = new Set<string>();
    return {
      keys: {
        list: async () => (await keys.list()).filter(({ kid }) => !removed.has(kid)),
        change: (decide, now) =>
          keys.change((all) => {
            const change = decide(all);
            for (const kid of change.remove ?? []) removed.add(kid);
            return change;
          }, now),
      },
    };
  }),
  twin(
    "a revoked kid can be had again",
    "No key takes another's kid, also not a revoked one's, and then nothing is written",
    ({ keys }) => ({
      keys: {
        change: (decide, now) =>
          keys.change((all) => {
            const change = decide(all);
            const isFree = ({ kid }: SigningKeyRecord): boolean => !all.some((key) => key.kid === kid);
            return instead(change, { add: (change.add ?? []).filter(isFree) });
          }, now),
      },
    }),
  ),
  twin("removing takes all of them away", "Removing takes that one away, and no other", ({ keys }) => ({
    keys: {
      change: (decide, now) =>
        keys.change((all) => {
          const change = decide(all);
          return change.remove === undefined ? change : instead(change, { remove: all.map(({ kid }) => kid) });
        }, now),
    },
  })),
  twin("sealing one again seals all with it", "Sealing again changes the private half of that one alone", ({ keys }) => ({
    keys: {
      change: (decide, now) =>
        keys.change((all) => {
          const change = decide(all);
          const [sealed] = change.reseal?.values() ?? [];
          return sealed === undefined ? change : instead(change, { reseal: new Map(all.map(({ kid }) => [kid, sealed])) });
        }, now),
    },
  })),
  twin("the key itself is handed out", "Keys are copied in and out", ({ keys }) => {
    let all: readonly SigningKeyRecord[] = [];
    return { keys: { change: async (decide, now) => (all = await keys.change(decide, now)), list: () => all } };
  }),
];
