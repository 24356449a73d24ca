import { seq } from "../core/ids.ts";
import type { Seq } from "../core/ids.ts";
import { chain, isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Feed } from "../core/ports.ts";
import type { Freshness } from "./freshness.ts";
import type { LogCopy, Taken } from "./log-copy.ts";
import type { LogReader } from "./reader.ts";

/** Asks the store before each decision whether it has moved: on one host that costs microseconds, and what has ended is refused at the next request. */
export class Asking implements Freshness {
  readonly #feed: Feed;
  readonly #moved: () => MaybePromise<boolean>;
  readonly #copy: LogCopy;
  readonly #reader: LogReader;
  /** How often the store was seen to have moved, and which of those moves a page that was read afterwards has covered. */
  #moves = 1;
  #covered = 0;
  #catchingUp: Promise<void> | null = null;

  constructor(parts: {
    readonly feed: Feed;
    readonly moved: () => MaybePromise<boolean>;
    readonly copy: LogCopy;
    readonly reader: LogReader;
  }) {
    this.#feed = parts.feed;
    this.#moved = parts.moved;
    this.#copy = parts.copy;
    this.#reader = parts.reader;
  }

  decide<T>(judge: () => MaybePromise<T>): MaybePromise<T> {
    const synced = this.sync();
    return isPromise(synced) ? synced.then(judge) : judge();
  }

  sync(): MaybePromise<void> {
    const moved = this.#moved();
    if (isPromise(moved)) return moved.then((it) => this.#catchUp(it));
    return this.#catchUp(moved);
  }

  read(): MaybePromise<void> {
    return this.#catchUp(true);
  }

  left(): number {
    return Number.POSITIVE_INFINITY;
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
    return chain(this.#takeAll(), () => chain(this.#reader.settle(), (again) => (again ? this.#pull() : undefined)));
  }

  #takeAll(): MaybePromise<void> {
    const seen = this.#copy.head;
    return chain(this.#take(seen), (taken) => {
      if (taken === "applied") return undefined;
      if (taken === "rolled_back") this.#reader.lost(seen);
      // Another life of the store: what is known here stays, and what the store knows is added.
      return chain(this.#take(seq(0)), () => undefined);
    });
  }

  #take(from: Seq): MaybePromise<Taken> {
    const asked = this.#copy.position;
    return chain(this.#feed.since(from), (page) => this.#reader.withKeys(page, () => this.#copy.take({ ...page, from }, asked)));
  }
}
