import { duration } from "../core/time.ts";
import type { Milliseconds } from "../core/time.ts";

/** The clocks of one machine. None is trusted alone: each stops or jumps in a case of its own. */
export interface MachineClocks {
  /** Milliseconds since 1970. Set by people and programs, forwards and backwards. */
  wall(): number;
  /** Milliseconds since some moment. Never set; stands still while the machine sleeps. */
  monotonic(): number;
  /** Milliseconds since the machine started, its sleep included; null where nobody can say. Dear, so it is asked at heartbeats only. */
  sinceBoot(): number | null;
}

/** How far two clocks may drift apart between two heartbeats: this, and a twentieth of the time that passed. */
const TOLERANCE: Milliseconds = duration("100ms");
const DRIFT = 0.05;

interface Readings {
  readonly wall: number;
  readonly monotonic: number;
  readonly boot: number | null;
}

/**
 * How much time has passed on this machine: as much as the fastest of its clocks says, and never less than was said before.
 * Clocks that disagree are a {@link doubts | doubt}: one of them was set, or the machine slept, and what rested on them no longer holds.
 */
export class Elapsed {
  readonly #clocks: MachineClocks;
  #anchor: Readings;
  /** What had passed at the anchor. Differences are taken from there: taken from look to look, rounding would add up. */
  #before = 0;
  #passed = 0;
  #doubts = 0;

  constructor(clocks: MachineClocks) {
    this.#clocks = clocks;
    this.#anchor = this.#read();
  }

  /** How often the clocks have disagreed. */
  get doubts(): number {
    return this.#doubts;
  }

  /** Milliseconds that have passed. Two clocks are read: cheap enough for each check. */
  now(): number {
    const monotonic = this.#clocks.monotonic() - this.#anchor.monotonic;
    const wall = this.#clocks.wall() - this.#anchor.wall;
    return this.#advance(monotonic, wall, Math.max(monotonic, wall));
  }

  /** Looks at every clock and takes a new anchor; once for each heartbeat. */
  beat(): number {
    const { wall, monotonic, boot } = this.#read();
    const anchor = this.#anchor;
    const byMonotonic = monotonic - anchor.monotonic;
    const byWall = wall - anchor.wall;
    const byBoot = boot === null || anchor.boot === null ? byMonotonic : boot - anchor.boot;
    if (differ(byMonotonic, byBoot)) this.#doubts += 1;
    const passed = this.#advance(byMonotonic, byWall, Math.max(byMonotonic, byWall, byBoot));
    this.#reanchor({ wall, monotonic, boot });
    return passed;
  }

  #advance(byMonotonic: number, byWall: number, by: number): number {
    this.#passed = Math.max(this.#passed, this.#before + by);
    if (differ(byMonotonic, byWall)) {
      this.#doubts += 1;
      this.#reanchor(this.#read());
    }
    return this.#passed;
  }

  #reanchor(readings: Readings): void {
    this.#anchor = readings;
    this.#before = this.#passed;
  }

  #read(): Readings {
    return { wall: this.#clocks.wall(), monotonic: this.#clocks.monotonic(), boot: this.#clocks.sinceBoot() };
  }
}

function differ(one: number, other: number): boolean {
  return Math.abs(one - other) > TOLERANCE + DRIFT * Math.abs(one);
}
