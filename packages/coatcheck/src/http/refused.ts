import type { ProofFailure } from "../accounts/accounts.ts";
import { CoatcheckError } from "../core/errors.ts";
import type { SessionRecord } from "../core/session.ts";
import type { Call } from "./call.ts";

/** Waits for the proof of a person, and writes down if it was refused. What they typed goes nowhere: people type passwords into any field. */
export async function proving<T>(call: Call, event: string, session: SessionRecord | null, proof: Promise<T>): Promise<T> {
  try {
    return await proof;
  } catch (error) {
    if (error instanceof CoatcheckError) await auditRefusal(call, event, session, error);
    throw error;
  }
}

/** Wrong passwords are bounded by the throttles; what the throttles refuse is bounded by nothing else. */
async function auditRefusal(
  { site, ip }: Call,
  event: string,
  session: SessionRecord | null,
  { code, details }: CoatcheckError,
): Promise<void> {
  const entry = { event, userId: session?.userId ?? null, sid: session?.sid ?? null, ip, carrier: session?.carrier ?? null };
  if (code === "invalid_credentials") {
    const { userId, reason } = details.cause as ProofFailure;
    await site.engine.audit({ ...entry, userId, detail: { reason } });
  } else if (code === "too_many_requests") {
    await site.auditAnonymous({ ...entry, detail: { reason: code } });
  }
}
