import type * as v from "valibot";
import { BUILT_IN_CLIENT } from "../../core/ids.ts";
import { JWKS_MAX_AGE } from "../../core/key-schedule.ts";
import { ok } from "../answer.ts";
import { grantedSchema, introspectionSchema, jwksSchema } from "../answers.ts";
import { fromOf } from "../call.ts";
import type { Call } from "../call.ts";
import { authenticateClient, requireClient } from "../client-authentication.ts";
import { missing, OAuthError } from "../oauth-errors.ts";
import { anybody, client } from "../route.ts";
import type { Route } from "../route.ts";
import { introspectForm, revokeForm, tokenForm } from "../schemas.ts";
import { changesRoute } from "./changes.ts";
import { GRANTS } from "./grants.ts";
import { metadataRoute, PATHS } from "./metadata.ts";

/** RFC 7517 §8.5.2. */
const JWKS_TYPE = "application/jwk-set+json";

type Form = ReadonlyMap<string, string>;

/** What introspection says of a token that holds. */
type Holding = Exclude<v.InferOutput<typeof introspectionSchema>, { active: false }>;

const common = { group: "tokens", tag: "Tokens" } as const;

/** The OAuth standards, as far as they are there: what is not, is not announced either. */
export const tokenRoutes: readonly Route[] = [
  client({
    ...common,
    method: "POST",
    path: PATHS.token,
    id: "getTokens",
    summary: "New tokens for a grant (RFC 6749)",
    description:
      "A refresh token that sign-in gave belongs to the built-in public client and needs no `client_id`. Any `scope` with it is `invalid_scope`: a session has none. A client with a secret gets a token of its own with `client_credentials`: its subject is the client, and no session, role or refresh token goes with it.",
    credentials: ["nothing", "client"],
    body: tokenForm,
    answers: { 200: { description: "The next tokens; for a client, its own.", body: grantedSchema } },
    refusals: [
      ...(["invalid_client", "invalid_grant", "invalid_scope", "invalid_target", "unsupported_grant_type"] as const),
      ...(["too_many_requests", "store_unavailable"] as const),
    ],
    answer: async (call, form) => {
      const grant = GRANTS.get(form.get("grant_type") ?? missing("grant_type"));
      if (grant === undefined)
        throw new OAuthError("unsupported_grant_type", `This server knows these grants: ${[...GRANTS.keys()].join(", ")}.`);
      return grant(call, form);
    },
  }),
  client({
    ...common,
    method: "POST",
    path: PATHS.revocation,
    id: "revokeToken",
    summary: "End the session of a token (RFC 7009)",
    description:
      "Of an access or a refresh token, by the client that it was issued to. An unknown one is answered like any other. A client's own token is `unsupported_token_type`: no session stands behind it.",
    credentials: ["nothing", "client"],
    body: revokeForm,
    answers: { 200: { description: "It has ended, or it was none of ours." } },
    refusals: ["invalid_client", "invalid_grant", "unsupported_token_type", "too_many_requests", "store_unavailable"],
    answer: revoke,
  }),
  client({
    ...common,
    method: "POST",
    path: PATHS.introspection,
    id: "introspectToken",
    summary: "Whether a token holds, and what it says (RFC 7662)",
    description:
      "For clients with a secret alone, of tokens that are for one of their audiences; a refresh token is for whom the session's access tokens are for, and has no `token_type`. Judged by the store at this moment, not by memory.",
    credentials: ["client"],
    body: introspectForm,
    answers: { 200: { description: "What is true of it now.", body: introspectionSchema } },
    refusals: ["invalid_client", "too_many_requests", "store_unavailable"],
    answer: async (call, form) => {
      const { client: asker } = await requireClient(call, form);
      const found = await call.site.engine.oauth.introspect(form.get("token") ?? missing("token"), asker.audiences);
      return ok(found === null ? { active: false as const } : { ...(found as Holding), active: true as const });
    },
  }),
  anybody({
    ...common,
    method: "GET",
    path: PATHS.jwks,
    id: "getPublicKeys",
    summary: "The public keys of access tokens (RFC 7517)",
    answers: { 200: { description: "All that verify what is live.", body: jwksSchema, type: JWKS_TYPE } },
    answer: async ({ site }) => ({ ...ok(await site.engine.keys.jwks()), type: JWKS_TYPE, publicFor: JWKS_MAX_AGE / 1_000 }),
  }),
  metadataRoute,
  changesRoute,
];

/** RFC 7009 §2.2: 200 also for what is unknown, expired or not ours, since the client could do nothing about it. */
async function revoke(call: Call, form: Form): Promise<{ readonly status: 200 }> {
  const proof = await authenticateClient(call, form);
  const { sessions, oauth } = call.site.engine;
  const owner = await oauth.ownerOf(form.get("token") ?? missing("token"));
  if (owner === null) return { status: 200 };
  if (owner.sid === null)
    throw new OAuthError(
      "unsupported_token_type",
      "A client's own token has no session to end: it ends with the client, or when its time is up.",
    );
  // Whoever holds a token may throw it away, but not in another client's name (RFC 7009 §2.1).
  if (owner.clientId !== (proof?.client.id ?? BUILT_IN_CLIENT))
    throw new OAuthError("invalid_grant", "The token was issued to another client.");
  await sessions.end({ sid: owner.sid }, { ...fromOf(call), why: "revoked" });
  return { status: 200 };
}
