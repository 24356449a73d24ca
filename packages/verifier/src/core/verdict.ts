import type { ClientId, Sid, UserId } from "./ids.ts";
import type { AuthMethods, CarrierName } from "./session.ts";
import type { Instant } from "./time.ts";

/** A person who is logged in. */
export interface UserPrincipal {
  readonly kind: "user";
  readonly userId: UserId;
  readonly sid: Sid;
  readonly clientId: ClientId;
  readonly carrier: CarrierName;
  readonly roles: readonly string[];
  /** How the login was proved (RFC 8176). */
  readonly amr: AuthMethods;
  /** When the person last proved themselves. */
  readonly authTime: Instant;
  /** The claims that the application declared, as the token carries them; empty for a cookie's principal without any. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * A program that came with a token of its own (RFC 6749 §4.4): nobody is logged in, so there is no user, no session and no role.
 * What it may do is what `scopes` says.
 */
export interface ClientPrincipal {
  readonly kind: "client";
  readonly clientId: ClientId;
  /** What was granted of what the client may ask for (RFC 6749 §3.3); may be none. */
  readonly scopes: readonly string[];
}

/** What a request turns out to be. Ask its `kind` before anything else: only a `user` has a `userId`. */
export type Principal = UserPrincipal | ClientPrincipal;

/** Why a credential is refused. Names, not texts: what the outside reads is in `errors.ts`. */
export const REFUSAL_REASONS = [
  "absent", // nothing of ours was shown
  "ambiguous", // two of our cookies with different values
  "malformed", // not of the credential's form
  "forged", // of the form, but not made by this server
  "unknown", // authentic, but there is no such session
  "expired", // over the absolute limit, or the token's own
  "idle", // over the idle limit
  "ended", // signed out, revoked, or cut off by a scope
  "disabled", // the user is gone or disabled
  "stale", // a token whose claims have changed since: refresh and go on
  "wrong_audience", // a token for somebody else
  "ahead", // authentic, from a later log than ours: the store was rolled back
] as const;

export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export type Verdict =
  | {
      readonly ok: true;
      readonly principal: Principal;
      /** The latest that this verdict can hold without asking again. */
      readonly until: Instant;
    }
  | { readonly ok: false; readonly reason: RefusalReason };

const REFUSALS = new Map<RefusalReason, Verdict>();

/** One frozen object for each reason: a refusal allocates nothing. */
export function refuse(reason: RefusalReason): Verdict & { readonly ok: false } {
  let refusal = REFUSALS.get(reason);
  if (refusal === undefined) REFUSALS.set(reason, (refusal = Object.freeze({ ok: false, reason })));
  return refusal as Verdict & { readonly ok: false };
}
