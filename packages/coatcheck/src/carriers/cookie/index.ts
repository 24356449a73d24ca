import type { LifetimePolicy } from "../../core/lifetime.ts";
import { chain } from "../../core/maybe.ts";
import type { Random } from "../../core/ports.ts";
import { sha256 } from "../../crypto/hash.ts";
import type { Secrets } from "../../crypto/secrets.ts";
import type { Cell } from "../../observe/metrics.ts";
import type { Revocations } from "../../revocation/revocations.ts";
import type { Activity } from "../activity.ts";
import type { Carrier } from "../carrier.ts";
import { checkTicket, isOurs } from "./check.ts";
import { parseTicket } from "./credential.ts";
import { issueTicket } from "./issue.ts";
import type { KnownSessions } from "./known.ts";
import { renewTicket } from "./renew.ts";

export interface CookieParts {
  readonly secrets: Secrets;
  readonly random: Random;
  readonly lifetime: LifetimePolicy;
  readonly revocations: Revocations;
  readonly known: KnownSessions;
  readonly activity: Activity;
  /** Counts values that this server never made: refused without a read of the store. */
  readonly junk: Cell;
}

/** The ticket: a random value, nothing in it, looked up. What textbooks call a session. */
export function cookieCarrier(parts: CookieParts): Carrier {
  return {
    name: "cookie",
    issue: (login, now) => issueTicket(parts, login, now),
    check: (credential, now) => checkTicket(parts, credential, now),
    renew: (proof, now) => renewTicket(parts, proof, now),
    identify: (credential, now) => {
      const ticket = parseTicket(credential);
      if (ticket === null) return null;
      return chain(parts.revocations.sync(), () => {
        if (!isOurs(parts, ticket)) return null;
        return chain(parts.known.read(ticket.sid, now), (known) => (known?.isOpenedBy(sha256(ticket.secret)) === true ? ticket.sid : null));
      });
    },
  };
}
