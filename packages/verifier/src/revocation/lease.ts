import type { Milliseconds } from "../core/time.ts";
import type { Elapsed } from "./elapsed.ts";

/** How much slower a machine's clocks may run than time itself. */
const CLOCK_RATE = 1e-3;

/** The lease that keeps the bound: on the slowest clock allowed it has run out when the bound is reached. */
export function leaseFor(bound: Milliseconds): Milliseconds {
  return Math.floor((1 - CLOCK_RATE) * bound) as Milliseconds;
}

/** After how long, on the clock of whoever confirmed it, a lease has run out on its holder's clock: both may be off, in opposite directions. */
export function leaseSurelyOver(lease: Milliseconds): Milliseconds {
  return Math.ceil((lease * (1 + CLOCK_RATE)) / (1 - CLOCK_RATE)) as Milliseconds;
}

/** A question on its way: when it was sent, and how often the clocks had been doubted by then. */
export interface Attempt {
  readonly sentAt: number;
  readonly doubts: number;
}

/**
 * How long this process may decide from memory. It runs from the moment that a question was *sent* to which the answer was "you know everything":
 * then no delay on the way, and no pause of this process, can make what it knows look fresher than it is.
 */
export class Lease {
  readonly #elapsed: Elapsed;
  #length: number = 0;
  #freshAt = Number.NEGATIVE_INFINITY;
  #doubts = 0;

  constructor(elapsed: Elapsed) {
    this.#elapsed = elapsed;
  }

  /** To be called before the question is sent. */
  begin(): Attempt {
    const sentAt = this.#elapsed.now();
    return { sentAt, doubts: this.#elapsed.doubts };
  }

  /**
   * @param length What the authority grants.
   * @param age How old the authority's own knowledge was: 0 from the store of record.
   * @returns false if the clocks were doubted since the attempt began: nothing is known of when that was.
   */
  renew(attempt: Attempt, length: Milliseconds, age: number): boolean {
    this.#elapsed.now();
    if (attempt.doubts !== this.#elapsed.doubts) return false;
    this.#doubts = attempt.doubts;
    this.#length = length;
    this.#freshAt = Math.max(this.#freshAt, attempt.sentAt - age);
    return true;
  }

  /** Milliseconds that it still holds; 0 or less when it has run out, or when the clocks were doubted since. */
  left(): number {
    const now = this.#elapsed.now();
    if (this.#doubts !== this.#elapsed.doubts) return Number.NEGATIVE_INFINITY;
    return this.#freshAt + this.#length - now;
  }

  /** Gives it up: what was known may be wrong. */
  drop(): void {
    this.#freshAt = Number.NEGATIVE_INFINITY;
  }
}
