import { RecentMap } from "../../core/cache.ts";
import { instant } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import type { Principal } from "../../core/verdict.ts";
import type { Standing } from "../../revocation/table.ts";
import type { AccessClaims } from "./claims.ts";
import { principalOfClaims, standingOf } from "./principal.ts";

/** A token whose signature was proved: who it is for does not change, whether it still holds is judged each time. */
export interface VerifiedToken {
  readonly kid: string;
  readonly claims: AccessClaims;
  readonly principal: Principal;
  readonly standing: Standing;
  /** When its use was last noted for the list of devices. */
  sightedAt: Instant;
}

/** How many tokens a process remembers at least; about 1 kB each. */
const CAPACITY = 50_000;

/**
 * Tokens that were verified lately, so that a signature is checked once and not at each request. The key is the token itself, to the last character:
 * no builder of keys that could make two tokens one (CVE-2026-35039). Its lifetime, and whether it has ended, are judged on every hit.
 */
export class VerifiedTokens {
  readonly #recent = new RecentMap<string, VerifiedToken>(CAPACITY);
  /** How often a signature was checked already, and how often not. */
  hits = 0;
  misses = 0;

  get(token: string): VerifiedToken | null {
    const verified = this.#recent.get(token);
    if (verified === undefined) {
      this.misses += 1;
      return null;
    }
    this.hits += 1;
    return verified;
  }

  get size(): number {
    return this.#recent.size;
  }

  add(token: string, kid: string, claims: AccessClaims): VerifiedToken {
    const verified: VerifiedToken = {
      kid,
      claims,
      principal: principalOfClaims(claims),
      standing: standingOf(claims),
      sightedAt: instant(0),
    };
    this.#recent.set(token, verified);
    return verified;
  }
}
