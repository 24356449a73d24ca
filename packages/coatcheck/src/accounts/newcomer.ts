import { CoatcheckError } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import type { Clock, Random, UserRecord } from "../core/ports.ts";
import { encode } from "../crypto/base64url.ts";
import { canonicalEmail } from "./email.ts";

const USER_ID_BYTES = 16;

/** A new account, whoever makes it. */
export function newUser(
  { random, clock }: { readonly random: Random; readonly clock: Clock },
  { email, name, roles }: Pick<UserRecord, "email" | "name" | "roles">,
): UserRecord {
  const id = `usr_${encode(random.bytes(USER_ID_BYTES))}` as UserId;
  return { id, email, name, roles, emailVerified: false, disabled: false, createdAt: clock.now() };
}

/** The one spelling of an address. @throws {invalid_input} */
export function readEmail(typed: string): string {
  const email = canonicalEmail(typed);
  if (email === null) throw new CoatcheckError("invalid_input", { fields: [{ pointer: "/email", detail: "must be an e-mail address" }] });
  return email;
}
