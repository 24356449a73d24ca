import type { Seq } from "../core/ids.ts";
import { pause } from "../core/pause.ts";
import type { Clock, Feed, LeaseHolder } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import type { Milliseconds } from "../core/time.ts";
import type { MachineClocks } from "./elapsed.ts";
import { LeaseHolders } from "./holders.ts";
import { leaseFor } from "./lease.ts";

export interface SettlingParts {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly clocks: MachineClocks;
  readonly bound: Milliseconds;
  /** This process: it knows by itself what it has applied. */
  readonly holder: string;
  /** Up to where this process knows the log. */
  readonly head: () => Seq;
}

/** Positions of one epoch lie between two multiples of this. */
const EPOCH = 2 ** 40;

/** How often the holders are looked at while somebody waits, and at most how long after a log-out has settled that is known. */
const LOOK_EVERY = duration("15ms");

/**
 * Waits until nobody can accept any more what has ended. It knows the lease holders from the store, and from its own clock for how long each of them may still
 * be deciding from memory: since it last saw a holder's beat change.
 */
export class Settling {
  readonly #parts: SettlingParts;
  readonly #beats = new Map<string, string>();
  #holders: LeaseHolders | null = null;
  /** The epoch in which the holders became known; null before anybody looked. */
  #epoch: number | null = null;

  constructor(parts: SettlingParts) {
    this.#parts = parts;
  }

  /** Looks at who holds a lease; to be called from time to time, or whoever died long ago is waited for. @throws {store_unavailable} */
  async look(): Promise<readonly LeaseHolder[]> {
    this.#noticeEpoch(this.#parts.head());
    const others = (await this.#parts.feed.holders()).filter(({ holder }) => holder !== this.#parts.holder);
    // Where leases are held, notes of some may have been lost with what the store lost before this process began to look.
    const isHeld = others.length > 0 || this.#parts.feed.moved === null;
    this.#holders ??= this.#newHolders(isHeld ? leaseFor(this.#parts.bound) : duration("0ms"));
    for (const { holder, beat, applied, lease } of others) {
      if (this.#beats.get(holder) === beat) continue;
      this.#beats.set(holder, beat);
      this.#holders.asked(holder, applied, lease);
    }
    const names = new Set(others.map(({ holder }) => holder));
    for (const name of this.#beats.keys()) if (!names.has(name)) this.#beats.delete(name);
    return others;
  }

  /**
   * Resolves when no process but this one can accept any more what ended at this position.
   * @param onApplied is called with each holder, when it is first seen to have applied it.
   * @throws {store_unavailable} when that can't be known.
   */
  async settled(ended: Seq, onApplied: (holder: string) => void = () => {}): Promise<void> {
    const told = new Set<string>();
    let isHurried = false;
    let latest = Number.POSITIVE_INFINITY;
    for (;;) {
      const epoch = this.#epoch;
      for (const { holder, applied } of await this.look()) {
        if (applied < ended || told.has(holder)) continue;
        told.add(holder);
        onApplied(holder);
      }
      this.#noticeEpoch(ended);
      if (!isHurried && told.size < this.#beats.size) await this.#parts.feed.hurry();
      isHurried = true;
      const now = this.#parts.clocks.monotonic();
      const term = this.#holders?.termOf(ended) ?? 0;
      // Whoever asks after the first look is answered with the end in it. So one that asks and asks, and never hears the answer or never says what it has
      // applied, is waited for no longer than one that says nothing more. With a new epoch nothing that was seen before counts.
      latest = Math.min(epoch === this.#epoch ? latest : Number.POSITIVE_INFINITY, now + term);
      const left = Math.min(term, latest - now);
      if (left <= 0) return;
      await pause(this.#parts.clock, Math.ceil(Math.min(left, LOOK_EVERY)) as Milliseconds);
    }
  }

  /** With a new epoch the store may have lost what it knew of the holders. */
  #noticeEpoch(position: Seq): void {
    const epoch = Math.floor(position / EPOCH);
    const known = (this.#epoch ??= epoch);
    if (epoch <= known) return;
    this.#epoch = epoch;
    this.#beats.clear();
    this.#holders = this.#newHolders(leaseFor(this.#parts.bound));
  }

  #newHolders(longestForgotten: Milliseconds): LeaseHolders {
    return new LeaseHolders(this.#parts.clocks, longestForgotten);
  }
}
