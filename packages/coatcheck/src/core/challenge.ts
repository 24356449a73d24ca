import type { CarrierName } from "./session.ts";
import type { Milliseconds } from "./time.ts";

// What a refusal says in `WWW-Authenticate` besides `Bearer`: an error only if a token was sent (RFC 6750 §3.1, RFC 9110 §15.5.2).

const INVALID_TOKEN = 'Bearer error="invalid_token"';

/** By our code, which of the standard's names it has. */
const CHALLENGES: Readonly<Record<string, string>> = {
  invalid_token: INVALID_TOKEN,
  login_required: INVALID_TOKEN,
  stale_claims: INVALID_TOKEN,
};

/** For a 401 with this code. */
export function challengeOf(code: string): string {
  return CHALLENGES[code] ?? "Bearer";
}

/** How each carrier's client hears that the person must prove themselves again: a token's by RFC 9470. */
export const STEP_UP = { cookie: "step_up_required", token: "insufficient_user_authentication" } as const satisfies Record<
  CarrierName,
  string
>;

/** What the login lacks (RFC 9470 §3): a fresher proof, or one by another method, which is its own context class here. */
export interface Lacking {
  readonly maxAge?: Milliseconds;
  readonly method?: string;
}

export function stepUpChallenge({ maxAge, method }: Lacking): string {
  const age = maxAge === undefined ? "" : `, max_age="${Math.floor(maxAge / 1_000)}"`;
  return `Bearer error="insufficient_user_authentication"${age}${method === undefined ? "" : `, acr_values="${method}"`}`;
}

/** The scopes that it takes (RFC 6750 §3.1). */
export function scopeChallenge(scopes: readonly string[]): string {
  return `Bearer error="insufficient_scope", scope="${scopes.join(" ")}"`;
}
