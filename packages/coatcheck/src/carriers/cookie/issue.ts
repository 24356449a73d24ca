import { firstDeadlines } from "../../core/lifetime.ts";
import { newRecord } from "../record.ts";
import type { NewSession } from "../../core/ports.ts";
import type { Instant } from "../../core/time.ts";
import { sha256 } from "../../crypto/hash.ts";
import type { Issued, Login, Pending, Subject } from "../carrier.ts";
import { SECRET_BYTES, formatTicket } from "./credential.ts";
import { ticketCheck } from "./check.ts";
import type { CookieParts } from "./index.ts";

/** A new session, carried as a ticket: the record keeps a hash of the secret, the client gets the secret. */
export function issueTicket(parts: CookieParts, login: Login, now: Instant): Pending<NewSession> {
  const secret = parts.random.bytes(SECRET_BYTES);
  return {
    write: newRecord(parts, login, { carrier: "cookie", secretHash: sha256(secret) }, firstDeadlines(parts.lifetime, now), now),
    reveal: (subject) => revealTicket(parts, secret, subject),
  };
}

export function revealTicket(parts: CookieParts, secret: Uint8Array, { session }: Subject): Issued {
  const ticket = formatTicket({ sid: session.sid, secret, check: ticketCheck(parts.secrets.writer, session.sid, secret) });
  return { session, shown: { carrier: "cookie", ticket, expiresAt: session.expiresAt } };
}
