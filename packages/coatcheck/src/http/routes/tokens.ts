import { CoatcheckError } from "../../core/errors.ts";
import { ok } from "../answer.ts";
import type { Answer } from "../answer.ts";
import type { Call } from "../call.ts";
import { requireBuiltInClient } from "../client-authentication.ts";
import { handOver } from "../issued.ts";
import { OAuthError } from "../oauth-errors.ts";
import { anybody, client } from "../route.ts";
import type { Route } from "../route.ts";
import { revokeForm, tokenForm } from "../schemas.ts";
import { validateForm } from "../validate.ts";

/** How long anybody may keep the public keys, in seconds. */
const JWKS_MAX_AGE = 300;

export const JWKS_PATH = "/.well-known/jwks.json";

type Form = ReadonlyMap<string, string>;

/** The OAuth standards, as far as they are there: what is not, is not announced either. */
export const tokenRoutes: readonly Route[] = [
  client({
    group: "tokens",
    method: "POST",
    path: "/oauth/token",
    summary: "New tokens for a grant (RFC 6749)",
    body: tokenForm,
    answer: async (call, form) => {
      const grant = GRANTS.get(form.get("grant_type") ?? missing("grant_type"));
      if (grant === undefined)
        throw new OAuthError("unsupported_grant_type", `This server knows these grants: ${[...GRANTS.keys()].join(", ")}.`);
      requireBuiltInClient(call.request, form);
      return grant(call, form);
    },
  }),
  client({
    group: "tokens",
    method: "POST",
    path: "/oauth/revoke",
    summary: "End the session of a token (RFC 7009)",
    body: revokeForm,
    answer: revoke,
  }),
  anybody({
    group: "tokens",
    method: "GET",
    path: JWKS_PATH,
    summary: "The public keys of access tokens (RFC 7517)",
    answer: ({ site }) => ({ ...ok(site.engine.keys.jwks()), type: "application/jwk-set+json", publicFor: JWKS_MAX_AGE }),
  }),
];

const GRANTS: ReadonlyMap<string, (call: Call, form: Form) => Promise<Answer>> = new Map([["refresh_token", refresh]]);

async function refresh(call: Call, form: Form): Promise<Answer> {
  const fields = validateForm(tokenForm, form);
  const refreshToken = fields.refresh_token ?? missing("refresh_token");
  // A session has no scopes, and a scope may only shrink (RFC 6749 §6).
  if (fields.scope !== undefined) throw new OAuthError("invalid_scope", "This refresh token was granted no scope.");
  const from = { ip: call.ip, userAgent: call.device.userAgent };
  const refreshed = await call.site.engine.tokens.refresh(refreshToken, fields.refresh_id ?? null, from);
  if (refreshed.ok) return handOver(refreshed.issued, call, 200, {});
  if (refreshed.reason === "too_often") throw new CoatcheckError("too_many_requests");
  // Ended, reused, expired, unknown, made up: one answer for all, since who shows it may be a thief.
  throw new OAuthError("invalid_grant", "The refresh token does not hold. Sign in again.");
}

/** RFC 7009 §2.2: 200 also for what is unknown, expired or not ours, since the client could do nothing about it. */
async function revoke(call: Call, form: Form): Promise<Answer> {
  requireBuiltInClient(call.request, form);
  const { sessions, carriers } = call.site.engine;
  const sid = await carriers.token.identify(form.get("token") ?? missing("token"), call.now);
  if (sid !== null) await sessions.end({ sid }, { ip: call.ip, why: "revoked" });
  return { status: 200 };
}

function missing(parameter: string): never {
  throw new OAuthError("invalid_request", `The parameter ${parameter} is missing.`);
}
