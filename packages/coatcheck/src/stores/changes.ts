import type { Seq } from "../core/ids.ts";
import type { RefreshDecision, Renewal } from "../core/ports.ts";
import type { SessionRecord } from "../core/session.ts";

// What each change makes of a record: pure, and the same in every store. A store only has to read, ask here and write as one step.

/** A new credential: whatever was derived with the generation before is a generation behind. */
export function renewed(session: SessionRecord, renewal: Renewal): SessionRecord {
  const { secretHash, authTime, amr, lastSeenAt, idleExpiresAt } = renewal;
  return {
    ...session,
    secretHash: secretHash ?? session.secretHash,
    rotation: { generation: session.rotation.generation + 1, wonBy: null, rotatedAt: lastSeenAt, replays: 0 },
    authTime,
    amr,
    lastSeenAt,
    idleExpiresAt,
  };
}

/** Lives on past a cutoff: what was made from it before the cutoff dies all the same. */
export function spared(session: SessionRecord, cutoff: Seq): SessionRecord {
  return { ...session, rsq: cutoff };
}

export function refreshed(session: SessionRecord, decision: RefreshDecision & { readonly kind: "rotate" | "replay" }): SessionRecord {
  const { rotation } = decision;
  if (decision.kind === "replay") return { ...session, rotation };
  return { ...session, rotation, lastSeenAt: decision.lastSeenAt, idleExpiresAt: decision.idleExpiresAt };
}
