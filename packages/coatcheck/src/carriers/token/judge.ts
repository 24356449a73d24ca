import { chain } from "../../core/maybe.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { refuse } from "../../core/verdict.ts";
import type { RefusalReason, Verdict } from "../../core/verdict.ts";
import { verify } from "../../crypto/verify.ts";
import type { Revocations } from "../../revocation/revocations.ts";
import { judgeClaims, readClaims } from "./claims.ts";
import type { SigningKeys } from "./keys.ts";
import type { Proof } from "./read.ts";
import { VerifiedToken } from "./verified.ts";
import type { TokenKey, VerifiedTokens } from "./verified.ts";

/** What it takes to prove and to judge an access token: public keys and the log, and neither a store nor a secret. */
export interface JudgeParts {
  readonly issuer: string;
  /** The longest access token life ever configured: a token that claims more was not made by these rules. */
  readonly maxAccessTtl: Milliseconds;
  readonly keys: Pick<SigningKeys, "find">;
  readonly verified: VerifiedTokens;
  readonly revocations: Pick<Revocations, "head" | "ended" | "stale" | "keyRevoked" | "reaches">;
}

/** Steps 2 and 3, once for each token. Ask the log first: it says when there are other keys. */
export function prove(parts: JudgeParts, key: TokenKey, shown: VerifiedToken | Proof, now: Instant): VerifiedToken | RefusalReason {
  if (shown instanceof VerifiedToken) return shown;
  // 2 find: the key, by its id   ← no lookup
  // 3 prove
  if (!isOurs(parts, shown, now)) return "forged";
  const claims = readClaims(shown.payload);
  return claims === null ? "malformed" : parts.verified.add(key, shown.kid, claims);
}

/** Steps 4 and 5, by the log as far as it was last read. @param audience who it is that was shown this token. */
export function judge(parts: JudgeParts, verified: VerifiedToken, audience: string, now: Instant): MaybePromise<Verdict> {
  // 4 judge
  const wrong = judgeClaims(verified, { issuer: parts.issuer, audience, maxTtl: parts.maxAccessTtl }, now);
  if (wrong !== null) return refuse(wrong);
  // 5 ended?
  if (parts.revocations.keyRevoked(verified.kid)) return refuse("forged");
  if (verified.rsq > parts.revocations.head) return judgeAhead(parts, verified, audience, now);
  if (parts.revocations.ended(verified)) return refuse("ended");
  if (parts.revocations.stale(verified)) return refuse("stale");
  return { ok: true, principal: verified.principal, until: verified.exp };
}

/** Made at a position that has not been heard of here: another process was told of it before this one, or the store lost writes. */
function judgeAhead(parts: JudgeParts, verified: VerifiedToken, audience: string, now: Instant): MaybePromise<Verdict> {
  return chain(parts.revocations.reaches(verified.rsq), (it) => (it ? judge(parts, verified, audience, now) : refuse("ahead")));
}

/** Whether the issuer made it. */
export function isOurs(parts: Pick<JudgeParts, "keys">, proof: Proof, now: Instant): boolean {
  const key = parts.keys.find(proof.kid, now);
  // Each key has exactly one algorithm (RFC 8725 §3.1): the header's word for it must be the key's.
  return key !== null && key.alg === proof.alg && verify(key, proof.signingInput, proof.signature);
}
