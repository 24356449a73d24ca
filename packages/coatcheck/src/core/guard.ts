import { STEP_UP, challengeOf, scopeChallenge, stepUpChallenge } from "./challenge.ts";
import { ERRORS, refusalCode } from "./errors.ts";
import type { ErrorRow } from "./errors.ts";
import { readNeeds } from "./needs.ts";
import type { ClientDemands, Needs, UserDemands } from "./needs.ts";
import type { Instant } from "./time.ts";
import type { ClientPrincipal, Principal, UserPrincipal, Verdict } from "./verdict.ts";

// What a route asks of its callers besides that they are who they say: the same for an application with the store and for a service without one.

/** Whoever a guard with these needs lets in: never undefined, and of no kind that was not named. */
export type Allowed<N extends Needs> =
  | ("user" extends keyof N ? UserPrincipal : never)
  | ("client" extends keyof N ? ClientPrincipal : never);

/** Refusals that no route of ours answers: what an application's own routes ask is its business. */
export const GUARD_ERRORS = {
  forbidden: {
    status: 403,
    title: "This is not for whoever is logged in",
    mend: "Ask an administrator for the role, or sign in as somebody who has it.",
  },
  insufficient_scope: {
    status: 403,
    title: "The access token does not have the scope",
    mend: "Get a token with the scopes that WWW-Authenticate names.",
  },
} as const satisfies Record<string, ErrorRow>;

const ROWS = { ...ERRORS, ...GUARD_ERRORS };

/** A refusal, ready to be answered: a framework has nothing to decide. */
export interface Refusal {
  readonly ok: false;
  readonly status: number;
  /** What a program goes by. */
  readonly code: keyof typeof ROWS;
  /** For people. */
  readonly title: string;
  /** To be sent with it: `WWW-Authenticate`, where there is one. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The verdict of whoever may come, or the refusal. */
export type Guarded<N extends Needs, V extends Verdict> =
  | (Omit<Extract<V, { readonly ok: true }>, "principal"> & { readonly principal: Allowed<N> })
  | Refusal;

/** What a verdict is about. */
export type Shown = "cookie" | "token" | "nothing";

/** Why not; null for whoever fulfils what is asked. */
export type Guard = (verdict: Verdict, shown: Shown, now: Instant) => Refusal | null;

/**
 * A guard for a route: made once, at start. It looks at nothing but the verdict.
 * @throws ConfigError for needs that can't be meant.
 */
export function createGuard(needs: Needs): Guard {
  const { user, client } = readNeeds(needs);
  const judge = (principal: Principal, now: Instant): Refusal | null => {
    if (principal.kind === "user") return user === null ? refusal("forbidden") : judgeUser(user, principal, now);
    return client === null ? refusal("login_required") : judgeClient(client, principal);
  };
  return (verdict, shown, now) => (verdict.ok ? judge(verdict.principal, now) : refusal(refusalCode(verdict.reason, shown)));
}

/** Who it is comes before how well it was proved: nobody proves themselves again for what they may not have. */
function judgeUser({ roles, anyRole, maxAge, amr }: UserDemands, person: UserPrincipal, now: Instant): Refusal | null {
  const has = (role: string): boolean => person.roles.includes(role);
  if (!roles.every(has) || (anyRole !== null && !anyRole.some(has))) return refusal("forbidden");
  const method = amr.find((name) => !person.amr.includes(name));
  const isOld = maxAge !== null && now - person.authTime > maxAge;
  if (!isOld && method === undefined) return null;
  const lacking = { ...(isOld ? { maxAge } : {}), ...(method === undefined ? {} : { method }) };
  return refusal(STEP_UP[person.carrier], stepUpChallenge(lacking));
}

function judgeClient({ scopes }: ClientDemands, client: ClientPrincipal): Refusal | null {
  return scopes.every((scope) => client.scopes.includes(scope)) ? null : refusal("insufficient_scope", scopeChallenge(scopes));
}

/** Of the refusals with 403 one alone has a challenge: a token with more scope would do. */
function refusal(code: Refusal["code"], challenge: string = challengeOf(code)): Refusal {
  const { status, title } = ROWS[code];
  const headers: Readonly<Record<string, string>> =
    status === 401 || code === "insufficient_scope" ? { "WWW-Authenticate": challenge } : {};
  return { ok: false, status, code, title, headers };
}
