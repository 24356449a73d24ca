import type { ProofFailure } from "../accounts/accounts.ts";
import { CoatcheckError } from "../core/errors.ts";
import type { SessionRecord } from "../core/session.ts";
import type { Call } from "./call.ts";

type Refusal = "sign_up_refused" | "sign_in_refused" | "confirm_refused" | "password_change_refused";

/** Waits for the proof of a person, and writes down if it was refused. What they typed goes nowhere: people type passwords into any field. */
export async function proving<T>(call: Call, event: Refusal, session: SessionRecord | null, proof: Promise<T>): Promise<T> {
  try {
    return await proof;
  } catch (error) {
    const failure = error instanceof CoatcheckError ? failureOf(error) : null;
    if (failure !== null) await auditRefusal(call, event, session, failure);
    throw error;
  }
}

interface Failure extends Partial<Pick<ProofFailure, "userId">> {
  readonly reason: string;
}

/** Null for what says nothing about a person: a queue that is full, input that can't be read. */
function failureOf({ code, details }: CoatcheckError): Failure | null {
  if (code === "invalid_credentials") return details.cause as ProofFailure;
  return code === "too_many_requests" || code === "email_taken" ? { reason: code } : null;
}

async function auditRefusal({ site, ip, device }: Call, event: Refusal, session: SessionRecord | null, failure: Failure): Promise<void> {
  await site.engine.audit({
    event,
    userId: failure.userId ?? session?.userId ?? null,
    sid: session?.sid ?? null,
    ip,
    carrier: session?.carrier ?? null,
    detail: { reason: failure.reason, device: device.label },
  });
}
