import { accessExpiry, firstDeadlines } from "../../core/lifetime.ts";
import type { NewSession } from "../../core/ports.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { encode } from "../../crypto/base64url.ts";
import type { Issued, Login, Pending, ShownProof, Subject } from "../carrier.ts";
import { fillClaims } from "../principal.ts";
import { newRecord } from "../record.ts";
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

/** The one place where access tokens are made. */
export function revealProof(parts: TokenParts, subject: Subject, now: Instant): Issued<ShownProof> {
  const { session, user, rsq } = subject;
  const exp = accessExpiry(session, parts.accessTtl, now);
  const accessToken = writeProof(parts.keys.signingAt(now), {
    iss: parts.issuer,
    aud: parts.audience,
    sub: session.userId,
    client_id: session.clientId,
    iat: now,
    exp,
    jti: encode(parts.random.bytes(12)),
    sid: session.sid,
    roles: user.roles,
    auth_time: session.authTime,
    amr: session.amr,
    rsq,
    declared: fillClaims(parts.claims, user, session),
  });
  const refreshToken = deriveRefreshToken(parts.secrets.writer, session.sid, session.rotation.generation, session.salt);
  return { session, shown: { carrier: "token", accessToken, expiresIn: (exp - now) as Milliseconds, refreshToken } };
}
