import { CoatcheckError } from "../../core/errors.ts";
import { JWKS_MAX_AGE } from "../../core/key-schedule.ts";
import { ok } from "../answer.ts";
import { jwksSchema, tokensSchema } from "../answers.ts";
import type { Call } from "../call.ts";
import { requireBuiltInClient } from "../client-authentication.ts";
import { tokenResponse } from "../issued.ts";
import { OAuthError } from "../oauth-errors.ts";
import { anybody, client } from "../route.ts";
import type { Route } from "../route.ts";
import type { Said } from "../row.ts";
import { revokeForm, tokenForm } from "../schemas.ts";
import { validateForm } from "../validate.ts";

export const JWKS_PATH = "/.well-known/jwks.json";

/** RFC 7517 §8.5.2. */
const JWKS_TYPE = "application/jwk-set+json";

type Form = ReadonlyMap<string, string>;

/** The OAuth standards, as far as they are there: what is not, is not announced either. */
export const tokenRoutes: readonly Route[] = [
  client({
    group: "tokens",
    method: "POST",
    path: "/oauth/token",
    id: "getTokens",
    tag: "Tokens",
    summary: "New tokens for a grant (RFC 6749)",
    description:
      "A refresh token that sign-in gave belongs to the built-in public client and needs no `client_id`. Any `scope` with it is `invalid_scope`: a session has none.",
    credentials: ["nothing"],
    body: tokenForm,
    answers: { 200: { description: "The next tokens.", body: tokensSchema } },
    refusals: ["invalid_client", "invalid_grant", "invalid_scope", "unsupported_grant_type", "too_many_requests", "store_unavailable"],
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
    id: "revokeToken",
    tag: "Tokens",
    summary: "End the session of a token (RFC 7009)",
    description: "Of an access or a refresh token. An unknown one is answered like any other.",
    credentials: ["nothing"],
    body: revokeForm,
    answers: { 200: { description: "It has ended, or it was none of ours." } },
    refusals: ["invalid_client", "store_unavailable"],
    answer: revoke,
  }),
  anybody({
    group: "tokens",
    method: "GET",
    path: JWKS_PATH,
    id: "getPublicKeys",
    tag: "Tokens",
    summary: "The public keys of access tokens (RFC 7517)",
    answers: { 200: { description: "All that verify what is live.", body: jwksSchema, type: JWKS_TYPE } },
    answer: async ({ site }) => ({ ...ok(await site.engine.keys.jwks()), type: JWKS_TYPE, publicFor: JWKS_MAX_AGE / 1_000 }),
  }),
];

type Granted = Said<{ readonly 200: { readonly description: string; readonly body: typeof tokensSchema } }>;

const GRANTS: ReadonlyMap<string, (call: Call, form: Form) => Promise<Granted>> = new Map([["refresh_token", refresh]]);

async function refresh(call: Call, form: Form): Promise<Granted> {
  const fields = validateForm(tokenForm, form);
  const refreshToken = fields.refresh_token ?? missing("refresh_token");
  // A session has no scopes, and a scope may only shrink (RFC 6749 §6).
  if (fields.scope !== undefined) throw new OAuthError("invalid_scope", "This refresh token was granted no scope.");
  const from = { ip: call.ip, userAgent: call.device.userAgent };
  const refreshed = await call.site.engine.tokens.refresh(refreshToken, fields.refresh_id ?? null, from);
  if (refreshed.ok) return ok(tokenResponse(refreshed.issued.shown));
  if (refreshed.reason === "too_often") throw new CoatcheckError("too_many_requests");
  // Ended, reused, expired, unknown, made up: one answer for all, since who shows it may be a thief.
  throw new OAuthError("invalid_grant", "The refresh token does not hold. Sign in again.");
}

/** RFC 7009 §2.2: 200 also for what is unknown, expired or not ours, since the client could do nothing about it. */
async function revoke(call: Call, form: Form): Promise<{ readonly status: 200 }> {
  requireBuiltInClient(call.request, form);
  const { sessions, carriers } = call.site.engine;
  const sid = await carriers.token.identify(form.get("token") ?? missing("token"), call.now);
  if (sid !== null) await sessions.end({ sid }, { ip: call.ip, why: "revoked" });
  return { status: 200 };
}

function missing(parameter: string): never {
  throw new OAuthError("invalid_request", `The parameter ${parameter} is missing.`);
}
