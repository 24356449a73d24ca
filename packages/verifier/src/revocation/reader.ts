import { seq } from "../core/ids.ts";
import type { Seq } from "../core/ids.ts";
import { chain } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Clock, Feed, Log, LogEntry, LogPage } from "../core/ports.ts";
import type { LogCopy } from "./log-copy.ts";

export interface ReaderParts {
  readonly feed: Pick<Feed, "raiseEpoch">;
  readonly copy: LogCopy;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the log says that keys or secrets have changed: not before it is through does an entry about them count as read. */
  readonly readKeys: () => MaybePromise<void>;
}

/** What both ways of keeping up do with a page: keys before the page itself, and the alarm when the store has lost writes. */
export class LogReader {
  readonly #parts: ReaderParts;
  /** A position that the store once had and has no more, of which it has not been told yet. */
  #lost: Seq | null = null;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /** Should the keys be out of reach, the page counts as not read and comes again. */
  withKeys<T>(page: LogPage, take: () => MaybePromise<T>): MaybePromise<T> {
    return chain(page.entries.some(isAboutKeys) ? this.#parts.readKeys() : undefined, take);
  }

  /**
   * The store once was at `seen`, and is so no more. The alarm is loud, and a new epoch has to lift every later position above all that was seen before, and to
   * make the access tokens from before it stale: {@link settle} starts it.
   */
  lost(seen: Seq): void {
    this.#lost = seq(Math.max(seen, this.#lost ?? 0));
    this.#parts.log.error("store_rolled_back", {
      head: this.#parts.copy.head,
      seen,
      mend: "the store lost writes it had acknowledged: look for a restore or a fail-over",
    });
  }

  /** Starts the new epoch that is owed, if one is. @returns whether one was, and the log has to be read again. @throws {store_unavailable} and it stays owed. */
  settle(): MaybePromise<boolean> {
    if (this.#lost === null) return false;
    const { feed, copy, clock } = this.#parts;
    const lost = this.#lost;
    return chain(feed.raiseEpoch(copy.head, lost, clock.now()), () => {
      if (this.#lost === lost) this.#lost = null;
      return true;
    });
  }
}

export function isAboutKeys({ kind }: LogEntry): boolean {
  return kind === "key" || kind === "invalidate-keys";
}
