import { slide } from "../../core/lifetime.ts";
import type { Renewal } from "../../core/ports.ts";
import type { AuthMethods, SessionRecord } from "../../core/session.ts";
import type { Instant } from "../../core/time.ts";
import { sha256 } from "../../crypto/hash.ts";
import type { Pending } from "../carrier.ts";
import { SECRET_BYTES } from "./credential.ts";
import type { CookieParts } from "./index.ts";
import { revealTicket } from "./issue.ts";

/** The same session, a new secret: the old ticket is dead from the moment that this is written. */
export function renewTicket(
  parts: CookieParts,
  proof: { readonly authTime: Instant; readonly amr: AuthMethods; readonly session: SessionRecord },
  now: Instant,
): Pending<Renewal> {
  const secret = parts.random.bytes(SECRET_BYTES);
  const { authTime, amr, session } = proof;
  return {
    write: { secretHash: sha256(secret), authTime, amr, lastSeenAt: now, idleExpiresAt: slide(parts.lifetime, session.expiresAt, now) },
    reveal: (subject) => revealTicket(parts, secret, subject),
  };
}
