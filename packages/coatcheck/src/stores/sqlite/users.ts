import type { UserId } from "../../core/ids.ts";
import type { UserRecord, Users } from "../../core/ports.ts";
import { isLive } from "../../core/session.ts";
import { renewed, spared } from "../changes.ts";
import type { Connection } from "./connection.ts";
import type { LogWriter } from "./log.ts";
import { sessionRecords } from "./records.ts";
import { toUser, toUserProof } from "../rows.ts";
import type { UserProofRow, UserRow } from "../rows.ts";

const PROOF = "SELECT u.*, (SELECT seq FROM rev_head) AS head FROM users AS u";

export function sqliteUsers(db: Connection, log: LogWriter): Users {
  const records = sessionRecords(db);
  const insert = db.query<[UserRow]>(
    "writer",
    `INSERT INTO users (id, email, name, roles, email_verified, disabled, created_at, password_hash)
     VALUES (@id, @email, @name, @roles, @email_verified, @disabled, @created_at, @password_hash) ON CONFLICT (email) DO NOTHING`,
  );
  const byEmail = db.query<[string], UserProofRow>("reader", `${PROOF} WHERE u.email = ?`);
  const byId = db.query<[UserId], UserProofRow>("reader", `${PROOF} WHERE u.id = ?`);
  const list = db.query<[number], UserRow>("reader", "SELECT * FROM users ORDER BY email LIMIT ?");
  const replaceHash = db.query<[string, UserId, string]>("writer", "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?");

  return {
    create: (user, passwordHash) =>
      db.transaction(() => (insert.run(toRow(user, passwordHash)) === 0 ? null : { user: copyUser(user), passwordHash, head: log.head() })),

    byEmail: (email) => toUserProof(byEmail.get(email)),

    byId: (id) => toUserProof(byId.get(id)),

    list: (limit) => list.all(limit).map(toUser),

    rehash: (id, expect, passwordHash) => db.transaction(() => replaceHash.run(passwordHash, id, expect) === 1),

    changePassword: ({ userId, expect, passwordHash, keep, renewal }) =>
      db.transaction(() => {
        const kept = records.find(keep);
        if (kept === null || kept.session.userId !== userId || !isLive(kept)) return null;
        if (replaceHash.run(passwordHash, userId, expect) === 0) return null;
        const cutoff = log.append("user", userId, renewal.lastSeenAt);
        records.save(renewed(spared(kept.session, cutoff), renewal));
        log.append("invalidate-sid", keep, renewal.lastSeenAt);
        return records.handOut(keep);
      }),

    ...operatorsUsers(db, log),
  };
}

/** What an operator changes in an account, and what that does to its sessions. */
function operatorsUsers(db: Connection, log: LogWriter): Pick<Users, "setPassword" | "setRoles" | "setDisabled"> {
  const setHash = db.query<[string, UserId]>("writer", "UPDATE users SET password_hash = ? WHERE id = ?");
  const setRoles = db.query<[string, UserId]>("writer", "UPDATE users SET roles = ? WHERE id = ?");
  const setDisabled = db.query<[number, UserId]>("writer", "UPDATE users SET disabled = ? WHERE id = ?");
  return {
    setPassword: (id, passwordHash, now) =>
      db.transaction(() => {
        const known = setHash.run(passwordHash, id) === 1;
        if (known) log.append("user", id, now);
        return known;
      }),

    setRoles: (id, roles, now) =>
      db.transaction(() => {
        const known = setRoles.run(JSON.stringify(roles), id) === 1;
        if (known) log.append("invalidate-user", id, now);
        return known;
      }),

    setDisabled: (id, disabled, now) =>
      db.transaction(() => {
        const known = setDisabled.run(Number(disabled), id) === 1;
        if (known && disabled) log.append("user", id, now);
        return known;
      }),
  };
}

function toRow(user: UserRecord, passwordHash: string): UserRow {
  return {
    id: user.id,
    email: user.email,
    name: user.name,
    roles: JSON.stringify(user.roles),
    email_verified: Number(user.emailVerified),
    disabled: Number(user.disabled),
    created_at: user.createdAt,
    password_hash: passwordHash,
  };
}

function copyUser(user: UserRecord): UserRecord {
  return { ...user, roles: [...user.roles] };
}
