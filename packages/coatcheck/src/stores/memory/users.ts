import type { UserId } from "../../core/ids.ts";
import type { UserProof, UserRecord, Users } from "../../core/ports.ts";
import { isLive } from "../../core/session.ts";
import { renewed, spared } from "../changes.ts";
import { append } from "./log.ts";
import { copySession, find, handOut, save } from "./records.ts";
import type { AccountRow, Memory, Tables } from "./tables.ts";

export function memoryUsers(memory: Memory): Users {
  return {
    create(user, passwordHash) {
      const tables = memory.write();
      if (tables.idsByEmail.has(user.email)) return null;
      if (tables.users.has(user.id)) throw new Error("there is a user with this id already");
      tables.users.set(user.id, { user: copyUser(user), passwordHash });
      tables.idsByEmail.set(user.email, user.id);
      return proof(tables, user.id);
    },

    byEmail(email) {
      const tables = memory.read();
      const id = tables.idsByEmail.get(email);
      return id === undefined ? null : proof(tables, id);
    },

    byId: (id) => proof(memory.read(), id),

    list(limit) {
      const users = [...memory.read().users.values()].map((row) => copyUser(row.user));
      // Addresses are ASCII: code units are bytes.
      return users.sort((a, b) => (a.email < b.email ? -1 : 1)).slice(0, limit);
    },

    rehash(id, expect, passwordHash) {
      const row = memory.write().users.get(id);
      if (row?.passwordHash !== expect) return false;
      row.passwordHash = passwordHash;
      return true;
    },

    changePassword({ userId, expect, passwordHash, keep, renewal }) {
      const tables = memory.write();
      const row = tables.users.get(userId);
      const kept = find(tables, keep);
      if (row?.passwordHash !== expect || kept === null || kept.session.userId !== userId || !isLive(kept)) return null;
      row.passwordHash = passwordHash;
      const cutoff = append(tables, "user", userId, renewal.lastSeenAt);
      save(tables, copySession(renewed(spared(kept.session, cutoff), renewal)));
      append(tables, "invalidate-sid", keep, renewal.lastSeenAt);
      return handOut(tables, keep);
    },

    ...operatorsUsers(memory),
  };
}

/** What an operator changes in an account, and what that does to its sessions. */
function operatorsUsers(memory: Memory): Pick<Users, "setPassword" | "setRoles" | "setDisabled"> {
  return {
    setPassword(id, passwordHash, now) {
      const tables = memory.write();
      const row = tables.users.get(id);
      if (row === undefined) return false;
      row.passwordHash = passwordHash;
      append(tables, "user", id, now);
      return true;
    },

    setRoles(id, roles, now) {
      const tables = memory.write();
      if (!update(tables.users.get(id), { roles: [...roles] })) return false;
      append(tables, "invalidate-user", id, now);
      return true;
    },

    setDisabled(id, disabled, now) {
      const tables = memory.write();
      if (!update(tables.users.get(id), { disabled })) return false;
      if (disabled) append(tables, "user", id, now);
      return true;
    },
  };
}

function update(row: AccountRow | undefined, change: Partial<UserRecord>): boolean {
  if (row === undefined) return false;
  row.user = { ...row.user, ...change };
  return true;
}

function proof(tables: Tables, id: UserId): UserProof | null {
  const row = tables.users.get(id);
  return row === undefined ? null : { user: copyUser(row.user), passwordHash: row.passwordHash, head: tables.head };
}

function copyUser(user: UserRecord): UserRecord {
  return { ...user, roles: [...user.roles] };
}
