import { isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Instant } from "../core/time.ts";
import { REFUSAL_REASONS } from "../core/verdict.ts";
import type { RefusalReason, Verdict } from "../core/verdict.ts";
import type { Cell, Metrics } from "../observe/metrics.ts";
import type { Carrier } from "./carrier.ts";

/** One check of so many is timed: reading the clock twice costs a tenth of a check. A power of two. */
const TIMED_EVERY = 16;

/** The same carrier, its verdicts counted: a number that goes up, and nothing that is allocated. */
export function observedCarrier(carrier: Carrier, metrics: Metrics): Carrier {
  const { stopwatch } = metrics;
  const seconds = metrics.checkSeconds.series(carrier.name);
  const accepted = metrics.verdicts.cell(carrier.name, "ok");
  const refused = Object.fromEntries(REFUSAL_REASONS.map((reason) => [reason, metrics.verdicts.cell(carrier.name, reason)])) as Readonly<
    Record<RefusalReason, Cell>
  >;
  let checks = 0;

  function count(verdict: Verdict): Verdict {
    (verdict.ok ? accepted : refused[verdict.reason]).value += 1;
    return verdict;
  }

  function timed(credential: string, now: Instant): MaybePromise<Verdict> {
    const began = stopwatch();
    const done = (verdict: Verdict): Verdict => {
      seconds.observe((stopwatch() - began) / 1_000);
      return count(verdict);
    };
    const verdict = carrier.check(credential, now);
    return isPromise(verdict) ? verdict.then(done) : done(verdict);
  }

  return {
    ...carrier,
    check: (credential, now) => {
      checks = (checks + 1) % TIMED_EVERY;
      if (checks === 1) return timed(credential, now);
      const verdict = carrier.check(credential, now);
      return isPromise(verdict) ? verdict.then(count) : count(verdict);
    },
  };
}
