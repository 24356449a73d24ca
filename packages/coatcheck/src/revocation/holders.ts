import type { Seq } from "../core/ids.ts";
import type { Milliseconds } from "../core/time.ts";
import type { MachineClocks } from "./elapsed.ts";
import { leaseSurelyOver } from "./lease.ts";

interface Holder {
  applied: Seq;
  /** On the monotonic clock, which is never ahead of time: not before then has its lease surely run out. */
  overAt: number;
}

/**
 * Who may be deciding from memory right now, as whoever answers their questions knows it. So a log-out can be waited for: until each of them
 * has applied it, or can't be deciding from memory any more.
 */
export class LeaseHolders {
  readonly #clocks: MachineClocks;
  readonly #holders = new Map<string, Holder>();
  readonly #forgottenUntil: number;

  /** @param longestLease The longest that was granted before this process started, which it knows nothing of. */
  constructor(clocks: MachineClocks, longestLease: Milliseconds) {
    this.#clocks = clocks;
    this.#forgottenUntil = clocks.monotonic() + leaseSurelyOver(longestLease);
  }

  /** To be called when a question has arrived and before it is answered. What it asks from, it has applied. */
  asked(holder: string, from: Seq, lease: Milliseconds): void {
    const overAt = this.#clocks.monotonic() + leaseSurelyOver(lease);
    const known = this.#holders.get(holder);
    if (known === undefined) this.#holders.set(holder, { applied: from, overAt });
    else Object.assign(known, { applied: from, overAt: Math.max(known.overAt, overAt) });
  }

  /** Milliseconds until nobody can accept what ended at `ended`, if nobody asks again; 0 when nobody can now. */
  termOf(ended: Seq): number {
    const now = this.#clocks.monotonic();
    let until = this.#forgottenUntil;
    for (const [name, { applied, overAt }] of this.#holders) {
      if (overAt <= now) this.#holders.delete(name);
      else if (applied < ended) until = Math.max(until, overAt);
    }
    return Math.max(0, until - now);
  }
}
