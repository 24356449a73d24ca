import type { Seq, Sid } from "../core/ids.ts";
import type { MaybePromise } from "../core/maybe.ts";
import { chain } from "../core/maybe.ts";
import type { Clock, Feed, Log } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import type { Instant, Milliseconds } from "../core/time.ts";
import { Asking } from "./asking.ts";
import type { MachineClocks } from "./elapsed.ts";
import { Follower } from "./follower.ts";
import type { Freshness, TwoTimes } from "./freshness.ts";
import { Leasing, NONE_LAPSED } from "./leasing.ts";
import type { Lapsed } from "./leasing.ts";
import { LogCopy } from "./log-copy.ts";
import { LogReader } from "./reader.ts";
import { Settling } from "./settling.ts";
import type { Standing } from "./table.ts";
import { Watching } from "./watching.ts";
import type { Watched } from "./watching.ts";

export interface RevocationsParts {
  readonly feed: Feed;
  readonly clock: Clock;
  /** What a lease is measured by. */
  readonly clocks: MachineClocks;
  readonly log: Log;
  /** The longest that what has ended may still be accepted. Default: 5 s. */
  readonly bound?: Milliseconds;
  /** Names this process among those that hold a lease, in this life of it. */
  readonly holder: string;
  /** Called when the log says that keys or secrets have changed. Default: nothing is done. */
  readonly readKeys?: () => MaybePromise<void>;
}

/** What this process knows of the revocation log. Whatever is asked of it is good only within {@link decide}, or after {@link sync} or {@link read}. */
export class Revocations {
  readonly #copy = new LogCopy((entry) => this.#watching.heard(entry));
  readonly #watching: Watching;
  readonly #settling: Settling;
  readonly #feed: Feed;
  readonly #clock: Clock;
  readonly #clocks: MachineClocks;
  readonly #reader: LogReader;
  readonly #freshness: Freshness;
  readonly #leasing: Leasing | null;

  constructor({ feed, clock, clocks, log, bound = duration("5s"), holder, readKeys = () => undefined }: RevocationsParts) {
    const copy = this.#copy;
    const reader = new LogReader({ feed, copy, clock, log, readKeys });
    const { moved } = feed;
    const follower = new Follower(clocks, copy);
    this.#reader = reader;
    this.#feed = feed;
    this.#clock = clock;
    this.#clocks = clocks;
    const head = (): Seq => copy.head;
    this.#settling = new Settling({ feed, clock, clocks, bound, holder, head });
    this.#watching = new Watching({ table: copy.table, clock, bound, left: () => this.left(), follow: () => this.#follow() });
    this.#leasing = moved === null ? new Leasing({ feed, follower, reader, clock, log, bound, holder }) : null;
    this.#freshness = this.#leasing ?? new Asking({ feed, moved: moved ?? (() => true), copy, reader });
  }

  /** Reads the log for the first time, and keeps up with it from then on. @throws {store_unavailable} */
  async open(): Promise<void> {
    await this.#freshness.sync();
    await this.#leasing?.start();
    await this.#settling.look();
  }

  close(): void {
    this.#leasing?.stop();
  }

  /** Resolves when nobody, here or anywhere, can accept any more what ended at this position. @throws {store_unavailable} when that can't be known. */
  async settled(ended: Seq): Promise<void> {
    await this.read();
    await this.#settling.settled(ended);
  }

  /**
   * Ends what nobody has, and sees how long that takes to be known everywhere: so the bound is looked at all the time, not only when it matters. And who died
   * is noticed, and not waited for by the next who waits.
   * @param onApplied is called for each process that has applied it, with the milliseconds that took.
   * @throws {store_unavailable}
   */
  async probe(nobody: Sid, onApplied: (after: number) => void): Promise<void> {
    const others = await this.#settling.look();
    if (others.length === 0) return;
    const began = this.#clocks.monotonic();
    const position = await this.#feed.append("sid", nobody, this.#clock.now());
    await this.#settling.settled(position, () => onApplied(this.#clocks.monotonic() - began));
  }

  /** How many decisions found the lease run out, by what became of them. */
  get lapsed(): Readonly<Lapsed> {
    return this.#leasing?.lapsed ?? NONE_LAPSED;
  }

  /** Closes what is open for a session when it has ended. @returns what forgets it. */
  watch(watched: Watched): () => void {
    return this.#watching.watch(watched);
  }

  /** The position up to which everything has been applied. */
  get head(): Seq {
    return this.#copy.head;
  }

  get size(): number {
    return this.#copy.table.size;
  }

  /** Milliseconds for which this process may decide without asking the store. */
  left(): number {
    return this.#freshness.left();
  }

  /**
   * What `judge` says, from a memory that was fresh while it judged: synchronous when memory, or an embedded store, can say so.
   * @param judgeApart see {@link Freshness.decide}. @throws {store_unavailable}
   */
  decide<T>(judge: () => MaybePromise<T>, judgeApart?: (times: TwoTimes) => MaybePromise<T>): MaybePromise<T> {
    return this.#freshness.decide(judge, judgeApart);
  }

  /** Memory is fresh enough to decide from when this returns. @throws {store_unavailable} */
  sync(): MaybePromise<void> {
    return this.#freshness.sync();
  }

  /** Reads the log from the store, however fresh memory is: for what must not be decided from memory. @throws {store_unavailable} */
  read(): MaybePromise<void> {
    return this.#freshness.read();
  }

  /**
   * An authentic credential was made at this position, which has not been heard of here. The store is asked; if it has not got there either, it was rolled
   * back, and the alarm is sounded.
   * @returns whether there is such a position. @throws {store_unavailable}
   */
  reaches(position: Seq): MaybePromise<boolean> {
    return chain(this.read(), () => {
      if (position <= this.head) return true;
      this.#reader.lost(position);
      return chain(this.read(), () => false);
    });
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

  /** A process with a lease is told of news anyhow; one that asks before each decision has to be woken when nobody comes to be decided on. */
  #follow(): () => void {
    if (this.#leasing !== null) return () => {};
    const catchUp = async (): Promise<void> => await this.sync();
    // An outage is heard of at the next decision.
    const listening = (async () => await this.#feed.listen(() => void catchUp().catch(() => {})))();
    return () =>
      void listening.then(
        (stop) => stop(),
        () => {},
      );
  }

  /** Forgets what could hit nothing any more at `before`. */
  prune(before: Instant): void {
    this.#copy.table.prune(before);
  }
}
