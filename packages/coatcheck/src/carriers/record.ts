import { BUILT_IN_CLIENT } from "../core/ids.ts";
import type { Sid } from "../core/ids.ts";
import type { Deadlines } from "../core/lifetime.ts";
import type { NewSession, Random } from "../core/ports.ts";
import type { SessionRecord } from "../core/session.ts";
import type { Instant } from "../core/time.ts";
import { encode } from "../crypto/base64url.ts";
import type { Login } from "./carrier.ts";

/** A new sid at every login: a value that the client sent is never adopted. */
export function newRecord(
  { random }: { readonly random: Random },
  login: Login,
  carried: Pick<SessionRecord, "carrier" | "secretHash">,
  deadlines: Deadlines,
  now: Instant,
): NewSession {
  return {
    ...carried,
    ...deadlines,
    sid: encode(random.bytes(16)) as Sid,
    userId: login.userId,
    clientId: BUILT_IN_CLIENT,
    salt: random.bytes(16),
    rotation: { generation: 0, wonBy: null, rotatedAt: now, replays: 0 },
    rsq: login.rsq,
    createdAt: now,
    authTime: now,
    amr: login.amr,
    lastSeenAt: now,
    device: login.device,
    data: login.data,
  };
}
