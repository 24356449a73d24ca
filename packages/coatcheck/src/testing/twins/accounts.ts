import type { UserId } from "../../core/ids.ts";
import { seq } from "../../core/ids.ts";
import type { PasswordChange, Store, UserProof } from "../../core/ports.ts";
import type { Found } from "../../core/session.ts";
import { meanwhile, twin } from "./twin.ts";
import type { Twin } from "./twin.ts";

export const accountTwins: readonly Twin[] = [
  twin(
    "an account comes with the head of its creation",
    "Creates the account, and gives it back by address and by id, with the head",
    ({ users }) => ({
      users: {
        byId: async (id) => {
          const proof = await users.byId(id);
          return proof === null ? null : { ...proof, head: seq(0) };
        },
      },
    }),
  ),
  twin("every address counts as verified", "Every field is kept as it is given", ({ users }) => ({
    users: { create: (user, hash) => users.create({ ...user, emailVerified: true }, hash) },
  })),
  twin("a taken address is overwritten", "A taken address is null, and the account that has it stays as it was", ({ users }) => ({
    users: {
      create: async (user, hash) => {
        const taken = await users.byEmail(user.email);
        if (taken !== null) await users.rehash(taken.user.id, taken.passwordHash, hash);
        return await users.create(user, hash);
      },
    },
  })),
  twin("look, then create", "Of many who want an address at once exactly one gets it", ({ users }) => ({
    users: {
      create: async (user, passwordHash) => {
        if ((await users.byEmail(user.email)) !== null) return null;
        await meanwhile();
        return (await users.create(user, passwordHash)) ?? { user, passwordHash, head: seq(0) };
      },
    },
  })),
  twin("a taken id is answered as a taken address", "An id that is there already is the caller's mistake", ({ users }) => ({
    users: {
      create: async (...args) =>
        await Promise.resolve(args)
          .then((all) => users.create(...all))
          .catch(() => null),
    },
  })),
  twin("the account itself is handed out", "Accounts are copied in and out", ({ users }) => {
    const rows = new Map<UserId, UserProof | null>();
    return {
      users: {
        byId: async (id) => {
          if (!rows.has(id)) rows.set(id, await users.byId(id));
          return rows.get(id) ?? null;
        },
      },
    };
  }),
  twin(
    "a stale rehash undoes a new password",
    "Rehashing replaces the hash if it is still the expected one, and ends nothing",
    ({ users }) => ({
      users: { rehash: async (id, _, hash) => await users.rehash(id, (await users.byId(id))?.passwordHash ?? "", hash) },
    }),
  ),
  twin("new roles log out", "New roles replace the old ones and append invalidate-user; nobody is logged out", ({ users, sessions }) => ({
    users: {
      setRoles: async (id, roles, now) => {
        await sessions.endAll(id, null, now);
        return await users.setRoles(id, roles, now);
      },
    },
  })),
  twin("disabling ends nothing", "Disabling appends a user cutoff, and enabling again revives nothing", ({ users }) => ({
    users: {
      setDisabled: async (id, disabled, now) => {
        const proof = await users.byId(id);
        if (!disabled || proof === null) return await users.setDisabled(id, disabled, now);
        return await users.setRoles(id, proof.user.roles, now);
      },
    },
  })),
  twin("the list has no end", "Accounts are listed by address, at most as many as asked", ({ users }) => ({
    users: { list: () => users.list(Infinity) },
  })),
  twin("the list hides who is disabled", "Accounts are listed by address, at most as many as asked", ({ users }) => ({
    users: { list: async (limit) => (await users.list(Infinity)).filter(({ disabled }) => !disabled).slice(0, limit) },
  })),
  twin(
    "an operator's password ends nothing",
    "An operator's password replaces the hash and ends every session, those under way too",
    ({ users }) => ({
      users: {
        setPassword: async (id, hash) => users.rehash(id, (await users.byId(id))?.passwordHash ?? "", hash),
      },
    }),
  ),
  twin(
    "an operator's password ends the sessions that there are, one by one",
    "An operator's password replaces the hash and ends every session, those under way too",
    ({ users, sessions }) => ({
      users: {
        setPassword: async (id, hash, now) => {
          for (const { sid } of await sessions.list(id, now)) await sessions.end({ sid }, now);
          return await users.rehash(id, (await users.byId(id))?.passwordHash ?? "", hash);
        },
      },
    }),
  ),
  twin("nobody can be disabled", "Roles and disabling of nobody are false and append nothing", ({ users, feed }) => ({
    users: {
      setDisabled: async (id, disabled, now) => {
        await users.setDisabled(id, disabled, now);
        await feed.append("user", id, now);
        return true;
      },
    },
  })),
];

/** A password change in steps: the hash, what becomes of the other sessions, the renewal. */
async function inSteps({ users, sessions }: Store, change: PasswordChange, endOthers: () => unknown): Promise<Found | null> {
  const { userId, expect, passwordHash, keep, renewal } = change;
  if (!(await users.rehash(userId, expect, passwordHash))) return null;
  await endOthers();
  return await sessions.renew(keep, renewal);
}

export const passwordTwins: readonly Twin[] = [
  twin("the other sessions live on", "Sets the hash, ends every session but the kept one, and renews that", (store) => ({
    users: { changePassword: (change) => inSteps(store, change, () => undefined) },
  })),
  twin(
    "the kept session keeps its secret",
    "Sets the hash, ends every session but the kept one, and renews that",
    ({ users, sessions }) => ({
      users: {
        changePassword: async ({ userId, expect, passwordHash, keep, renewal }) => {
          if (!(await users.rehash(userId, expect, passwordHash))) return null;
          await sessions.endAll(userId, keep, renewal.lastSeenAt);
          return await sessions.find(keep);
        },
      },
    }),
  ),
  twin(
    "renewed first, cut off afterwards",
    "Appends a user cutoff and the renewal's invalidate entry, in one transaction",
    ({ users, sessions }) => ({
      users: {
        changePassword: async ({ userId, expect, passwordHash, keep, renewal }) => {
          if (!(await users.rehash(userId, expect, passwordHash))) return null;
          await sessions.renew(keep, renewal);
          await sessions.endAll(userId, keep, renewal.lastSeenAt);
          return await sessions.find(keep);
        },
      },
    }),
  ),
  twin("a walk over the list", "A login under way with the old password is ended by the change", (store) => ({
    users: {
      changePassword: (change) =>
        inSteps(store, change, async () => {
          const now = change.renewal.lastSeenAt;
          for (const { sid } of await store.sessions.list(change.userId, now))
            if (sid !== change.keep) await store.sessions.end({ sid }, now);
        }),
    },
  })),
  twin("the hash may have moved", "A hash that is another by now: null, and nothing is written", ({ users }) => ({
    users: {
      changePassword: async (change) => {
        const proof = await users.byId(change.userId);
        return await users.changePassword({ ...change, expect: proof?.passwordHash ?? change.expect });
      },
    },
  })),
  twin(
    "the hash is written before the session is looked at",
    "A kept session that is absent, another user's, or no longer lives: null, and nothing is written",
    (store) => ({
      users: { changePassword: (change) => inSteps(store, change, () => undefined) },
    }),
  ),
  twin("look at the hash, then change it", "Of many changes with the same old hash exactly one happens", ({ users }) => ({
    users: {
      changePassword: async (change) => {
        const before = await users.byId(change.userId);
        if (before?.passwordHash !== change.expect) return null;
        await meanwhile();
        const now = await users.byId(change.userId);
        return await users.changePassword({ ...change, expect: now?.passwordHash ?? "" });
      },
    },
  })),
];
