import type { Seq } from "../core/ids.ts";
import { seq } from "../core/ids.ts";
import type { Instant } from "../core/time.ts";

/** The position of what has no mark: before every other. */
export const UNMARKED = seq(-1);

interface Mark {
  seq: Seq;
  expiresAt: Instant;
}

/** Marks of whatever has a name: users, clients, everybody. */
export class NamedMarks {
  readonly #byKey = new Map<string, Mark>();

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): Seq {
    return this.#byKey.get(key)?.seq ?? UNMARKED;
  }

  raise(key: string, to: Seq, expiresAt: Instant): void {
    const known = this.#byKey.get(key);
    if (known === undefined) {
      this.#byKey.set(key, { seq: to, expiresAt });
      return;
    }
    known.seq = seq(Math.max(known.seq, to));
    known.expiresAt = Math.max(known.expiresAt, expiresAt) as Instant;
  }

  prune(now: Instant): void {
    for (const [key, mark] of this.#byKey) if (mark.expiresAt < now) this.#byKey.delete(key);
  }
}

/** Marks for good. */
export class LastingMarks extends NamedMarks {
  override prune(): void {
    // What was withdrawn may come back from a cache of anybody's, at any time.
  }
}
