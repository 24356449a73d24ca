import type { MachineClocks } from "../../src/revocation/elapsed.ts";

/** A machine's clocks, set by hand. */
export class HandClocks implements MachineClocks {
  #wall = 1_800_000_000_000;
  #monotonic = 5_000;
  #boot: number | null = 9_000;

  wall = (): number => this.#wall;
  monotonic = (): number => this.#monotonic;
  sinceBoot = (): number | null => this.#boot;

  /** Time passes, and every clock sees it. */
  pass(ms: number): void {
    this.#wall += ms;
    this.#monotonic += ms;
    if (this.#boot !== null) this.#boot += ms;
  }

  /** The machine sleeps: the monotonic clock stands still, the others as said. */
  sleep(ms: number, seenBy: { readonly wall: boolean; readonly boot: boolean }): void {
    if (seenBy.wall) this.#wall += ms;
    if (seenBy.boot && this.#boot !== null) this.#boot += ms;
  }

  setWall(by: number): void {
    this.#wall += by;
  }

  forgetBoot(): void {
    this.#boot = null;
  }
}
