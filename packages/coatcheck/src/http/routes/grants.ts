import type * as v from "valibot";
import { parseScope } from "../../core/clients.ts";
import type { ClientRecord } from "../../core/clients.ts";
import { CoatcheckError } from "../../core/errors.ts";
import { ok } from "../answer.ts";
import type { grantedSchema } from "../answers.ts";
import { fromOf } from "../call.ts";
import type { Call } from "../call.ts";
import { authenticateClient, requireClient } from "../client-authentication.ts";
import { tokenResponse } from "../issued.ts";
import { missing, OAuthError } from "../oauth-errors.ts";
import type { Said } from "../row.ts";
import { tokenForm } from "../schemas.ts";
import { validateForm } from "../validate.ts";

type Form = ReadonlyMap<string, string>;
type Granted = Said<{ readonly 200: { readonly description: string; readonly body: typeof grantedSchema } }>;
type Fields = v.InferOutput<typeof tokenForm>;

/** Every grant of the token endpoint, by its `grant_type`: the metadata lists them from here. */
export const GRANTS: ReadonlyMap<string, (call: Call, form: Form) => Promise<Granted>> = new Map([
  ["refresh_token", refresh],
  ["client_credentials", clientCredentials],
]);

/** RFC 6749 §6: for the client alone that the token was issued to. */
async function refresh(call: Call, form: Form): Promise<Granted> {
  const proof = await authenticateClient(call, form);
  const fields = validateForm(tokenForm, form);
  const refreshToken = fields.refresh_token ?? missing("refresh_token");
  // A session has no scopes, and a scope may only shrink (RFC 6749 §6).
  if (fields.scope !== undefined) throw new OAuthError("invalid_scope", "This refresh token was granted no scope.");
  const { tokens, settings } = call.site.engine;
  if (fields.resource !== undefined && fields.resource !== settings.audience)
    throw new OAuthError("invalid_target", "This refresh token was granted for another resource.");
  const from = { ...fromOf(call), userAgent: call.device.userAgent };
  const refreshed = await tokens.refresh(refreshToken, fields.refresh_id ?? null, from, proof?.client.id);
  if (refreshed.ok) return ok(tokenResponse(refreshed.issued.shown));
  if (refreshed.reason === "too_often") throw new CoatcheckError("too_many_requests");
  // Ended, reused, expired, unknown, made up, another client's: one answer for all, since who shows it may be a thief.
  throw new OAuthError("invalid_grant", "The refresh token does not hold. Sign in again.");
}

/** RFC 6749 §4.4: a client with a secret, for itself; no refresh token (§4.4.3). */
async function clientCredentials(call: Call, form: Form): Promise<Granted> {
  const proof = await requireClient(call, form);
  const fields = validateForm(tokenForm, form);
  const [scopes, audience] = [grantedScopes(fields, proof.client), grantedAudience(fields, proof.client)];
  const { accessToken, expiresIn } = await call.site.engine.oauth.issue(proof, { scopes, audience }, fromOf(call));
  return ok({
    access_token: accessToken,
    token_type: "Bearer" as const,
    expires_in: Math.floor(expiresIn / 1_000),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
  });
}

/** What is asked for, which may be less than the client may and never more; all that it may if it asks for nothing (RFC 6749 §3.3). */
function grantedScopes({ scope }: Fields, client: ClientRecord): readonly string[] {
  if (scope === undefined) return client.scopes;
  const asked = parseScope(scope);
  if (asked === null || !asked.every((it) => client.scopes.includes(it)))
    throw new OAuthError("invalid_scope", "The parameter scope is malformed, or names what this client may not have.");
  return asked;
}

/** One for each token: who may use it with several could use it against them (RFC 8707 §3). */
function grantedAudience({ resource }: Fields, { audiences }: ClientRecord): string {
  const audience = resource ?? audiences[0] ?? "";
  if (!audiences.includes(audience))
    throw new OAuthError("invalid_target", "The parameter resource names what this client's tokens may not be for.");
  return audience;
}
