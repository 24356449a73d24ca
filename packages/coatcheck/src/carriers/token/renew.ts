import type { ClientId } from "../../core/ids.ts";
import { slide } from "../../core/lifetime.ts";
import type { RefreshDecision, Renewal } from "../../core/ports.ts";
import type { AuthMethods, SessionRecord } from "../../core/session.ts";
import type { Instant } from "../../core/time.ts";
import type { Issued, Pending, ShownProof } from "../carrier.ts";
import { sha256 } from "../../crypto/hash.ts";
import type { TokenParts } from "./index.ts";
import { revealProof } from "./issue.ts";
import { parseRefreshToken } from "./refresh-token.ts";
import { decideRefresh } from "./rotation.ts";

/** The same session, the next generation: the access tokens from before it are stale from the moment that this is written. */
export function renewProof(
  parts: TokenParts,
  proof: { readonly authTime: Instant; readonly amr: AuthMethods; readonly session: SessionRecord },
  now: Instant,
): Pending<Renewal> {
  const { authTime, amr, session } = proof;
  return {
    write: { secretHash: null, authTime, amr, lastSeenAt: now, idleExpiresAt: slide(parts.lifetime, session.expiresAt, now) },
    reveal: (subject, at) => revealProof(parts, subject, at),
  };
}

export type RefreshRefusal = "forged" | "unknown" | "disabled" | Extract<RefreshDecision, { readonly reason: string }>["reason"];

export type Refreshed =
  | { readonly ok: true; readonly issued: Issued<ShownProof>; readonly replayed: boolean }
  | { readonly ok: false; readonly reason: RefreshRefusal; readonly session: SessionRecord | null };

/**
 * The next generation for who shows the newest refresh token (RFC 6749 §6, RFC 9700 §4.14). Decide (pure), write (one step of the store), answer.
 * @throws {store_unavailable} and then nothing has rotated, or the same token shown again yields what was lost.
 */
export async function refreshProof(
  parts: TokenParts,
  text: string,
  refreshId: string | null,
  clientId: ClientId,
  now: Instant,
): Promise<Refreshed> {
  await parts.revocations.sync();
  const token = parseRefreshToken(parts.secrets, text);
  if (token === null) {
    parts.junk.refreshToken.value += 1;
    return { ok: false, reason: "forged", session: null };
  }

  const presented = { token, refreshId: refreshId === null ? null : sha256(refreshId), clientId };
  const outcome = await parts.sessions.refresh(token.sid, (found) => decideRefresh(found, presented, parts, now), now);
  if (outcome === null) return { ok: false, reason: "unknown", session: null };
  const { decision, session, head } = outcome;
  if (decision.kind === "refuse" || decision.kind === "end") return { ok: false, reason: decision.reason, session };

  // Read after the rotation's snapshot: whatever changes from then on is later in the log than the token that is made here.
  const user = await parts.users.get(session.userId);
  if (user === null || user.disabled) return { ok: false, reason: "disabled", session };
  return { ok: true, issued: revealProof(parts, { session, user, rsq: head }, now), replayed: decision.kind === "replay" };
}
