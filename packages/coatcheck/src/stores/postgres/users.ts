import type { Seq, UserId } from "../../core/ids.ts";
import type { LogKind, Users } from "../../core/ports.ts";
import type { Instant } from "../../core/time.ts";
import { renewed, spared } from "../changes.ts";
import { nextSeq } from "../numbering.ts";
import { change, question } from "./calls.ts";
import type { Call } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { HEAD } from "./log.ts";
import type { LogWriter } from "./log.ts";
import { findRecord, saveRecord } from "./records.ts";
import { holdKept } from "./sessions.ts";
import { handOut, toUser, toUserProof } from "../rows.ts";
import type { UserProofRow, UserRow } from "../rows.ts";

const INSERT = change<[UserId, string, string, string, boolean, boolean, Instant, string], { head: Seq }>(
  `INSERT INTO coatcheck.users (id, email, name, roles, email_verified, disabled, created_at, password_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
   ON CONFLICT (email) DO NOTHING RETURNING ${HEAD} AS head`,
);
const BY_EMAIL = question<[string], UserProofRow>(`SELECT u.*, ${HEAD} AS head FROM coatcheck.users AS u WHERE u.email = $1`);
const BY_ID = question<[UserId], UserProofRow>(`SELECT u.*, ${HEAD} AS head FROM coatcheck.users AS u WHERE u.id = $1`);
const LIST = question<[number], UserRow>("SELECT * FROM coatcheck.users ORDER BY email LIMIT $1");
const REPLACE_HASH = change<[UserId, string, string]>(
  "UPDATE coatcheck.users SET password_hash = $3 WHERE id = $1 AND password_hash = $2 RETURNING 1",
);

export function postgresUsers(db: Connection, log: LogWriter): Users {
  return {
    async create(user, passwordHash) {
      const { id, email, name, roles, emailVerified, disabled, createdAt } = user;
      const call = INSERT(id, email, name, JSON.stringify(roles), emailVerified, disabled, createdAt, passwordHash);
      const [[row]] = await db.send(call);
      return row === undefined ? null : { user: { ...user, roles: [...roles] }, passwordHash, head: row.head };
    },

    byEmail: async (email) => toUserProof((await db.find(BY_EMAIL(email)))[0]),

    byId: async (id) => toUserProof((await db.find(BY_ID(id)))[0]),

    list: async (limit) => (await db.find(LIST(limit))).map(toUser),

    rehash: async (id, expect, passwordHash) => (await db.send(REPLACE_HASH(id, expect, passwordHash)))[0].length === 1,

    changePassword: async ({ userId, expect, passwordHash, keep, renewal }) =>
      await db.transaction(async (tx) => {
        const now = renewal.lastSeenAt;
        const [replaced] = await tx.run(REPLACE_HASH(userId, expect, passwordHash));
        const kept = replaced.length === 0 ? null : await holdKept(tx, log, { keep, userId, now });
        if (kept === null) return null;
        const record = renewed(spared(kept.session, nextSeq(kept.head)), renewal);
        const appended = log.append({ kind: "user", key: userId, at: now }, { kind: "invalidate-sid", key: keep, at: now });
        const [, , [after]] = await tx.commit(saveRecord(record), appended, findRecord(keep));
        return handOut(after);
      }),

    ...operatorsUsers(db, log),
  };
}

const SET_HASH = change<[UserId, string]>("UPDATE coatcheck.users SET password_hash = $2 WHERE id = $1 RETURNING 1");
const SET_ROLES = change<[UserId, string]>("UPDATE coatcheck.users SET roles = $2 WHERE id = $1 RETURNING 1");
const SET_DISABLED = change<[UserId, boolean]>("UPDATE coatcheck.users SET disabled = $2 WHERE id = $1 RETURNING 1");

/** What an operator changes in an account, and what that does to its sessions. */
function operatorsUsers(db: Connection, log: LogWriter): Pick<Users, "setPassword" | "setRoles" | "setDisabled"> {
  const set = async (
    update: Call<unknown>,
    entry: { readonly kind: LogKind; readonly id: UserId; readonly now: Instant } | null,
  ): Promise<boolean> =>
    await db.transaction(async (tx) => {
      const [changed] = await tx.run(update);
      if (changed.length === 0) return false;
      await tx.commit(...(entry === null ? [] : [log.append({ kind: entry.kind, key: entry.id, at: entry.now })]));
      return true;
    });
  return {
    setPassword: (id, passwordHash, now) => set(SET_HASH(id, passwordHash), { kind: "user", id, now }),

    setRoles: (id, roles, now) => set(SET_ROLES(id, JSON.stringify(roles)), { kind: "invalidate-user", id, now }),

    setDisabled: (id, disabled, now) => set(SET_DISABLED(id, disabled), disabled ? { kind: "user", id, now } : null),
  };
}
