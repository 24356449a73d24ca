import { canonicalEmail } from "../accounts/email.ts";
import { ConfigError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import type { UserRecord } from "../core/ports.ts";
import type { Desk } from "./desk.ts";
import { Failure } from "./failure.ts";

/** The built-in account with this address, or this id. @throws Failure if there is none. */
export async function findUser({ store }: Desk, typed: string): Promise<UserRecord> {
  const found = typed.includes("@") ? await store.users.byEmail(readEmail(typed)) : await store.users.byId(typed as UserId);
  if (found === null) throw new Failure(`there is no user ${JSON.stringify(typed)}: see coatcheck user list`);
  return found.user;
}

/** The one spelling of an address. @throws ConfigError */
export function readEmail(typed: string): string {
  const email = canonicalEmail(typed);
  if (email === null) throw new ConfigError(`${JSON.stringify(typed)} is no e-mail address: write it like ada@example.com`);
  return email;
}

/** A whole number from 1. @throws ConfigError */
export function readCount(flag: string, typed: unknown): number {
  const count = typeof typed === "string" && /^[1-9]\d{0,8}$/.test(typed) ? Number(typed) : null;
  if (count === null) throw new ConfigError(`${flag} is ${JSON.stringify(typed)}, but must be a whole number from 1`);
  return count;
}
