import type { Clock, Log } from "../core/ports.ts";
import { duration, later } from "../core/time.ts";
import type { Instant } from "../core/time.ts";
import type { Engine } from "./engine.ts";

const WINDOW = duration("1m");

/** How many events a minute that need no account may go to the trail: more only prove that somebody is flooding it. */
const AT_MOST = 60;

/**
 * The trail for what anybody can cause as often as they like (a cookie shown twice, a call from a foreign origin): like {@link Engine.audit}, but a
 * flood of it does not fill the store.
 */
export function createAnonymousAudit(
  audit: Engine["audit"],
  clock: Clock,
  log: Log,
): (event: Parameters<Engine["audit"]>[0]) => Promise<void> {
  let windowEnds: Instant | null = null;
  let seen = 0;
  return async (event) => {
    const now = clock.now();
    if (windowEnds === null || now >= windowEnds) {
      windowEnds = later(now, WINDOW);
      seen = 0;
    }
    seen += 1;
    if (seen <= AT_MOST) await audit(event);
    else if (seen === AT_MOST + 1)
      log.warn("audit_flooded", { event: event.event, ip: event.ip, mend: "no more of these are written until a minute has passed" });
  };
}
