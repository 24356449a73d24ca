import type { JsonValue, SessionRecord } from "../core/session.ts";
import type { DeclaredClaims, UserView } from "../core/users.ts";
import type { UserPrincipal } from "../core/verdict.ts";
import { sharedClaims, sharedList, sharedText } from "./sharing.ts";

/** What a session of this user is to the application. Frozen: it is shared between requests. */
export function principalOf(session: SessionRecord, user: UserView, claims: DeclaredClaims): UserPrincipal {
  return Object.freeze({
    kind: "user",
    userId: session.userId,
    sid: session.sid,
    clientId: sharedText(session.clientId),
    carrier: session.carrier,
    roles: sharedList(user.roles),
    amr: sharedList(session.amr),
    authTime: session.authTime,
    claims: sharedClaims(fillClaims(claims, user, session)),
  });
}

/** The declared claims, filled in. A claim whose function gives null is left out. */
export function fillClaims(claims: DeclaredClaims, user: UserView, session: SessionRecord): Record<string, JsonValue> {
  const filled: Record<string, JsonValue> = {};
  for (const [name, fill] of Object.entries(claims)) {
    const value = fill(user, session);
    if (value !== null) filled[name] = value;
  }
  return filled;
}
