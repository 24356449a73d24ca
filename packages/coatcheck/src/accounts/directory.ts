import { chain } from "../core/maybe.ts";
import type { UserRecord, Users } from "../core/ports.ts";
import { iso } from "../core/time.ts";
import type { UserDirectory, UserView } from "../core/users.ts";

/** The built-in accounts, as the rest of Coatcheck sees any users. */
export function builtInUsers(users: Users): UserDirectory {
  return { get: (id) => chain(users.byId(id), (found) => (found === null ? null : viewOf(found.user))) };
}

function viewOf(user: UserRecord): UserView {
  const { id, roles, disabled, email, name, emailVerified, createdAt } = user;
  return { id, roles, disabled, profile: { email, name, emailVerified, createdAt: iso(createdAt) } };
}
