import type { ClientId, Sid } from "../../core/ids.ts";
import { chain, isPromise } from "../../core/maybe.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import { MAX_TOKEN } from "../../core/limits.ts";
import { duration } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import { refuse } from "../../core/verdict.ts";
import type { RefusalReason, Verdict } from "../../core/verdict.ts";
import { byBothClocks } from "../apart.ts";
import { readClaims } from "./claims.ts";
import { parseProof } from "./credential.ts";
import type { Proof } from "./credential.ts";
import type { TokenParts } from "./index.ts";
import { judge } from "./judge.ts";
import { isOurs, prove } from "./prove.ts";
import { parseRefreshToken, provesGeneration } from "./refresh-token.ts";
import type { RefreshToken } from "./refresh-token.ts";
import type { TokenKey, VerifiedToken } from "./verified.ts";

/** How exactly the list of devices knows when a token was last used. */
const SIGHT_EVERY = duration("30s");

/**
 * Whose proof is this? The same five steps as the cookie's check: read, find, prove, judge, ended.
 * Here the key is found by its id and the signature proves the claims: nothing is looked up.
 */
export function checkProof(parts: TokenParts, text: string, now: Instant): MaybePromise<Verdict> {
  // 1 read
  if (text.length > MAX_TOKEN) return refuseJunk(parts, "malformed");
  const key = parts.verified.keyOf(text);
  const shown = parts.verified.get(key) ?? parseProof(text);
  if (shown === null) return refuseJunk(parts, "malformed");
  return parts.revocations.decide(
    () => judgeForUs(parts, key, shown, now),
    byBothClocks((at) => judgeForUs(parts, key, shown, at)),
  );
}

function judgeForUs(parts: TokenParts, key: TokenKey, shown: VerifiedToken | Proof, now: Instant): MaybePromise<Verdict> {
  const verified = prove(parts, key, shown, now);
  if (typeof verified === "string") return refuseJunk(parts, verified);
  const verdict = judge(parts, verified, parts.audience, now);
  if (!isPromise(verdict) && verdict.ok) sight(parts, verified, now);
  return verdict;
}

/** Nobody's token: this server never made it. */
function refuseJunk(parts: TokenParts, reason: RefusalReason): Verdict {
  parts.junk.accessToken.value += 1;
  return refuse(reason);
}

function sight(parts: TokenParts, verified: VerifiedToken, now: Instant): void {
  const { sid } = verified;
  if (sid === null || now - verified.sightedAt < SIGHT_EVERY) return;
  verified.sightedAt = now;
  parts.activity.sighted(sid, now);
}

/** Whom an authentic token was made for. */
export interface Owner {
  readonly clientId: ClientId;
  /** Null for a client's own token: no session stands behind it. */
  readonly sid: Sid | null;
}

/** The owner of an authentic access token, whatever its age, or of an authentic refresh token of any generation. */
export function ownerOfProof(parts: TokenParts, text: string, now: Instant): MaybePromise<Owner | null> {
  return chain(parts.revocations.sync(), () => {
    const refresh = parseRefreshToken(parts.secrets, text);
    if (refresh !== null) return ownerOfRefresh(parts, refresh);
    const proof = parseProof(text);
    if (proof === null || !isOurs(parts, proof, now)) return null;
    const claims = readClaims(proof.payload);
    return claims?.iss === parts.issuer ? { clientId: claims.client_id, sid: claims.sid ?? null } : null;
  });
}

function ownerOfRefresh(parts: TokenParts, token: RefreshToken): MaybePromise<Owner | null> {
  return chain(parts.sessions.find(token.sid), (found) =>
    found !== null && provesGeneration(token, found.session.salt) ? { clientId: found.session.clientId, sid: token.sid } : null,
  );
}
