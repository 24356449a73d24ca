import type { Instant, Milliseconds } from "./time.ts";
import { earliest, later } from "./time.ts";

/** The two limits of a session, as configured. */
export interface LifetimePolicy {
  /** How long a session lives without activity. */
  readonly idle: Milliseconds;
  /** How long a session lives at all. */
  readonly absolute: Milliseconds;
}

/** The two deadlines of one session. */
export interface Deadlines {
  readonly expiresAt: Instant;
  readonly idleExpiresAt: Instant;
}

/** Both limits, judged at `now`; a deadline that is reached has passed. */
export function judgeLifetime(deadlines: Deadlines, now: Instant): "alive" | "expired" | "idle" {
  if (now >= deadlines.expiresAt) return "expired";
  if (now >= deadlines.idleExpiresAt) return "idle";
  return "alive";
}

/** The deadlines of a session that begins now. */
export function firstDeadlines(policy: LifetimePolicy, now: Instant): Deadlines {
  const expiresAt = later(now, policy.absolute);
  return { expiresAt, idleExpiresAt: slide(policy, expiresAt, now) };
}

/** The idle deadline after activity at `now`: never past the absolute limit. */
export function slide(policy: LifetimePolicy, expiresAt: Instant, now: Instant): Instant {
  return earliest(later(now, policy.idle), expiresAt);
}

/** When an access token minted now must end: with its own life, or with its session if that is sooner. */
export function accessExpiry(deadlines: Deadlines, accessTtl: Milliseconds, now: Instant): Instant {
  return earliest(later(now, accessTtl), deadlines.idleExpiresAt, deadlines.expiresAt);
}
