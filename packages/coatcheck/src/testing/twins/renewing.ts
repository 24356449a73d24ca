import type { Seq } from "../../core/ids.ts";
import { isLive } from "../../core/session.ts";
import { meanwhile, revival, twin } from "./twin.ts";
import type { Twin } from "./twin.ts";
export const renewTwins: readonly Twin[] = [
  twin("a renewal forgets how the person proved themselves", "Applies the renewal and moves the generation by one", ({ sessions }) => ({
    sessions: { renew: (sid, renewal) => sessions.renew(sid, { ...renewal, amr: [] }) },
  })),
  twin("no secret means: delete the secret", "A token's session has no secret to replace: null leaves what is there", ({ sessions }) => ({
    sessions: {
      renew: async (sid, renewal) => {
        const found = await sessions.renew(sid, renewal);
        return found === null ? null : { ...found, session: { ...found.session, secretHash: renewal.secretHash } };
      },
    },
  })),
  twin("caches are not told of the new secret", "Appends an invalidate entry for the sid", ({ sessions }) => ({
    sessions: {
      renew: (sid, { lastSeenAt, idleExpiresAt }) =>
        sessions.refresh(sid, ({ session }) => ({ kind: "rotate", rotation: session.rotation, lastSeenAt, idleExpiresAt }), lastSeenAt),
    },
  })),
  twin(
    "renewing what has ended appends",
    "Renewing what is absent or no longer lives is null and writes nothing",
    ({ sessions, feed }) => ({
      sessions: {
        renew: async (sid, renewal) => {
          const found = await sessions.renew(sid, renewal);
          if (found === null) await feed.append("invalidate-sid", sid, renewal.lastSeenAt);
          return found;
        },
      },
    }),
  ),
  twin("read, then write", "Of renewals at once each counts", ({ sessions }) => ({
    sessions: {
      renew: async (sid, { lastSeenAt, idleExpiresAt }) => {
        const found = await sessions.find(sid);
        if (found === null) return null;
        const rotation = { ...found.session.rotation, generation: found.session.rotation.generation + 1 };
        await meanwhile();
        return await sessions.refresh(sid, () => ({ kind: "rotate", rotation, lastSeenAt, idleExpiresAt }), lastSeenAt);
      },
    },
  })),
];

export const refreshTwins: readonly Twin[] = [
  twin("the judge is not told of cutoffs", "The judge sees the record with head and cutoff", ({ sessions }) => ({
    sessions: { refresh: (sid, decide, now) => sessions.refresh(sid, (found) => decide({ ...found, cutoff: 0 as Seq }), now) },
  })),
  twin(
    "the outcome holds the record as it was",
    "A rotation is written, and the outcome holds the record as it is afterwards",
    ({ sessions }) => ({
      sessions: {
        refresh: async (sid, decide, now) => {
          const before = await sessions.find(sid);
          const outcome = await sessions.refresh(sid, decide, now);
          return before === null || outcome === null ? null : { ...before, decision: outcome.decision };
        },
      },
    }),
  ),
  twin("a replay counts as activity", "A replay counts itself and moves nothing else", ({ sessions }) => ({
    sessions: {
      refresh: async (sid, decide, now) => {
        const outcome = await sessions.refresh(sid, decide, now);
        if (outcome?.decision.kind === "replay") await sessions.touch([{ sid, lastSeenAt: now, idleExpiresAt: now }]);
        const found = await sessions.find(sid);
        return outcome === null || found === null ? null : { ...found, decision: outcome.decision };
      },
    },
  })),
  twin("a refusal is counted", "A refusal writes nothing", ({ sessions }) => ({
    sessions: {
      refresh: async (sid, decide, now) => {
        const outcome = await sessions.refresh(sid, decide, now);
        if (outcome?.decision.kind !== "refuse") return outcome;
        const rotation = { ...outcome.session.rotation, replays: outcome.session.rotation.replays + 1 };
        await sessions.refresh(sid, () => ({ kind: "replay", rotation }), now);
        return outcome;
      },
    },
  })),
  twin("every refresh is announced", "Rotating, replaying and refusing append nothing", ({ sessions, feed }) => ({
    sessions: {
      refresh: async (sid, decide, now) => {
        await feed.append("invalidate-sid", sid, now);
        return await sessions.refresh(sid, decide, now);
      },
    },
  })),
  twin(
    "a reuse is reported and not punished",
    "A reuse ends the session and appends its entry in the same transaction",
    ({ sessions }) => ({
      sessions: {
        refresh: async (sid, decide, now) => {
          const found = await sessions.find(sid);
          if (found === null) return null;
          const decision = decide(found);
          return decision.kind === "end" ? { ...found, decision } : await sessions.refresh(sid, () => decision, now);
        },
      },
    }),
  ),
  twin("a reuse ends everything of the user", "A reuse ends the session and appends its entry in the same transaction", ({ sessions }) => ({
    sessions: {
      refresh: async (sid, decide, now) => {
        const outcome = await sessions.refresh(sid, decide, now);
        if (outcome?.decision.kind === "end") await sessions.endAll(outcome.session.userId, null, now);
        return outcome;
      },
    },
  })),
  twin("each reuse appends", "A session ends once: a second reuse appends nothing and moves nothing", ({ sessions, feed }) => ({
    sessions: {
      refresh: async (sid, decide, now) => {
        const before = await sessions.find(sid);
        const outcome = await sessions.refresh(sid, decide, now);
        if (outcome?.decision.kind === "end" && before?.session.endedSeq !== null) await feed.append("sid", sid, now);
        return outcome;
      },
    },
  })),
  twin("two winners: read, judge, then write", "Of many with the same generation exactly one rotates", ({ sessions }) => ({
    sessions: {
      refresh: async (sid, decide, now) => {
        const found = await sessions.find(sid);
        if (found === null) return null;
        const decision = decide(found);
        await meanwhile();
        return await sessions.refresh(sid, () => decision, now);
      },
    },
  })),
  twin("a judge that throws is a refusal", "A judge that throws leaves everything as it was, and its error passes", ({ sessions }) => ({
    sessions: {
      refresh: async (...args) =>
        await Promise.resolve(args)
          .then((all) => sessions.refresh(...all))
          .catch(() => null),
    },
  })),
  twin("a refresh writes the whole row", "Refreshing what has ended revives nothing, whatever the judge says", (store) => {
    const { revive, find } = revival(store);
    return {
      sessions: {
        find,
        refresh: (sid, ...rest) => {
          revive(sid);
          return store.sessions.refresh(sid, ...rest);
        },
      },
    };
  }),
];

export const finalityTwins: readonly Twin[] = [
  twin("a renewal that was slow writes the row back", "Ending is final under any race", (store) => {
    const { revive, find } = revival(store);
    return {
      sessions: {
        find,
        renew: async (sid, renewal) => {
          const found = await store.sessions.find(sid);
          if (found === null || !isLive(found)) return null;
          await meanwhile();
          revive(sid);
          return await store.sessions.renew(sid, renewal);
        },
      },
    };
  }),
];
