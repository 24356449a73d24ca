import { accessExpiry, firstDeadlines } from "../../core/lifetime.ts";
import type { ClientId, Seq } from "../../core/ids.ts";
import type { NewSession } from "../../core/ports.ts";
import { later } from "../../core/time.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { encode } from "../../crypto/base64url.ts";
import type { Issued, Login, Pending, ShownProof, Subject } from "../carrier.ts";
import { fillClaims } from "../principal.ts";
import { newRecord } from "../record.ts";
import type { AccessClaims } from "./claims.ts";
import { writeProof } from "./credential.ts";
import type { TokenParts } from "./index.ts";
import { deriveRefreshToken } from "./refresh-token.ts";

/** A new session, carried as a proof: the record keeps a salt, the client gets a signed access token and a derived refresh token. */
export function issueProof(parts: TokenParts, login: Login, now: Instant): Pending<NewSession> {
  return {
    write: newRecord(parts, login, { carrier: "token", secretHash: null }, firstDeadlines(parts.lifetime, now), now),
    reveal: (subject, at) => revealProof(parts, subject, at),
  };
}

export function revealProof(parts: TokenParts, subject: Subject, now: Instant): Issued<ShownProof> {
  const { session, user, rsq } = subject;
  const exp = accessExpiry(session, parts.accessTtl, now);
  const says = {
    aud: parts.audience,
    sub: session.userId,
    client_id: session.clientId,
    sid: session.sid,
    roles: user.roles,
    auth_time: session.authTime,
    amr: session.amr,
    rsq,
    declared: fillClaims(parts.claims, user, session),
  };
  const refreshToken = deriveRefreshToken(parts.secrets.writer, session.sid, session.rotation.generation, session.salt);
  return { session, shown: { carrier: "token", ...mint(parts, says, exp, now), refreshToken } };
}

/** What a client may have, as it was granted. */
export interface ClientGrant {
  readonly clientId: ClientId;
  readonly scopes: readonly string[];
  readonly audience: string;
  /** Log head of the snapshot that the client was read in. */
  readonly rsq: Seq;
}

export type ClientToken = Omit<ShownProof, "carrier" | "refreshToken">;

/** A client's own token (RFC 9068 §2.2): no session stands behind it, so nothing renews it. */
export function issueClientProof(parts: TokenParts, { clientId, scopes, audience, rsq }: ClientGrant, now: Instant): ClientToken {
  const says = { aud: audience, sub: clientId, client_id: clientId, scope: scopes, rsq, declared: {} };
  return mint(parts, says, later(now, parts.accessTtl), now);
}

type Says<Claims> = Claims extends AccessClaims ? Omit<Claims, "iss" | "iat" | "exp" | "jti"> : never;

/** The one place where access tokens are made. */
function mint(parts: TokenParts, says: Says<AccessClaims>, exp: Instant, now: Instant): ClientToken {
  const made = { iss: parts.issuer, iat: now, exp, jti: encode(parts.random.bytes(12)) };
  return { accessToken: writeProof(parts.keys.signingAt(now), { ...says, ...made }), expiresIn: (exp - now) as Milliseconds };
}
