import { CoatcheckError } from "../core/errors.ts";
import type { Clock, Random, UserProof, UserRecord, Users } from "../core/ports.ts";
import { createHasher } from "./hashing.ts";
import type { Hasher } from "./hashing.ts";
import { newUser, readEmail } from "./newcomer.ts";
import { passwordFault, refuseFault } from "./password.ts";

/** What an operator does to accounts: by the rules that everybody is held to, but for the counts, since nobody guesses here. */
export interface AccountOffice {
  /** @throws {invalid_input} {weak_password} {email_taken} */
  add(newcomer: Pick<UserRecord, "email" | "name" | "roles">, password: string): Promise<UserProof>;
  /** Ends every session of theirs. @returns false if the account is gone. @throws {invalid_input} {weak_password} */
  setPassword(user: UserRecord, password: string): Promise<boolean>;
  /** Replaces the roles: whoever is logged in has them at the next request. @returns false if the account is gone. @throws {invalid_input} */
  setRoles(user: UserRecord, roles: readonly string[]): Promise<boolean>;
}

export interface OfficeParts {
  readonly users: Users;
  readonly clock: Clock;
  readonly random: Random;
  /** A password made of it is refused. */
  readonly issuerHost: string;
  /** Default: one of its own. */
  readonly hasher?: Hasher;
}

/** Every access token carries them, and no token is longer than 8 kB. */
const MOST_ROLES = 32;
/** Letters and digits, and between them what names in other systems have. */
const ROLE = /^[A-Za-z0-9](?:[\w.:/-]{0,62}[A-Za-z0-9])?$/;

export function createAccountOffice(parts: OfficeParts): AccountOffice {
  const { users, clock, random, issuerHost, hasher = createHasher({ random }) } = parts;

  async function hash({ email, name }: Pick<UserRecord, "email" | "name">, password: string): Promise<string> {
    refuseFault(passwordFault(password, { email, name, issuerHost }), "/password");
    return hasher.hash(password);
  }

  return {
    async add({ email: typed, name, roles: named }, password) {
      const email = readEmail(typed);
      const roles = readRoles(named);
      const proof = await users.create(newUser({ random, clock }, { email, name, roles }), await hash({ email, name }, password));
      if (proof === null) throw new CoatcheckError("email_taken");
      return proof;
    },

    setPassword: async (user, password) => users.setPassword(user.id, await hash(user, password), clock.now()),

    setRoles: async (user, roles) => users.setRoles(user.id, readRoles(roles), clock.now()),
  };
}

/** In the order given, each once. @throws {invalid_input} */
function readRoles(roles: readonly string[]): readonly string[] {
  const wrong = roles.find((role) => !ROLE.test(role));
  const detail =
    wrong === undefined
      ? `must be at most ${MOST_ROLES}`
      : `must be of 1 to 64 letters, digits and _ . : / - between them, which ${JSON.stringify(wrong)} is not`;
  if (wrong !== undefined || roles.length > MOST_ROLES)
    throw new CoatcheckError("invalid_input", { fields: [{ pointer: "/roles", detail }] });
  return [...new Set(roles)];
}
