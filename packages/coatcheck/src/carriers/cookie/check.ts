import type { Sid } from "../../core/ids.ts";
import { isPromise } from "../../core/maybe.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import { judgeLifetime } from "../../core/lifetime.ts";
import type { Instant } from "../../core/time.ts";
import { refuse } from "../../core/verdict.ts";
import type { RefusalReason, Verdict } from "../../core/verdict.ts";
import { equal } from "../../crypto/constant-time.ts";
import { hmac, sha256 } from "../../crypto/hash.ts";
import { readerFor } from "../../crypto/secrets.ts";
import type { DerivedSecret } from "../../crypto/secrets.ts";
import { byBothClocks } from "../apart.ts";
import { CHECK_BYTES, parseTicket } from "./credential.ts";
import type { Ticket } from "./credential.ts";
import type { CookieParts } from "./index.ts";
import type { KnownSession } from "./known-session.ts";

/**
 * Whose ticket is this? The same five steps as the token's check: read, find, prove, judge, ended.
 * Here the record is looked up (in memory as a rule, in the store the first time) and its hash proves the secret.
 */
export function checkTicket(parts: CookieParts, text: string, now: Instant): MaybePromise<Verdict> {
  // 1 read
  const ticket = parseTicket(text);
  if (ticket === null) return refuseJunk(parts, "malformed");
  return parts.revocations.decide(
    () => lookUp(parts, ticket, now),
    byBothClocks((at) => lookUpAnew(parts, ticket, at)),
  );
}

function lookUp(parts: CookieParts, ticket: Ticket, now: Instant): MaybePromise<Verdict> {
  // 2 find: the session, by its id   ← the lookup
  const cached = parts.known.get(ticket.sid, now);
  // What was cached may have been outlived by activity elsewhere: before anybody is called idle, the store is asked.
  if (cached !== null && judgeLifetime(cached, now) !== "idle") return judge(parts, ticket, cached, now);
  return lookUpAnew(parts, ticket, now);
}

/** In the store, whatever is in memory: how long ago that was read, a wrong clock can't say. */
function lookUpAnew(parts: CookieParts, ticket: Ticket, now: Instant): MaybePromise<Verdict> {
  if (!isOurs(parts, ticket)) return refuseJunk(parts, "forged");
  const found = parts.known.read(ticket.sid, now);
  if (isPromise(found)) return found.then((it) => judge(parts, ticket, it, now));
  return judge(parts, ticket, found, now);
}

function judge(parts: CookieParts, ticket: Ticket, known: KnownSession | null, now: Instant): MaybePromise<Verdict> {
  if (known === null) return refuse("unknown");
  // 3 prove
  if (!known.isOpenedBy(sha256(ticket.secret))) return isOurs(parts, ticket) ? refuse("forged") : refuseJunk(parts, "forged");
  // 4 judge
  const age = judgeLifetime(known, now);
  if (age !== "alive") return refuse(age);
  // 5 ended?
  const { who } = known;
  if (who.kind !== "user") return refuse(who.kind);
  const verdict: Verdict = { ok: true, principal: who, until: known.idleExpiresAt };
  const written = parts.activity.slide(known, now);
  return isPromise(written) ? written.then(() => verdict) : verdict;
}

/** Nobody's ticket: whatever is in the store, this server never made it. */
function refuseJunk(parts: CookieParts, reason: RefusalReason): Verdict {
  parts.junk.value += 1;
  return refuse(reason);
}

/**
 * Did this server make it? Judged without a look into the store; the secret's hash is what proves it. Ask the log first: it says when there is a new
 * master secret to judge by.
 */
export function isOurs(parts: CookieParts, ticket: Ticket): boolean {
  return readerFor(parts.secrets, (secret) => equal(ticketCheck(secret, ticket.sid, ticket.secret), ticket.check)) !== null;
}

export function ticketCheck(secret: DerivedSecret, sid: Sid, ticketSecret: Uint8Array): Uint8Array {
  return hmac(secret.ticketKey, Buffer.concat([Buffer.from(sid, "base64url"), ticketSecret])).subarray(0, CHECK_BYTES);
}
