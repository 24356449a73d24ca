import { STEP_UP } from "../core/challenge.ts";
import { CoatcheckError, refusalCode } from "../core/errors.ts";
import { FRESH_PROOF } from "../core/limits.ts";
import type { CarrierName, SessionRecord } from "../core/session.ts";
import type { RefusalReason } from "../core/verdict.ts";
import type { Call } from "./call.ts";

/**
 * The session that a call comes from, as the store has it now: calls that show, end or renew sessions never go by memory alone, or who holds a
 * stolen credential could act within the bound after it was ended.
 * @throws {unauthenticated}
 * @throws {invalid_token}
 * @throws {stale_claims}
 * @throws {login_required}
 * @throws {store_unavailable}
 */
export async function authenticate(call: Call): Promise<SessionRecord> {
  const { site, located, now, note } = call;
  if (located.carrier === null) {
    note.verdict = located.reason;
    site.engine.metrics.verdicts.cell("none", located.reason).value += 1;
    throw new CoatcheckError(refusalCode(located.reason, "nothing"));
  }
  const verdict = await site.engine.carriers[located.carrier].check(located.credential, now);
  note.verdict = verdict.ok ? "ok" : verdict.reason;
  if (!verdict.ok) {
    if (verdict.reason === "disabled") await auditDisabled(call, located.carrier);
    throw refused(verdict.reason, located.carrier);
  }
  if (verdict.principal.kind === "client") throw new CoatcheckError("login_required");
  const session = await site.engine.sessions.find(verdict.principal.sid);
  if (session === null) throw refused("ended", located.carrier);
  return session;
}

/** The asker's own session was ended while the call ran. */
export function endedMeanwhile(session: SessionRecord): CoatcheckError {
  return refused("ended", session.carrier);
}

/** Authentic, and its user is gone or disabled: whose it was is in the record still, if there is one. */
async function auditDisabled({ site, located, ip, route, device, now }: Call, carrier: CarrierName): Promise<void> {
  const sid = located.carrier === null ? null : await site.engine.carriers[carrier].identify(located.credential, now);
  const found = sid === null ? null : await site.engine.store.sessions.find(sid);
  const userId = found?.session.userId ?? null;
  await site.engine.audit({ event: "disabled_user_refused", userId, sid, ip, carrier, detail: { route, device: device.label } });
}

function refused(reason: RefusalReason, carrier: CarrierName): CoatcheckError {
  return new CoatcheckError(refusalCode(reason, carrier));
}

/**
 * @throws {step_up_required}
 * @throws {insufficient_user_authentication}
 */
export async function requireFreshProof(session: SessionRecord, call: Call): Promise<void> {
  if (call.now - session.authTime <= FRESH_PROOF) return;
  const { userId, sid, carrier } = session;
  const detail = { route: call.route, device: call.device.label };
  await call.site.engine.audit({ event: "step_up_required", userId, sid, ip: call.ip, carrier, detail });
  throw new CoatcheckError(STEP_UP[carrier]);
}
