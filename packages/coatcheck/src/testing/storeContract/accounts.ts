import assert from "node:assert/strict";
import type { PasswordChange, UserRecord } from "../../core/ports.ts";
import type { SessionRecord } from "../../core/session.ts";
import { race, refusesMistake } from "./bench.ts";
import type { Bench, Cases } from "./bench.ts";

export const accounts: Cases = {
  "Creates the account, and gives it back by address and by id, with the head": async (t) => {
    const user = t.newUser();
    const untouched = await t.bystanders();
    const head = await t.store.feed.append("invalidate-user", t.userId(), t.now);
    const proof = { user, passwordHash: "a hash", head };
    assert.deepEqual(await t.store.users.create(user, "a hash"), proof);
    assert.deepEqual(await t.store.users.byId(user.id), proof);
    assert.deepEqual(await t.store.users.byEmail(user.email), proof);
    const later = await t.store.feed.append("invalidate-user", t.userId(), t.now);
    assert.equal((await t.store.users.byEmail(user.email))?.head, later);
    assert.equal((await t.store.users.byId(user.id))?.head, later);
    await untouched();
  },

  "Every field is kept as it is given": async (t) => {
    for (const given of [
      { emailVerified: false, disabled: true, roles: [] },
      { emailVerified: true, disabled: false, name: "" },
    ]) {
      const user = await t.account(given);
      assert.deepEqual((await t.store.users.byId(user.id))?.user, user);
    }
  },

  "A taken address is null, and the account that has it stays as it was": async (t) => {
    const user = await t.account();
    const second = t.newUser({ email: user.email, name: "Mallory" });
    assert.equal(await t.store.users.create(second, "another hash"), null);
    assert.equal(await t.store.users.byId(second.id), null);
    assert.deepEqual(await t.store.users.byEmail(user.email), { user, passwordHash: "first hash", head: await t.head() });
  },

  "Of many who want an address at once exactly one gets it": async (t) => {
    const { email } = t.newUser();
    const proofs = await race(12, () => t.store.users.create(t.newUser({ email }), "a hash"));
    const won = proofs.filter((proof) => proof !== null);
    assert.equal(won.length, 1);
    assert.deepEqual((await t.store.users.byEmail(email))?.user, won[0]?.user);
  },

  "An id that is there already is the caller's mistake": async (t) => {
    const user = await t.account();
    await refusesMistake(() => t.store.users.create(t.newUser({ id: user.id }), "another hash"));
    assert.deepEqual((await t.store.users.byId(user.id))?.user, user);
  },

  "Accounts are copied in and out": async (t) => {
    const user = t.newUser();
    const given = structuredClone(user);
    const created = await t.store.users.create(given, "a hash");
    (given.roles as string[]).push("owner");
    assert.deepEqual(created?.user, user);
    const out = await t.store.users.byId(user.id);
    assert.ok(out !== null);
    (out.user.roles as string[]).push("owner");
    assert.deepEqual((await t.store.users.byId(user.id))?.user, user);
  },

  "Accounts are listed by address, at most as many as asked": async (t) => {
    const [b, a, c] = [await t.account(), await t.account({ disabled: true }), await t.account({ roles: [] })];
    const all = await t.store.users.list(100_000);
    const emails = all.map(({ email }) => email);
    assert.deepEqual(emails, emails.toSorted());
    for (const user of [a, b, c])
      assert.deepEqual(
        all.filter(({ id }) => id === user.id),
        [user],
      );
    assert.deepEqual(await t.store.users.list(2), all.slice(0, 2));
    for (const { roles } of all) (roles as string[]).push("owner");
    assert.notDeepEqual((await t.store.users.list(1))[0], all[0]);
  },

  "Rehashing replaces the hash if it is still the expected one, and ends nothing": async (t) => {
    const user = await t.account();
    const { sid } = await t.start({ userId: user.id });
    const untouched = await t.bystanders(user.id);
    const appended = await t.appended(async () => {
      assert.equal(await t.store.users.rehash(user.id, "first hash", "better hash"), true);
      assert.equal(await t.store.users.rehash(user.id, "first hash", "stale hash"), false);
    });
    assert.deepEqual(appended, []);
    assert.deepEqual(await t.store.users.byId(user.id), { user, passwordHash: "better hash", head: await t.head() });
    assert.equal(await t.lives(sid), true);
    await untouched();
  },

  "New roles replace the old ones and append invalidate-user; nobody is logged out": async (t) => {
    const user = await t.account();
    const { sid } = await t.start({ userId: user.id });
    const untouched = await t.bystanders(user.id);
    const roles = ["reader", "writer"];
    const appended = await t.appended(async () => assert.equal(await t.store.users.setRoles(user.id, roles, t.now), true));
    roles.push("owner");
    assert.deepEqual(appended, [`invalidate-user ${user.id}`]);
    assert.deepEqual((await t.store.users.byId(user.id))?.user, { ...user, roles: ["reader", "writer"] });
    assert.equal(await t.lives(sid), true);
    await untouched();
  },

  "Disabling appends a user cutoff, and enabling again revives nothing": async (t) => {
    const user = await t.account();
    const untouched = await t.bystanders();
    const { sid } = await t.start({ userId: user.id });
    const underWay = await t.newSession({ userId: user.id });
    const disabled = await t.appended(async () => assert.equal(await t.store.users.setDisabled(user.id, true, t.now), true));
    assert.deepEqual(disabled, [`user ${user.id}`]);
    assert.deepEqual((await t.store.users.byId(user.id))?.user, { ...user, disabled: true });
    await t.store.sessions.start(underWay, null, t.now);
    const enabled = await t.appended(async () => assert.equal(await t.store.users.setDisabled(user.id, false, t.now), true));
    assert.deepEqual(enabled, []);
    assert.deepEqual((await t.store.users.byId(user.id))?.user, user);
    for (const one of [sid, underWay.sid]) assert.equal(await t.lives(one), false);
    await untouched();
  },

  "An operator's password replaces the hash and ends every session, those under way too": async (t) => {
    const user = await t.account();
    const untouched = await t.bystanders();
    const { sid } = await t.start({ userId: user.id });
    const underWay = await t.newSession({ userId: user.id });
    const entries = await t.entries(async () => assert.equal(await t.store.users.setPassword(user.id, "second hash", t.now), true));
    assert.deepEqual(
      entries.map(({ kind, key, at }) => [kind, key, at]),
      [["user", user.id, t.now]],
    );
    assert.deepEqual(await t.store.users.byId(user.id), { user, passwordHash: "second hash", head: await t.head() });
    await t.store.sessions.start(underWay, null, t.now);
    for (const one of [sid, underWay.sid]) assert.equal(await t.lives(one), false);
    const nobody = await t.appended(async () => assert.equal(await t.store.users.setPassword(t.userId(), "a hash", t.now), false));
    assert.deepEqual(nobody, []);
    await untouched();
  },

  "Roles and disabling of nobody are false and append nothing": async (t) => {
    const nobody = t.userId();
    const appended = await t.appended(async () => {
      assert.equal(await t.store.users.setRoles(nobody, ["owner"], t.now), false);
      assert.equal(await t.store.users.setDisabled(nobody, true, t.now), false);
    });
    assert.deepEqual(appended, []);
    assert.equal(await t.store.users.byId(nobody), null);
  },
};

interface Scene {
  readonly user: UserRecord;
  readonly mine: SessionRecord;
  readonly other: SessionRecord;
  readonly change: PasswordChange;
}

/** A user with two devices, about to change the password on one of them. */
async function scene(t: Bench): Promise<Scene> {
  const user = await t.account();
  const mine = await t.start({ userId: user.id });
  const other = await t.start({ userId: user.id, carrier: "token", secretHash: null });
  const change = { userId: user.id, expect: "first hash", passwordHash: "second hash", keep: mine.sid, renewal: t.renewal() };
  return { user, mine, other, change };
}

async function changesNothing(t: Bench, { user, mine, other }: Scene, change: PasswordChange): Promise<void> {
  const before = [await t.store.users.byId(user.id), await t.found(mine.sid), await t.found(other.sid)];
  assert.deepEqual(await t.appended(async () => assert.equal(await t.store.users.changePassword(change), null)), []);
  assert.deepEqual([await t.store.users.byId(user.id), await t.found(mine.sid), await t.found(other.sid)], before);
}

export const passwords: Cases = {
  "Sets the hash, ends every session but the kept one, and renews that": async (t) => {
    const { user, mine, other, change } = await scene(t);
    const untouched = await t.bystanders();
    const found = await t.store.users.changePassword(change);
    assert.ok(found !== null);
    const { renewal } = change;
    const rotation = { generation: 4, wonBy: null, rotatedAt: renewal.lastSeenAt, replays: 0 };
    assert.deepEqual(found.session, { ...mine, ...renewal, rotation, rsq: found.cutoff });
    assert.ok(found.cutoff > mine.rsq, "what was made from it before the change dies");
    assert.deepEqual(await t.found(mine.sid), found);
    assert.equal(await t.lives(mine.sid), true);
    assert.equal(await t.lives(other.sid), false);
    assert.deepEqual(await t.store.users.byId(user.id), { user, passwordHash: "second hash", head: found.head });
    await untouched();
  },

  "Appends a user cutoff and the renewal's invalidate entry, in one transaction": async (t) => {
    const { user, mine, change } = await scene(t);
    const entries = await t.entries(async () => await t.store.users.changePassword(change));
    assert.deepEqual(
      entries.map(({ kind, key }) => [kind, key]),
      [
        ["user", user.id],
        ["invalidate-sid", mine.sid],
      ],
    );
    assert.deepEqual(
      entries.map(({ at }) => at),
      [change.renewal.lastSeenAt, change.renewal.lastSeenAt],
    );
  },

  "A login under way with the old password is ended by the change": async (t) => {
    const { user, change } = await scene(t);
    const underWay = await t.newSession({ userId: user.id });
    await t.store.users.changePassword(change);
    await t.store.sessions.start(underWay, null, t.now);
    assert.equal(await t.lives(underWay.sid), false);
  },

  "A hash that is another by now: null, and nothing is written": async (t) => {
    const it = await scene(t);
    await changesNothing(t, it, { ...it.change, expect: "an older hash" });
    await changesNothing(t, it, { ...it.change, userId: t.userId() });
  },

  "A kept session that is absent, another user's, or no longer lives: null, and nothing is written": async (t) => {
    const it = await scene(t);
    const stranger = await t.start();
    await t.store.sessions.end({ sid: it.other.sid }, t.now);
    for (const keep of [t.sid(), stranger.sid, it.other.sid]) await changesNothing(t, it, { ...it.change, keep });
    assert.deepEqual(await t.record(stranger.sid), stranger);
    await t.store.sessions.endAll(it.user.id, null, t.now);
    await changesNothing(t, it, it.change);
  },

  "Of many changes with the same old hash exactly one happens": async (t) => {
    const { user, mine, change } = await scene(t);
    const changes = await race(9, (index) => t.store.users.changePassword({ ...change, passwordHash: `hash ${index}` }));
    const won = changes.flatMap((found, index) => (found === null ? [] : [`hash ${index}`]));
    assert.equal(won.length, 1);
    assert.equal((await t.store.users.byId(user.id))?.passwordHash, won[0]);
    assert.equal((await t.record(mine.sid)).rotation.generation, 4);
  },
};
