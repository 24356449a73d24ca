import type { Seq } from "../core/ids.ts";
import { seq } from "../core/ids.ts";
import { chain, isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Clock, Feed, Log, LogEntry, LogPage } from "../core/ports.ts";
import { RevocationTable } from "./table.ts";
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
  readonly #table = new RevocationTable();
  #head: Seq = seq(0);
  #incarnation: string | null = null;
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
    return this.#head;
  }

  get size(): number {
    return this.#table.size;
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

  ended(of: Standing): boolean {
    return this.#table.ended(of);
  }

  stale(of: Standing): boolean {
    return this.#table.stale(of);
  }

  changedSince(of: Standing): boolean {
    return this.#table.changedSince(of);
  }

  keyRevoked(kid: string): boolean {
    return this.#table.keyRevoked(kid);
  }

  /**
   * An authentic credential is from a later log than the store's own: the store was rolled back. The alarm is loud, and a new epoch lifts every
   * later position above all that was seen before, and makes the access tokens from before it stale.
   */
  rolledBack(seen: Seq): MaybePromise<void> {
    this.#log.error("store_rolled_back", {
      head: this.#head,
      seen,
      mend: "the store lost writes it had acknowledged: look for a restore or a fail-over",
    });
    return chain(this.#feed.raiseEpoch(this.#head, this.#clock.now()), () => this.#pull());
  }

  prune(): void {
    this.#table.prune(this.#clock.now());
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
    return chain(this.#feed.since(this.#head), (page) => {
      const sameLife = this.#incarnation === null || page.incarnation === this.#incarnation;
      if (sameLife && page.head >= this.#head) return this.#take(page);
      return this.#reload(this.#head);
    });
  }

  /** Another life of the store, or a head that went back. What we know stays (what ended, ended); what the store knows is added. */
  #reload(seen: Seq): MaybePromise<void> {
    return chain(this.#feed.since(seq(0)), (page) => chain(this.#take(page), () => (page.head < seen ? this.rolledBack(seen) : undefined)));
  }

  /** Keys first: should they be out of reach, the page counts as not read and comes again. */
  #take(page: LogPage): MaybePromise<void> {
    if (page.entries.some(isAboutKeys)) return chain(this.#readKeys(), () => this.#apply(page));
    return this.#apply(page);
  }

  #apply(page: LogPage): void {
    for (const entry of page.entries) this.#table.apply(entry);
    this.#incarnation = page.incarnation;
    this.#head = page.head;
  }
}

function isAboutKeys({ kind }: LogEntry): boolean {
  return kind === "key" || kind === "invalidate-keys";
}
