import { parseTicket } from "../../carriers/cookie/credential.ts";
import { readClaims } from "../../carriers/token/claims.ts";
import type { AccessClaims } from "../../carriers/token/claims.ts";
import { parseProof } from "../../carriers/token/credential.ts";
import { standingOf } from "../../carriers/token/principal.ts";
import { parseRefreshToken } from "../../carriers/token/refresh-token.ts";
import type { RefreshToken } from "../../carriers/token/refresh-token.ts";
import { decideForOwner } from "../../carriers/token/rotation.ts";
import { ConfigError } from "../../core/errors.ts";
import { seq } from "../../core/ids.ts";
import type { UserId } from "../../core/ids.ts";
import { judgeLifetime } from "../../core/lifetime.ts";
import type { SigningKeyRecord } from "../../core/ports.ts";
import { isLive } from "../../core/session.ts";
import type { Found, SessionRecord } from "../../core/session.ts";
import type { Instant } from "../../core/time.ts";
import { equal } from "../../crypto/constant-time.ts";
import { sha256 } from "../../crypto/hash.ts";
import { importPublicJwk } from "../../crypto/jwk.ts";
import type { JsonObject } from "../../crypto/json.ts";
import { deriveSecrets } from "../../crypto/secrets.ts";
import { LogCopy } from "../../revocation/log-copy.ts";
import { StartError } from "../../server/start-error.ts";
import type { Desk } from "../desk.ts";
import { audienceCheck, issuerCheck, signatureCheck, timeCheck } from "./checks.ts";
import type { Check } from "./checks.ts";
import type { Form, SignedForm } from "./forms.ts";

/** What a store says of a credential. */
export interface Knowledge {
  readonly checks: readonly Check[];
  /** The session that it belongs to; null if none is known. Only of what was proved to belong to it. */
  readonly session: SessionRecord | null;
}

/** What the store says of it. */
export async function inStore(desk: Desk, form: Form, now: Instant): Promise<Knowledge> {
  if (form.form === "signed") return tokenInStore(desk, form, now);
  if (form.form === "ticket") return ticketInStore(desk, form.text, now);
  if (form.form === "refresh") return refreshInStore(desk, form.text, now);
  const encrypted: Check = { check: "signature", reason: "unproved", says: "Coatcheck makes and reads no encrypted tokens" };
  return { checks: form.form === "encrypted" ? [encrypted] : [], session: null };
}

/** The same steps as the server's check, on the store alone: nothing is remembered, and nothing is written. */
async function tokenInStore(desk: Desk, token: SignedForm, now: Instant): Promise<Knowledge> {
  const { settings } = desk.config;
  const records = await desk.store.keys.list();
  const keys = records.flatMap(({ publicJwk }) => importPublicJwk(JSON.parse(publicJwk) as JsonObject) ?? []);
  const signature = signatureCheck(token, { from: "this store", keys });
  const proof = parseProof(token.text);
  const claims = proof === null ? null : readClaims(proof.payload);
  const form: Check =
    claims === null
      ? {
          check: "form",
          reason: "malformed",
          says: "not as Coatcheck writes an access token: its typ, a claim that must be there, or a second spelling",
        }
      : { check: "form", reason: null, says: "as Coatcheck writes an access token" };
  const checks = [form, signature, issuerCheck(token, settings.issuer), audienceCheck(token, settings.audience), timeCheck(token, now)];
  // What stands in a token that nobody proved says nothing about any session.
  if (signature.reason !== null || proof === null || claims === null) return { checks, session: null };
  const found = claims.sid === undefined ? null : await desk.store.sessions.find(claims.sid);
  const session = claims.sid === undefined ? [] : [sessionCheck(found, now)];
  return { checks: [...checks, ...(await logChecks(desk, records, proof.kid, claims)), ...session], session: found?.session ?? null };
}

async function logChecks({ store }: Desk, records: readonly SigningKeyRecord[], kid: string, claims: AccessClaims): Promise<Check[]> {
  const copy = new LogCopy();
  copy.take({ ...(await store.feed.since(seq(0))), from: seq(0) }, copy.position);
  const isRevoked = copy.table.keyRevoked(kid) || records.some((it) => it.kid === kid && it.revokedAt !== null);
  const key: Check = isRevoked
    ? { check: "key", reason: "forged", says: "its key was revoked: whatever it signed is void" }
    : { check: "key", reason: null, says: "its key was not revoked" };
  return [key, logCheck(copy, claims)];
}

function logCheck({ head, table }: LogCopy, claims: AccessClaims): Check {
  const check = "log";
  const standing = standingOf(claims);
  if (claims.rsq > head) return { check, reason: "ahead", says: "it is from a later log than this store's, which lost writes" };
  if (table.ended(standing)) return { check, reason: "ended", says: "its session, its user or its client was ended after it was made" };
  if (table.stale(standing)) return { check, reason: "stale", says: "something that it says has changed since: it must be refreshed" };
  return { check, reason: null, says: "nothing has ended or changed since it was made" };
}

/** A ticket is proved by the hash in its row: the server's secret is not needed. */
async function ticketInStore(desk: Desk, text: string, now: Instant): Promise<Knowledge> {
  const ticket = parseTicket(text);
  if (ticket === null)
    return { checks: [{ check: "form", reason: "malformed", says: "not as Coatcheck writes its cookie" }], session: null };
  const found = await desk.store.sessions.find(ticket.sid);
  const hash = found?.session.secretHash ?? null;
  if (found === null) return { checks: [sessionCheck(found, now)], session: null };
  const isIts = hash !== null && equal(sha256(ticket.secret), hash);
  if (!isIts) {
    const says = "not the secret that its session has (now): it was replaced, or somebody made it up";
    return { checks: [{ check: "secret", reason: "forged", says }], session: null };
  }
  const secret: Check = { check: "secret", reason: null, says: "the secret that its session has" };
  return { checks: [secret, sessionCheck(found, now), await userCheck(desk, found.session.userId)], session: found.session };
}

async function refreshInStore(desk: Desk, text: string, now: Instant): Promise<Knowledge> {
  const token = parseRefresh(desk, text);
  if ("reason" in token) return { checks: [token], session: null };
  const found = await desk.store.sessions.find(token.sid);
  if (found === null) return { checks: [sessionCheck(found, now)], session: null };
  const { grace, idle, absolute } = desk.config.settings;
  // Decided, and not carried out: looking at a token must not use it up.
  const decision = decideForOwner(found, { token, refreshId: null }, { grace, lifetime: { idle, absolute } }, now);
  if ("reason" in decision) {
    const isOurs = decision.reason !== "forged";
    return {
      checks: [{ check: "secret", reason: decision.reason, says: REFRESH_SAYS[decision.reason] }],
      session: isOurs ? found.session : null,
    };
  }
  const says = decision.kind === "rotate" ? "the newest one of its session" : "the one before the newest, shown again soon enough";
  const checks = [{ check: "secret", reason: null, says } as const, sessionCheck(found, now), await userCheck(desk, found.session.userId)];
  return { checks, session: found.session };
}

function parseRefresh(desk: Desk, text: string): RefreshToken | Check {
  try {
    const token = parseRefreshToken(deriveSecrets(desk.secrets().masters), text);
    return token ?? { check: "secret", reason: "forged", says: "not made with the secret of this store" };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    return { check: "secret", reason: "unproved", says: error.message };
  }
}

const REFRESH_SAYS = {
  ended: "its session has ended",
  expired: "its session is over its limit",
  idle: "its session was not used for too long",
  forged: "not made for the session that it names",
  too_often: "the one before the newest, shown again too often",
  reuse: "one that was used up: whoever shows it to the server ends the session",
  future: "one that the store has not heard of: it lost writes",
} as const;

function sessionCheck(found: Found | null, now: Instant): Check {
  const check = "session";
  if (found === null)
    return { check, reason: "unknown", says: "the store knows no such session (one that ended is forgotten after 7 days)" };
  if (!isLive(found)) return { check, reason: "ended", says: "its session has ended" };
  const age = judgeLifetime(found.session, now);
  if (age === "alive") return { check, reason: null, says: "its session lives" };
  return { check, reason: age, says: age === "idle" ? "its session was not used for too long" : "its session is over its limit" };
}

/** A user who is not here is the application's own, of whom nothing is known here. */
async function userCheck({ store }: Desk, id: UserId): Promise<Check> {
  const found = await store.users.byId(id);
  if (found?.user.disabled === true) return { check: "user", reason: "disabled", says: "its user is disabled" };
  return { check: "user", reason: null, says: found === null ? "its user is the application's own" : "its user is enabled" };
}
