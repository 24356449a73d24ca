import { chain } from "../../core/maybe.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { refuse } from "../../core/verdict.ts";
import type { RefusalReason, Verdict } from "../../core/verdict.ts";
import type { Algorithm } from "../../crypto/algorithms.ts";
import type { Revocations } from "../../revocation/revocations.ts";
import { judgeClaims, readClaims } from "./claims.ts";
import type { Proof } from "./read.ts";
import type { TokenKey, VerifiedToken, VerifiedTokens } from "./verified.ts";

/** What it takes to judge an access token whose signature was proved: the log, and neither a store nor a secret. How it is proved is the runtime's business. */
export interface JudgeParts {
  readonly issuer: string;
  /** The longest access token life ever configured: a token that claims more was not made by these rules. */
  readonly maxAccessTtl: Milliseconds;
  readonly verified: VerifiedTokens;
  readonly revocations: Pick<Revocations, "head" | "ended" | "stale" | "keyRevoked" | "reaches">;
}

/** The key that must have signed it: each has exactly one algorithm (RFC 8725 §3.1), and the header's word for it must be the key's. */
export function keyOf<K extends { readonly alg: Algorithm }>(proof: Proof, found: K | null): K | null {
  return found !== null && found.alg === proof.alg ? found : null;
}

/** The end of step 3, once for each token: what it says, now that its signature was proved. */
export function believe(parts: JudgeParts, key: TokenKey, proof: Proof): VerifiedToken | RefusalReason {
  const claims = readClaims(proof.payload);
  return claims === null ? "malformed" : parts.verified.add(key, proof.kid, claims);
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
