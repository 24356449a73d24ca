import { parseSid } from "../../core/ids.ts";
import type { Seq, Sid, UserId } from "../../core/ids.ts";
import type { NewSession, Touch } from "../../core/ports.ts";
import type { Found, SessionRecord } from "../../core/session.ts";
import { instant } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import { liveNow, revival, twin } from "./twin.ts";
import type { Twin } from "./twin.ts";

const wholeSeconds = (at: Instant): Instant => instant(Math.floor(at / 1_000) * 1_000);

export const generalTwins: readonly Twin[] = [
  twin("what is absent throws", "What is absent is null, or an empty list", ({ sessions }) => ({
    sessions: {
      find: async (sid) => {
        const found = await sessions.find(sid);
        if (found === null) throw new Error("not found");
        return found;
      },
    },
  })),
  twin("what is malformed throws", "What is malformed is null too", ({ sessions }) => ({
    sessions: {
      find: (sid) => {
        if (parseSid(sid) === null) throw new TypeError("this is no sid");
        return sessions.find(sid);
      },
    },
  })),
  twin("an outage is answered as 'no session'", "A store that is closed is an outage, whatever is asked of it", ({ sessions }) => ({
    sessions: {
      find: async (sid) =>
        await Promise.resolve(sid)
          .then(sessions.find)
          .catch(() => null),
    },
  })),
  twin("it can't be pinged", "A store that is open can be asked anything, and pinged", () => ({
    ping: () => Promise.reject(new Error("no such command")),
  })),
  twin("it can be closed once only", "Opening what is open, and closing what is closed, changes nothing", ({ close, ping }) => ({
    close: async () => {
      await ping();
      await close();
    },
  })),
];

export const startTwins: readonly Twin[] = [
  twin("deadlines are cut to whole seconds", "Inserts the record, to the millisecond and the byte", ({ sessions }) => ({
    sessions: { start: (it, ...rest) => sessions.start({ ...it, expiresAt: wholeSeconds(it.expiresAt) }, ...rest) },
  })),
  twin("starting invalidates the user", "Starting appends nothing by itself", ({ sessions, feed }) => ({
    sessions: {
      start: async (it, replaces, now) => {
        await feed.append("invalidate-user", it.userId, now);
        return await sessions.start(it, replaces, now);
      },
    },
  })),
  twin(
    "the replaced session lives on",
    "Ends the session that it replaces, this user's or anybody else's, in the same transaction",
    ({ sessions }) => ({
      sessions: { start: (it, _, now) => sessions.start(it, null, now) },
    }),
  ),
  twin(
    "another user's session is not replaced",
    "Ends the session that it replaces, this user's or anybody else's, in the same transaction",
    ({ sessions }) => ({
      sessions: {
        start: async (it, replaces, now) => {
          const theirs = replaces === null ? null : await sessions.find(replaces);
          return await sessions.start(it, theirs?.session.userId === it.userId ? replaces : null, now);
        },
      },
    }),
  ),
  twin("an entry for whatever is replaced", "Replaces nothing that is absent or has ended", ({ sessions, feed }) => ({
    sessions: {
      start: async (it, replaces, now) => {
        if (replaces !== null) await feed.append("sid", replaces, now);
        return await sessions.start(it, null, now);
      },
    },
  })),
  twin(
    "rsq is read when the row is written",
    "A cutoff that was committed after the proof has ended the new record already",
    ({ sessions, feed }) => ({
      sessions: { start: async (it, ...rest) => await sessions.start({ ...it, rsq: (await feed.since(0 as Seq)).head }, ...rest) },
    }),
  ),
  twin("start is an upsert", "A sid that is there already is the caller's mistake, and nothing is written", ({ sessions }) => ({
    sessions: { start: async (it, ...rest) => (await sessions.find(it.sid)) ?? (await sessions.start(it, ...rest)) },
  })),
  twin("the caller's object is kept", "Values handed in are copied", ({ sessions }) => {
    const kept = new Map<Sid, NewSession>();
    return {
      sessions: {
        start: (it, ...rest) => {
          kept.set(it.sid, it);
          return sessions.start(it, ...rest);
        },
        find: async (sid) => {
          const found = await sessions.find(sid);
          return found === null ? null : { ...found, session: { ...found.session, ...kept.get(sid) } };
        },
      },
    };
  }),
  twin("the row itself is handed out", "Values handed out are the caller's", ({ sessions }) => {
    const rows = new Map<Sid, Found | null>();
    return {
      sessions: {
        find: async (sid) => {
          if (!rows.has(sid)) rows.set(sid, await sessions.find(sid));
          return rows.get(sid) ?? null;
        },
      },
    };
  }),
];

export const findTwins: readonly Twin[] = [
  twin("what has ended is not found", "Finds the record whether it lives or not", (store) => ({
    sessions: { find: async (sid) => ((await liveNow(store, sid)) ? await store.sessions.find(sid) : null) },
  })),
  twin("the head is the login's", "The head is the log's, as it stands now", ({ sessions }) => ({
    sessions: {
      find: async (sid) => {
        const found = await sessions.find(sid);
        return found === null ? null : { ...found, head: found.session.rsq };
      },
    },
  })),
  twin("the narrowest cutoff decides", "The cutoff is the latest over all scopes that the session stands in", ({ sessions, feed }) => {
    const cutoffs = new Map<string, Seq>();
    return {
      feed: {
        append: async (kind, key, now) => {
          const at = await feed.append(kind, key, now);
          cutoffs.set(kind, at);
          return at;
        },
      },
      sessions: {
        find: async (sid) => {
          const found = await sessions.find(sid);
          return found === null ? null : { ...found, cutoff: cutoffs.get("user") ?? cutoffs.get("client") ?? found.cutoff };
        },
      },
    };
  }),
  twin("a user's cutoff is everybody's", "A cutoff of another user or client is not this session's", ({ feed }) => ({
    feed: { append: (kind, key, now) => (kind === "user" ? feed.append("global", "", now) : feed.append(kind, key, now)) },
  })),
];

export const touchTwins: readonly Twin[] = [
  twin("a touch moves activity backwards", "Each value becomes the later of the stored and the given one", ({ sessions }) => ({
    sessions: {
      touch: async (touches) => {
        for (const { sid, lastSeenAt, idleExpiresAt } of touches) {
          await sessions.refresh(
            sid,
            ({ session }) => ({ kind: "rotate", rotation: session.rotation, lastSeenAt, idleExpiresAt }),
            lastSeenAt,
          );
        }
      },
    },
  })),
  twin("a touch of one touches all of the user's", "Each value becomes the later of the stored and the given one", ({ sessions }) => ({
    sessions: {
      touch: async (touches) => {
        for (const touch of touches) {
          const userId = (await sessions.find(touch.sid))?.session.userId;
          const all = userId === undefined ? [] : await sessions.list(userId, touch.lastSeenAt);
          await sessions.touch([touch, ...all.map(({ sid }): Touch => ({ ...touch, sid }))]);
        }
      },
    },
  })),
  twin("only the first of a batch is touched", "Many are touched at once, each with its own values", ({ sessions }) => ({
    sessions: { touch: (touches) => sessions.touch(touches.slice(0, 1)) },
  })),
  twin("a touch is an upsert", "Touching never inserts", ({ sessions }) => {
    let sample: NewSession | null = null;
    return {
      sessions: {
        touch: async (touches) => {
          for (const { sid, ...times } of touches) {
            if ((await sessions.find(sid)) === null)
              await sessions.start({ ...(sample ?? blank(sid)), sid, ...times }, null, times.lastSeenAt);
          }
          await sessions.touch(touches);
        },
        start: (it, ...rest) => sessions.start((sample = it), ...rest),
      },
    };
  }),
  twin("a late touch revives", "Touching never revives", (store) => {
    const { revive, find } = revival(store);
    return { sessions: { find, touch: (touches) => touches.forEach(({ sid }) => revive(sid)) } };
  }),
  twin("every touch is announced", "Touching appends nothing", ({ sessions, feed }) => ({
    sessions: {
      touch: async (touches) => {
        await sessions.touch(touches);
        for (const { sid, lastSeenAt } of touches) await feed.append("invalidate-sid", sid, lastSeenAt);
      },
    },
  })),
];

export const listTwins: readonly Twin[] = [
  twin("the list shows everybody's", "Lists this user's live sessions and nobody else's", ({ sessions }) => {
    const users = new Set<UserId>();
    return {
      sessions: {
        start: (it, ...rest) => {
          users.add(it.userId);
          return sessions.start(it, ...rest);
        },
        list: async (_, now) => (await Promise.all([...users].map(async (userId) => await sessions.list(userId, now)))).flat(),
      },
    };
  }),
  twin("the list shows what has ended", "Lists this user's live sessions and nobody else's", ({ sessions }) => {
    const started: SessionRecord[] = [];
    return {
      sessions: {
        start: async (...args) => {
          const found = await sessions.start(...args);
          started.push(found.session);
          return found;
        },
        list: (userId) => started.filter((it) => it.userId === userId),
      },
    };
  }),
  twin("deadlines are judged in whole seconds", "Lists only those with both deadlines ahead, to the millisecond", ({ sessions }) => ({
    sessions: { list: (userId, now) => sessions.list(userId, wholeSeconds(now)) },
  })),
  twin("the oldest activity comes first", "Lists the latest activity first", ({ sessions }) => ({
    sessions: { list: async (userId, now) => (await sessions.list(userId, now)).toReversed() },
  })),
  twin(
    "the list of all shows too many",
    "Everybody's live sessions are listed, latest activity first, at most as many as asked",
    ({ sessions }) => ({ sessions: { recent: (now) => sessions.recent(now, Infinity) } }),
  ),
  twin(
    "the list of all shows what is idle",
    "Everybody's live sessions are listed, latest activity first, at most as many as asked",
    ({ sessions }) => ({ sessions: { recent: (now, limit) => sessions.recent(instant(now - 1), limit) } }),
  ),
  twin("the list has forgotten the rotation", "Each listed record is as find gives it, a rotation included", ({ sessions }) => ({
    sessions: {
      list: async (userId, now) => (await sessions.list(userId, now)).map((it) => ({ ...it, rotation: { ...it.rotation, wonBy: null } })),
    },
  })),
];

function blank(sid: Sid): NewSession {
  const zero = instant(0);
  return {
    sid,
    userId: "" as UserId,
    clientId: "" as NewSession["clientId"],
    carrier: "cookie",
    secretHash: null,
    salt: new Uint8Array(16),
    rotation: { generation: 0, wonBy: null, rotatedAt: zero, replays: 0 },
    rsq: 0 as Seq,
    createdAt: zero,
    authTime: zero,
    amr: [],
    lastSeenAt: zero,
    expiresAt: zero,
    idleExpiresAt: zero,
    device: { label: "", userAgent: "", ip: "" },
    data: null,
  };
}
