import type { ClientId, Sid, UserId } from "./ids.ts";
import type { AuthMethods, CarrierName } from "./session.ts";
import type { Instant } from "./time.ts";

/** What a request turns out to be. */
export interface Principal {
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

/** Why a credential is refused. Names, not texts: what the outside reads is in `errors.ts`. */
export type RefusalReason =
  | "absent" // nothing of ours was shown
  | "ambiguous" // two of our cookies with different values
  | "malformed" // not of the credential's form
  | "forged" // of the form, but not made by this server
  | "unknown" // authentic, but there is no such session
  | "expired" // over the absolute limit, or the token's own
  | "idle" // over the idle limit
  | "ended" // signed out, revoked, or cut off by a scope
  | "disabled" // the user is gone or disabled
  | "stale" // a token whose claims have changed since: refresh and go on
  | "wrong_audience" // a token for somebody else
  | "ahead"; // authentic, from a later log than ours: the store was rolled back

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
