import type { LifetimePolicy } from "../../core/lifetime.ts";
import { chain } from "../../core/maybe.ts";
import type { Random, Sessions } from "../../core/ports.ts";
import type { Milliseconds } from "../../core/time.ts";
import type { DeclaredClaims, UserDirectory } from "../../core/users.ts";
import type { Secrets } from "../../crypto/secrets.ts";
import type { Cell } from "../../observe/metrics.ts";
import type { Revocations } from "../../revocation/revocations.ts";
import type { Activity } from "../activity.ts";
import type { Carrier } from "../carrier.ts";
import { checkProof, ownerOfProof } from "./check.ts";
import { issueProof } from "./issue.ts";
import type { SigningKeys } from "./keys.ts";
import { renewProof } from "./renew.ts";
import type { VerifiedTokens } from "./verified.ts";

export interface TokenParts {
  readonly issuer: string;
  readonly audience: string;
  readonly secrets: Secrets;
  readonly random: Random;
  readonly lifetime: LifetimePolicy;
  readonly accessTtl: Milliseconds;
  /** The longest access token life ever configured: a token that claims more was not made by these rules. */
  readonly maxAccessTtl: Milliseconds;
  readonly grace: Milliseconds;
  readonly claims: DeclaredClaims;
  readonly keys: SigningKeys;
  readonly verified: VerifiedTokens;
  readonly revocations: Revocations;
  readonly activity: Activity;
  readonly sessions: Sessions;
  readonly users: UserDirectory;
  /** Count values that this server never made: refused without a read of the store. */
  readonly junk: { readonly accessToken: Cell; readonly refreshToken: Cell };
}

/** The proof: a signed access token, read and checked and not looked up, with a refresh token. What textbooks call a JWT. */
export function tokenCarrier(parts: TokenParts): Carrier {
  return {
    name: "token",
    issue: (login, now) => issueProof(parts, login, now),
    check: (credential, now) => checkProof(parts, credential, now),
    renew: (proof, now) => renewProof(parts, proof, now),
    identify: (credential, now) => chain(ownerOfProof(parts, credential, now), (owner) => owner?.sid ?? null),
  };
}
