import type { Instant } from "../../core/time.ts";
import type { RefusalReason } from "../../core/verdict.ts";
import { verify } from "../../crypto/verify.ts";
import { believe, keyOf } from "./judge.ts";
import type { JudgeParts } from "./judge.ts";
import type { SigningKeys } from "./keys.ts";
import type { Proof } from "./read.ts";
import { VerifiedToken } from "./verified.ts";
import type { TokenKey } from "./verified.ts";

export interface ProveParts extends JudgeParts {
  readonly keys: Pick<SigningKeys, "find">;
}

/** Steps 2 and 3, once for each token. Ask the log first: it says when there are other keys. */
export function prove(parts: ProveParts, key: TokenKey, shown: VerifiedToken | Proof, now: Instant): VerifiedToken | RefusalReason {
  if (shown instanceof VerifiedToken) return shown;
  return isOurs(parts, shown, now) ? believe(parts, key, shown) : "forged";
}

/** Whether the issuer made it. */
export function isOurs(parts: Pick<ProveParts, "keys">, proof: Proof, now: Instant): boolean {
  // 2 find: the key, by its id   ← no lookup
  const key = keyOf(proof, parts.keys.find(proof.kid, now));
  // 3 prove
  return key !== null && verify(key, proof.signingInput, proof.signature);
}
