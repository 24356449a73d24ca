import type { Clock, LogEntry } from "../core/ports.ts";
import type { Instant, Milliseconds } from "../core/time.ts";
import type { RevocationTable, Standing } from "./table.ts";

/**
 * Why something that was opened for a session must close:
 * - `ended`: the session has ended, or all of its user's, or its client's.
 * - `expired`: it is as old as a session may become.
 * - `unknown`: the lease has run out and the store can't be reached: nobody knows any more whether it has ended.
 */
export type Closing = "ended" | "expired" | "unknown";

/** Something that is open for as long as a session lives: a socket, a stream. */
export interface Watched {
  readonly standing: Standing;
  readonly expiresAt: Instant;
  readonly close: (why: Closing) => void;
}

export interface WatchingParts {
  readonly table: RevocationTable;
  readonly clock: Clock;
  readonly bound: Milliseconds;
  /** Milliseconds for which memory may be relied on. */
  readonly left: () => number;
  /** Begins to bring the log in without anybody asking, for as long as something is watched. @returns what ends it. */
  readonly follow: () => () => void;
}

/** How often within the bound the lease and the age of sessions are looked at: what runs out before the next look is closed at this one. */
const LOOKS = 20;

/** Closes what was opened for a session once the session has ended, when that is heard; not when somebody asks. */
export class Watching {
  readonly #parts: WatchingParts;
  readonly #open = new Set<Watched>();
  #stops: (() => void)[] = [];

  constructor(parts: WatchingParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  /** @returns what forgets it, when it closed by itself. */
  watch(watched: Watched): () => void {
    this.#open.add(watched);
    if (this.#stops.length === 0) this.#begin();
    // What was heard before it began to be watched counts too.
    if (this.#parts.table.ended(watched.standing)) this.#close(watched, "ended");
    return () => this.#forget(watched);
  }

  /** To be called with each entry that was applied to the table. */
  heard({ kind, key }: LogEntry): void {
    for (const watched of this.#open) {
      // A walk over all that is open, but one comparison for each as a rule: sessions end one by one.
      if (kind === "sid" ? key === watched.standing.sid : this.#parts.table.ended(watched.standing)) this.#close(watched, "ended");
    }
  }

  #begin(): void {
    const { clock, bound, follow } = this.#parts;
    this.#stops = [clock.every((bound / LOOKS) as Milliseconds, () => this.#look()), follow()];
  }

  #look(): void {
    const { left, bound, clock } = this.#parts;
    const untilNext = bound / LOOKS;
    const unknown = left() <= untilNext;
    const now = clock.now();
    for (const watched of this.#open) {
      if (watched.expiresAt <= now) this.#close(watched, "expired");
      else if (unknown) this.#close(watched, "unknown");
    }
  }

  #close(watched: Watched, why: Closing): void {
    if (this.#forget(watched)) watched.close(why);
  }

  #forget(watched: Watched): boolean {
    const known = this.#open.delete(watched);
    if (known && this.#open.size === 0) for (const stop of this.#stops.splice(0)) stop();
    return known;
  }
}
