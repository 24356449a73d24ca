import type { Random } from "../../core/ports.ts";
import { duration } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";

/** After so many failures one after the other nobody waits any more. */
const TOLERATED = 3;
const FIRST_PAUSE = duration("100ms");
const LONGEST_PAUSE = duration("5s");

/**
 * How long to wait before the next try: twice as long after each failure, up to an end, and up to half of it less at random, so that servers that lost
 * the same database do not all come back at the same moment.
 * @param failures how many there were in a row, 1 or more.
 */
export function backOff(failures: number, random: Random): Milliseconds {
  const most = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1));
  const [byte = 0] = random.bytes(1);
  return (most - (most / 2) * (byte / 255)) as Milliseconds;
}

/**
 * Fails fast while the server is out of reach: a call that can't succeed need not wait to find out. Times are the caller's, from any clock that only
 * goes forward.
 */
export class Circuit {
  readonly #random: Random;
  #failures = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  #openUntil = 0;
  #isTrying = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether a call may begin. While the circuit is open none may; after the pause one, and the others once that has succeeded. */
  mayBegin(now: number): boolean {
    if (this.#failures < TOLERATED) return true;
    if (now < this.#openUntil || this.#isTrying) return false;
    this.#isTrying = true;
    return true;
  }

  /** The server has answered, whatever it said. */
  succeeded(): void {
    this.#failures = 0;
    this.#isTrying = false;
  }

  /** @param began when the call that failed had begun: those that were under way when another failed saw the same outage, and count once. */
  failed(began: number, now: number): void {
    if (began <= this.#failedAt) return;
    this.#failures += 1;
    this.#failedAt = now;
    this.#isTrying = false;
    this.#openUntil = now + backOff(Math.max(1, this.#failures - TOLERATED + 1), this.#random);
  }
}
