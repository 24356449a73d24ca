import type { Seq } from "../core/ids.ts";
import { seq } from "../core/ids.ts";
import { chain, isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Instant } from "../core/time.ts";
import type { Clock, Feed, Log, LogEntry } from "../core/ports.ts";
import { LogCopy } from "./log-copy.ts";
import type { Taken } from "./log-copy.ts";
import type { Standing } from "./table.ts";

/**
 * What this process knows of the revocation log. Ask {@link sync} first, in every check; then the answers are good up to the
 * store's head at that moment, and synchronous.
 */
export class Revocations {
  readonly #feed: Feed;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #readKeys: () => MaybePromise<void>;
  readonly #copy = new LogCopy();
  /** How often the store was seen to have moved, and which of those moves a page that was read afterwards has covered. */
  #moves = 1;
  #covered = 0;
  #catchingUp: Promise<void> | null = null;

  /** @param readKeys is called when the log says that keys or secrets have changed: only when it is through does {@link sync} return. */
  constructor(feed: Feed, clock: Clock, log: Log, readKeys: () => MaybePromise<void> = () => undefined) {
    this.#feed = feed;
    this.#clock = clock;
    this.#log = log;
    this.#readKeys = readKeys;
  }

  /** The position up to which everything has been applied. */
  get head(): Seq {
    return this.#copy.head;
  }

  get size(): number {
    return this.#copy.table.size;
  }

  /**
   * Brings memory up to the head of the store, if the store moved. Synchronous when the store is.
   * @throws {store_unavailable} if the log can't be read: an unreadable log is not an empty one, so the next call tries again.
   */
  sync(): MaybePromise<void> {
    const moved = this.#feed.moved();
    if (isPromise(moved)) return moved.then((it) => this.#catchUp(it));
    return this.#catchUp(moved);
  }

  /**
   * Like {@link sync}, but reads the log whether or not the store seems to have moved: for what must not be decided from memory.
   * @throws {store_unavailable}
   */
  read(): MaybePromise<void> {
    return this.#catchUp(true);
  }

  ended(of: Standing): boolean {
    return this.#copy.table.ended(of);
  }

  stale(of: Standing): boolean {
    return this.#copy.table.stale(of);
  }

  changedSince(of: Standing): boolean {
    return this.#copy.table.changedSince(of);
  }

  keyRevoked(kid: string): boolean {
    return this.#copy.table.keyRevoked(kid);
  }

  /**
   * An authentic credential is from a later log than the store's own: the store was rolled back. The alarm is loud, and a new epoch lifts every
   * later position above all that was seen before, and makes the access tokens from before it stale.
   */
  rolledBack(seen: Seq): MaybePromise<void> {
    this.#log.error("store_rolled_back", {
      head: this.head,
      seen,
      mend: "the store lost writes it had acknowledged: look for a restore or a fail-over",
    });
    return chain(this.#feed.raiseEpoch(this.head, this.#clock.now()), () => this.#pull());
  }

  /** Forgets what could hit nothing any more at `before`. */
  prune(before: Instant): void {
    this.#copy.table.prune(before);
  }

  #catchUp(moved: boolean): MaybePromise<void> {
    if (moved) this.#moves += 1;
    if (this.#covered === this.#moves) return undefined;
    // A page that is on its way may have been read before this move: wait for it, then look again.
    if (this.#catchingUp !== null) return this.#catchingUp.then(() => this.sync());
    const moves = this.#moves;
    const pulled = chain(this.#pull(), () => void (this.#covered = moves));
    if (!isPromise(pulled)) return undefined;
    this.#catchingUp = pulled.finally(() => (this.#catchingUp = null));
    return this.#catchingUp;
  }

  #pull(): MaybePromise<void> {
    const seen = this.head;
    return chain(this.#take(seen), (taken) => {
      if (taken === "applied") return undefined;
      // Another life of the store: what is known here stays, and what the store knows is added.
      return chain(this.#take(seq(0)), () => (taken === "rolled_back" ? this.rolledBack(seen) : undefined));
    });
  }

  /** Keys first: should they be out of reach, the page counts as not read and comes again. */
  #take(from: Seq): MaybePromise<Taken> {
    const asked = this.#copy.position;
    return chain(this.#feed.since(from), (page) => {
      const keysRead = page.entries.some(isAboutKeys) ? this.#readKeys() : undefined;
      return chain(keysRead, () => this.#copy.take({ ...page, from }, asked));
    });
  }
}

function isAboutKeys({ kind }: LogEntry): boolean {
  return kind === "key" || kind === "invalidate-keys";
}
