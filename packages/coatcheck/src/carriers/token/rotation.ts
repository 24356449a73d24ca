import type { ClientId, Seq } from "../../core/ids.ts";
import { judgeLifetime, slide } from "../../core/lifetime.ts";
import type { LifetimePolicy } from "../../core/lifetime.ts";
import type { RefreshDecision } from "../../core/ports.ts";
import { isLive } from "../../core/session.ts";
import type { Found } from "../../core/session.ts";
import { duration } from "../../core/time.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { equal } from "../../crypto/constant-time.ts";
import { provesGeneration } from "./refresh-token.ts";
import type { RefreshToken } from "./refresh-token.ts";

/** What a refresh token comes to in the hands of the client that it was issued to. */
export type OwnersDecision = Exclude<RefreshDecision, { readonly reason: "foreign" }>;

/** A retry of one attempt (the same `refresh_id`) may come this late and still gets the answer that was lost. */
const RETRY_GRACE: Milliseconds = duration("10m");

/** Beyond this many shows of one old token within the grace something is in a loop: told to wait, never logged out. */
const MAX_REPLAYS = 20;

const EPOCH = 2 ** 40;

export interface Presented {
  readonly token: RefreshToken;
  /** SHA-256 of the `refresh_id`, or null. */
  readonly refreshId: Uint8Array | null;
  /** Who shows it, as the client has proved. */
  readonly clientId: ClientId;
}

/** What is shown, whoever shows it. */
type Shown = Omit<Presented, "clientId">;

export interface RotationPolicy {
  readonly lifetime: LifetimePolicy;
  /** How long the token before is good for anybody who holds it: two tabs, a lost answer. */
  readonly grace: Milliseconds;
}

/**
 * What a presented refresh token comes to. Pure: record, token, policy and time in, a named decision out; the store carries it out in one step, so
 * that of many who present the same token exactly one rotates.
 */
export function decideRefresh(found: Found, presented: Presented, policy: RotationPolicy, now: Instant): RefreshDecision {
  const decision = decideForOwner(found, presented, policy, now);
  // To a client that it was not issued to it says nothing, and for that client it does nothing (RFC 6749 §6, §10.4).
  const isForeign = found.session.clientId !== presented.clientId && !("reason" in decision && decision.reason === "forged");
  return isForeign ? { kind: "refuse", reason: "foreign" } : decision;
}

/** The same, whoever shows it: for who looks at a token without being its client. */
export function decideForOwner(found: Found, presented: Shown, policy: RotationPolicy, now: Instant): OwnersDecision {
  const { session } = found;
  if (session.carrier !== "token" || !provesGeneration(presented.token, session.salt)) return { kind: "refuse", reason: "forged" };
  if (!isLive(found)) return { kind: "refuse", reason: "ended" };
  const age = judgeLifetime(session, now);
  if (age !== "alive") return { kind: "refuse", reason: age };

  const ahead = presented.token.generation - session.rotation.generation;
  if (ahead === 0) return rotate(found, presented, policy, now);
  if (ahead > 0) return fromTheFuture(found);
  if (ahead === -1) return replay(found, presented, policy, now);
  return { kind: "end", reason: "reuse" };
}

function rotate({ session }: Found, { refreshId }: Shown, policy: RotationPolicy, now: Instant): OwnersDecision {
  return {
    kind: "rotate",
    rotation: { generation: session.rotation.generation + 1, wonBy: refreshId, rotatedAt: now, replays: 0 },
    lastSeenAt: now,
    idleExpiresAt: slide(policy.lifetime, session.expiresAt, now),
  };
}

/** The parent of the newest token: a lost answer or a second tab, if it comes soon enough; else it was copied. */
function replay({ session }: Found, { refreshId }: Shown, policy: RotationPolicy, now: Instant): OwnersDecision {
  const { rotation } = session;
  const age = now - rotation.rotatedAt;
  const sameAttempt = refreshId !== null && rotation.wonBy !== null && equal(refreshId, rotation.wonBy);
  if (sameAttempt && age <= RETRY_GRACE) return { kind: "replay", rotation };
  // No grace is none: not even for who comes within the same millisecond.
  if (age > policy.grace || policy.grace === 0) return { kind: "end", reason: "reuse" };
  if (rotation.replays >= MAX_REPLAYS) return { kind: "refuse", reason: "too_often" };
  return { kind: "replay", rotation: { ...rotation, replays: rotation.replays + 1 } };
}

/**
 * Authentic, of a generation that the record has not reached: the store forgot a rotation. There is no leap forward: nothing rotates, and an alarm is
 * raised. In the epoch that the login began in nothing explains it, and the session ends. If the epoch was raised since, the store is known to have been
 * put back, and who shows the token is most likely the owner: they are refused, and sign in again. The session stays for who holds the newest token that
 * this store knows of; whoever wants none to outlive a restore ends them all (docs/operations.md).
 */
function fromTheFuture({ session, head }: Found): OwnersDecision {
  return epochOf(head) > epochOf(session.rsq) ? { kind: "refuse", reason: "future" } : { kind: "end", reason: "future" };
}

function epochOf(position: Seq): number {
  return Math.floor(position / EPOCH);
}
