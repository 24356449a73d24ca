import type { MachineClocks } from "../../revocation/elapsed.ts";
import type { Timeline } from "./timeline.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is wrong with one machine in one run. */
export interface Hardware {
  /** How fast its clocks run: 1 is right. */
  readonly rate: number;
  /** By how much its wall clock is wrong. */
  readonly offset: number;
  readonly steps: readonly { readonly at: number; readonly by: number }[];
  /** The process stands still and its clocks run: SIGSTOP, a long collection of garbage, a busy host. */
  readonly pauses: readonly Span[];
  /** The machine stands still, and its monotonic clock with it. */
  readonly sleeps: readonly Span[];
  /** Whether the time since boot counts sleep: so on a laptop, not in a virtual machine that is frozen from outside. */
  readonly bootCountsSleep: boolean;
}

/** 2027-01-15, by the clock of the simulator. */
const EPOCH = 1_800_000_000_000;

/** A machine's clocks, and when it runs at all. */
export class Machine implements MachineClocks {
  readonly #timeline: Timeline;
  readonly #hardware: Hardware;

  constructor(timeline: Timeline, hardware: Hardware) {
    this.#timeline = timeline;
    this.#hardware = hardware;
  }

  wall(): number {
    const { offset, rate, steps } = this.#hardware;
    const now = this.#timeline.now;
    return EPOCH + offset + rate * now + steps.reduce((sum, { at, by }) => (at <= now ? sum + by : sum), 0);
  }

  monotonic(): number {
    return this.#hardware.rate * (this.#timeline.now - this.#slept());
  }

  sinceBoot(): number {
    return this.#hardware.bootCountsSleep ? this.#hardware.rate * this.#timeline.now : this.monotonic();
  }

  /** The first moment from `time` on at which it runs. */
  awakeAt(time: number): number {
    const still = [...this.#hardware.pauses, ...this.#hardware.sleeps].find(({ from, to }) => from <= time && time < to);
    return still === undefined ? time : this.awakeAt(still.to);
  }

  #slept(): number {
    const now = this.#timeline.now;
    return this.#hardware.sleeps.reduce((sum, { from, to }) => sum + Math.max(0, Math.min(now, to) - from), 0);
  }
}
