import type { Clients } from "../../core/clients.ts";
import type { UserId } from "../../core/ids.ts";
import { judgeLifetime } from "../../core/lifetime.ts";
import { isLive } from "../../core/session.ts";
import type { JsonValue } from "../../core/session.ts";
import { epochSeconds } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import { isFor, readClaims, wireOf } from "./claims.ts";
import type { AccessClaims } from "./claims.ts";
import { parseProof } from "./credential.ts";
import type { TokenParts } from "./index.ts";
import { judge } from "./judge.ts";
import { prove } from "./prove.ts";
import { parseRefreshToken } from "./refresh-token.ts";
import type { RefreshToken } from "./refresh-token.ts";
import { decideForOwner } from "./rotation.ts";

export interface IntrospectionParts {
  readonly tokens: TokenParts;
  readonly clients: Clients;
}

/** What is true of a token that holds: the members of RFC 7662 §2.2, besides `active`. */
export type Introspected = Readonly<Record<string, JsonValue>>;

/**
 * What is true of this token now, by the store: the log is read anew, and the session and its user, or the client, after it.
 * @param audiences those of the asker: a token for anybody else is none of its business (RFC 7662 §4).
 * @returns null for whatever does not hold. @throws {store_unavailable}
 */
export async function introspectProof(
  parts: IntrospectionParts,
  text: string,
  audiences: readonly string[],
  now: Instant,
): Promise<Introspected | null> {
  await parts.tokens.revocations.read();
  const refresh = parseRefreshToken(parts.tokens.secrets, text);
  return refresh === null ? introspectAccess(parts, text, audiences, now) : introspectRefresh(parts, refresh, audiences, now);
}

/** The five steps of a check, then the record that a check does without. */
async function introspectAccess(
  parts: IntrospectionParts,
  text: string,
  audiences: readonly string[],
  now: Instant,
): Promise<Introspected | null> {
  const { tokens } = parts;
  const proof = parseProof(text);
  if (proof === null) return null;
  const key = tokens.verified.keyOf(text);
  const verified = prove(tokens, key, tokens.verified.get(key) ?? proof, now);
  // Of a token that is remembered only what a check needs is there.
  const claims = typeof verified === "string" ? null : readClaims(proof.payload);
  if (typeof verified === "string" || claims === null) return null;
  const audience = audiences.find((it) => isFor(claims, it));
  if (audience === undefined) return null;
  const verdict = await judge(tokens, verified, audience, now);
  if (!verdict.ok || !(await stands(parts, claims, now))) return null;
  const { rsq: _inside, ...said } = wireOf(claims);
  return { ...said, token_type: "Bearer" };
}

async function stands({ tokens, clients }: IntrospectionParts, claims: AccessClaims, now: Instant): Promise<boolean> {
  if (claims.sid === undefined) {
    const proof = await clients.byId(claims.client_id);
    return proof !== null && !proof.client.disabled;
  }
  const found = await tokens.sessions.find(claims.sid);
  return found !== null && isLive(found) && judgeLifetime(found.session, now) === "alive" && isEnabled(tokens, claims.sub);
}

/**
 * A refresh token holds if showing it now would yield tokens. It has no `token_type`, since nobody may take it for an access token, and is the
 * business of whoever the session's access tokens are for.
 */
async function introspectRefresh(
  { tokens }: IntrospectionParts,
  token: RefreshToken,
  audiences: readonly string[],
  now: Instant,
): Promise<Introspected | null> {
  const found = audiences.includes(tokens.audience) ? await tokens.sessions.find(token.sid) : null;
  if (found === null) return null;
  const { sid, userId, clientId, rotation, idleExpiresAt } = found.session;
  const { kind } = decideForOwner(found, { token, refreshId: null }, tokens, now);
  if ((kind !== "rotate" && kind !== "replay") || !(await isEnabled(tokens, userId))) return null;
  const times = { iat: epochSeconds(rotation.rotatedAt), exp: epochSeconds(idleExpiresAt) };
  return { iss: tokens.issuer, sub: userId, client_id: clientId, sid, ...times };
}

async function isEnabled({ users }: TokenParts, id: UserId): Promise<boolean> {
  const user = await users.get(id);
  return user !== null && !user.disabled;
}
