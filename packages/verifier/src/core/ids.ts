/** The public name of a session: 16 random bytes in base64url (22 characters). It lets nobody in. */
export type Sid = string & { readonly __brand: "Sid" };

/** The name of an account. Built-in accounts: `usr_` and 22 characters; an application's own users: whatever it uses. */
export type UserId = string & { readonly __brand: "UserId" };

/** The name of an OAuth client: `cli_` and 22 characters, or the built-in one. Disjoint from {@link UserId}s: a client is never a user (RFC 9700 §4.15). */
export type ClientId = string & { readonly __brand: "ClientId" };

/** A position in the revocation log: `epoch * 2^40 + n`. Larger is later; two stores' positions never compare. */
export type Seq = number & { readonly __brand: "Seq" };

/** The built-in public client: it owns every refresh token that sign-in gave. */
export const BUILT_IN_CLIENT: ClientId = "coatcheck" as ClientId;

/** What every client's id but the built-in one's begins with. */
export const CLIENT_PREFIX = "cli_";

/** Whether `id` lies where clients are named: no user may be called so, whoever keeps the users. */
export function isClientId(id: string): boolean {
  return id === BUILT_IN_CLIENT || id.startsWith(CLIENT_PREFIX);
}

/** The one base64url spelling of 16 bytes. */
export const SID: RegExp = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** @returns null unless `text` is a {@link SID}. */
export function parseSid(text: string): Sid | null {
  return SID.test(text) ? (text as Sid) : null;
}

export function seq(value: number): Seq {
  return value as Seq;
}
