import type { Carrier } from "../carriers/carrier.ts";
import type { Clock } from "../core/ports.ts";
import type { CarrierName } from "../core/session.ts";
import { refuse } from "../core/verdict.ts";
import type { Check, Credentials } from "./engine.ts";
import type { Located } from "./locate.ts";

/**
 * Who is calling, from two header strings. Synchronous when memory can answer: await it only if it is a promise.
 * @throws {store_unavailable} when it can't be known. "Not logged in" is a value, never thrown.
 */
export function createCheck(
  locate: (credentials: Credentials) => Located,
  carriers: Readonly<Record<CarrierName, Carrier>>,
  clock: Clock,
  onAmbiguous: () => void,
): Check {
  return (credentials) => {
    const located = locate(credentials);
    if (located.carrier !== null) return carriers[located.carrier].check(located.credential, clock.now());
    if (located.reason === "ambiguous") onAmbiguous();
    return refuse(located.reason);
  };
}
