import { seq } from "../../core/ids.ts";
import type { Hold, Wake } from "../../core/ports.ts";
import { instant } from "../../core/time.ts";
import { meanwhile, twin } from "./twin.ts";
import type { Twin } from "./twin.ts";

export const keepingUpTwins: readonly Twin[] = [
  twin("it never moves", "Moved is true at first, and after every commit; asked again it is false", () => ({
    feed: { moved: () => false },
  })),
  twin("the first look sees nothing", "Moved is true at first, and after every commit; asked again it is false", ({ feed }) => {
    let asked = false;
    return {
      feed: {
        moved: async () => {
          const moved = await feed.moved?.();
          const first = !asked;
          asked = true;
          return !first && moved === true;
        },
      },
    };
  }),
  twin("its own commits do not count", "Moved is true at first, and after every commit; asked again it is false", ({ feed, sessions }) => ({
    sessions: {
      end: async (...args) => {
        const outcome = await sessions.end(...args);
        await feed.moved?.();
        return outcome;
      },
    },
  })),
  twin("it moves whenever it is asked", "Reading moves nothing", () => {
    let known = false;
    return { feed: { moved: () => known || (known = true) } };
  }),
  twin("nobody is woken", "Whoever listens is woken soon after anything was appended", () => ({ feed: { listen: () => () => {} } })),
  twin("nobody is hurried", "Whoever holds a lease and listens hears when its word is awaited, and no wait in mere news", () => ({
    feed: { moved: null, hurry: () => undefined },
  })),
  twin("all news are urgent", "Whoever holds a lease and listens hears when its word is awaited, and no wait in mere news", ({ feed }) => ({
    feed: { moved: null, listen: (wake) => feed.listen(() => wake(true)) },
  })),
  twin("one listener at a time", "Whoever has stopped listening is woken no more, and nobody else with them", ({ feed }) => {
    let only: Wake = () => {};
    void feed.listen((isAwaited) => only(isAwaited));
    return {
      feed: {
        listen: (wake) => {
          only = wake;
          return () => (only = () => {});
        },
      },
    };
  }),
  twin("who stopped is woken on", "Whoever has stopped listening is woken no more, and nobody else with them", ({ feed }) => ({
    feed: {
      listen: async (wake) => {
        await feed.listen(wake);
        return () => {};
      },
    },
  })),
  twin(
    "a confirm reads everything",
    "A confirm gives the page since a position, and the clock of the store's machine, if that is another",
    ({ feed }) => ({ feed: { confirm: async (hold, now) => ({ ...(await feed.confirm(hold, now)), ...(await feed.since(seq(0))) }) } }),
  ),
  twin(
    "the first word of a holder counts",
    "A holder stands there with what it had applied and for how long it was given leave; its latest word counts",
    ({ feed }) => {
      const first = new Map<string, Hold>();
      return {
        feed: {
          confirm: (hold, now) => {
            if (!first.has(hold.holder)) first.set(hold.holder, hold);
            return feed.confirm(first.get(hold.holder) ?? hold, now);
          },
        },
      };
    },
  ),
  twin(
    "what it is given counts as applied",
    "A holder stands there with what it had applied and for how long it was given leave; its latest word counts",
    ({ feed }) => ({
      feed: {
        confirm: async (hold, now) => {
          const { head, mark } = await feed.since(hold.from);
          return { ...(await feed.confirm({ ...hold, from: head, mark }, now)), ...(await feed.since(hold.from)) };
        },
      },
    }),
  ),
  twin("a position is known by its number alone", "What a holder has applied of another log counts for nothing", ({ feed }) => ({
    feed: {
      confirm: async (hold, now) => {
        const { head, mark } = await feed.since(seq(0));
        const { fromMark } = await feed.since(hold.from);
        const known = hold.from === head ? mark : (fromMark ?? "");
        return feed.confirm({ ...hold, mark: known }, now);
      },
    },
  })),
  twin("a beat is a count", "A beat never comes again, whatever a holder says", ({ feed }) => {
    const counts = new Map<string, number>();
    return {
      feed: {
        confirm: (hold, now) => {
          counts.set(hold.holder, (counts.get(hold.holder) ?? 0) + 1);
          return feed.confirm(hold, now);
        },
        pruneHolders: (before) => {
          counts.clear();
          return feed.pruneHolders(before);
        },
        holders: async () => (await feed.holders()).map((it) => ({ ...it, beat: `beat number ${counts.get(it.holder) ?? 0}` })),
      },
    };
  }),
  twin(
    "a holder is noted after it was answered",
    "Whoever ends something and then asks for the holders misses none that has not been told of it",
    ({ feed }) => ({
      feed: {
        confirm: async (hold, now) => {
          const page = await feed.since(hold.from);
          for (let turn = 0; turn < 3; turn += 1) await meanwhile();
          return { ...(await feed.confirm(hold, now)), ...page };
        },
      },
    }),
  ),
  twin(
    "every holder is forgotten",
    "Pruning forgets the holders that asked last before, to the millisecond, and no others",
    ({ feed }) => ({
      feed: { pruneHolders: () => feed.pruneHolders(instant(Number.MAX_SAFE_INTEGER)) },
    }),
  ),
  twin(
    "holders are forgotten a millisecond early",
    "Pruning forgets the holders that asked last before, to the millisecond, and no others",
    ({ feed }) => ({ feed: { pruneHolders: (before) => feed.pruneHolders(instant(before + 1)) } }),
  ),
];
