import type { Carrier } from "../carriers/carrier.ts";
import type { Clock } from "../core/ports.ts";
import type { CarrierName } from "../core/session.ts";
import type { Metrics } from "../observe/metrics.ts";
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
  metrics: Metrics,
  onAmbiguous: () => void,
): Check {
  const none = { absent: metrics.verdicts.cell("none", "absent"), ambiguous: metrics.verdicts.cell("none", "ambiguous") } as const;
  return (credentials) => {
    const located = locate(credentials);
    if (located.carrier !== null) return carriers[located.carrier].check(located.credential, clock.now());
    none[located.reason].value += 1;
    if (located.reason === "ambiguous") onAmbiguous();
    return refuse(located.reason);
  };
}
