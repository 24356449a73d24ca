import { StoreUnavailable } from "../core/errors.ts";
import { isPromise } from "../core/maybe.ts";
import type { MaybePromise } from "../core/maybe.ts";
import { pause } from "../core/pause.ts";
import type { Clock, Confirmed, Feed, Hold, Log } from "../core/ports.ts";
import { duration, earliest, later } from "../core/time.ts";
import type { Instant, Milliseconds } from "../core/time.ts";
import type { Follower, Heard, Question } from "./follower.ts";
import type { TwoTimes } from "./freshness.ts";
import { leaseFor } from "./lease.ts";
import { isAboutKeys } from "./reader.ts";
import type { LogReader } from "./reader.ts";

/** Who gives leases: the store, or from afar somebody who asks it. */
export interface Lessor extends Pick<Feed, "listen">, Partial<Pick<Feed, "since">> {
  confirm(hold: Hold, now: Instant): MaybePromise<Granted>;
}

interface Granted extends Confirmed {
  /** For how long, if that is for the lessor to say. The store's own processes know it by themselves. */
  readonly lease?: Milliseconds;
}

export interface LeasingParts {
  readonly feed: Lessor;
  readonly follower: Follower;
  readonly reader: LogReader;
  readonly clock: Clock;
  readonly log: Log;
  readonly bound: Milliseconds;
  /** This process, in this life of it. */
  readonly holder: string;
}

/** Five questions fit into a lease: four may be lost. */
const HEARTBEATS = 5;
/** How often a question is asked again at once, when its answer was that everything has to be read from the start. */
const TRIES = 4;
/** How many questions may be on their way when the next heartbeat comes: more would only wait in the same queue. */
const ON_THEIR_WAY = 3;
/** The store is told at once that news have been applied, and then not more often than this: each question is a write. */
const BETWEEN_NEWS = duration("20ms");

/** How often it is said that the clocks are apart: whoever decides asks, and hears it. */
const COMPLAIN_EVERY = duration("1m");

/** How many decisions found the lease run out: those that the store then answered, those of them that two clocks had to agree on, and those that couldn't be had. */
export interface Lapsed {
  asked: number;
  apart: number;
  unknown: number;
}

export const NONE_LAPSED: Readonly<Lapsed> = { asked: 0, apart: 0, unknown: 0 };

/** The store has been read, and its clock and this machine's are minutes apart. */
class ClocksApart extends StoreUnavailable {
  readonly storeClock: Instant;

  constructor(storeClock: Instant) {
    super(new Error("this machine's clock and the store's are minutes apart"));
    this.storeClock = storeClock;
  }
}

/** The answer was of use, whatever it says about the lease. */
const ANSWERED: ReadonlySet<Heard> = new Set<Heard>(["renewed", "late"]);

/**
 * Decides from memory for as long as a lease holds, that the store gives at each heartbeat. No decision waits for the store, but when the lease has run out: then
 * the decision asks, and can't be had if the store doesn't answer.
 */
export class Leasing {
  readonly lapsed: Lapsed = { ...NONE_LAPSED };
  readonly #parts: LeasingParts;
  #lease: Milliseconds;
  #stopBeating = (): void => {};
  #asking: Promise<void> | null = null;
  #next: Promise<void> | null = null;
  #onTheirWay = 0;
  #hasNews = false;
  #following = false;
  /** Whether the latest answer found the clocks apart. */
  #isApart = false;
  #complainedAt = Number.NEGATIVE_INFINITY;
  #isUnheard = false;
  #overhearing: Promise<void> | null = null;
  readonly #stops: (() => void)[] = [];

  constructor(parts: LeasingParts) {
    this.#parts = parts;
    this.#lease = leaseFor(parts.bound);
  }

  /** Begins to ask at each heartbeat, and when there are news. */
  async start(): Promise<void> {
    this.#beatEvery(this.#parts.bound);
    this.#stops.push(() => this.#stopBeating());
    this.#stops.push(await this.#parts.feed.listen((isAwaited) => this.#wake(isAwaited)));
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
  }

  /** The lease is looked at after the judgement: however long this process stood still in the middle of it, it is not older than the lease allows. */
  decide<T>(judge: () => MaybePromise<T>, judgeApart?: (times: TwoTimes) => MaybePromise<T>): MaybePromise<T> {
    // By a clock that is known to be apart nothing is judged alone, and no activity is noted.
    if (this.#isApart) return this.#decideOnAnswer(judge, judgeApart);
    const judged = judge();
    if (isPromise(judged)) return judged.then((it) => (this.left() > 0 ? it : this.#decideOnAnswer(judge, judgeApart)));
    return this.left() > 0 ? judged : this.#decideOnAnswer(judge, judgeApart);
  }

  sync(): MaybePromise<void> {
    if (this.left() > 0) return undefined;
    // A question that is on its way may have been sent too long ago to be of use: then ask another.
    return (this.#asking ?? this.#ask()).then(() => (this.left() > 0 ? undefined : this.#ask()));
  }

  /** Of many who want to read while a question is on its way the next one is for all. */
  read(): Promise<void> {
    if (this.#asking === null) return this.#ask();
    const asked = (): Promise<void> => {
      this.#next = null;
      return this.#ask();
    };
    return (this.#next ??= this.#asking.then(asked, asked));
  }

  /** How long a lease is. */
  get lease(): Milliseconds {
    return this.#lease;
  }

  /** Whether this machine's clock and the lessor's were minutes apart when that was last seen. */
  get isApart(): boolean {
    return this.#isApart;
  }

  left(): number {
    return this.#parts.follower.left();
  }

  async #decideOnAnswer<T>(judge: () => MaybePromise<T>, judgeApart?: (times: TwoTimes) => MaybePromise<T>): Promise<T> {
    try {
      const judged = await this.#judgeOnAnswer(judge).catch((error: unknown) => {
        if (judgeApart === undefined || !(error instanceof ClocksApart)) throw error;
        return this.#judgeApart(judgeApart);
      });
      this.lapsed.asked += 1;
      return judged;
    } catch (error) {
      this.lapsed.unknown += 1;
      throw error;
    }
  }

  /** From an answer to a question that was sent after the decision was wanted: so no lease is needed, and yet it may not be older than one when it counts. */
  async #judgeApart<T>(judge: (times: TwoTimes) => MaybePromise<T>): Promise<T> {
    const { follower } = this.#parts;
    const judged = await judge(this.#timesAt(await this.#readApart()));
    if (follower.leftApart() <= 0) throw new StoreUnavailable(new Error("the store answered too late to be true now"));
    this.lapsed.apart += 1;
    return judged;
  }

  async #readApart(): Promise<Instant> {
    try {
      await this.read();
    } catch (error) {
      if (error instanceof ClocksApart) return error.storeClock;
      throw error;
    }
    throw new StoreUnavailable(new Error("the clocks have just been set"));
  }

  /** The store's clock has gone on since it was read, by no more than a lease. */
  #timesAt(storeClock: Instant): TwoTimes {
    const now = this.#parts.clock.now();
    const latest = later(storeClock, this.#lease);
    return { earlier: earliest(now, storeClock), later: now > latest ? now : latest };
  }

  async #judgeOnAnswer<T>(judge: () => MaybePromise<T>): Promise<T> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      await this.sync();
      const judged = await judge();
      if (this.left() > 0) return judged;
    }
    throw new StoreUnavailable(new Error("the lease runs out as soon as it is given"));
  }

  #beatEvery(term: Milliseconds): void {
    this.#stopBeating();
    this.#stopBeating = this.#parts.clock.every((term / HEARTBEATS) as Milliseconds, () => this.#beat());
  }

  #beat(): void {
    // What goes wrong here is heard of by whoever needs the lease.
    if (this.#onTheirWay < ON_THEIR_WAY) this.#ask().catch(() => {});
  }

  /** A question is a write: where news can be read, the store is told of it only when somebody waits for that. */
  #wake(isAwaited: boolean): void {
    void this.#overhear();
    if (isAwaited) void this.#follow();
  }

  /** Reads the news, where they can be read without a question: the sooner they are known, the sooner what has ended is refused. No lease rests on it. */
  #overhear(): Promise<void> {
    this.#isUnheard = true;
    return (this.#overhearing ??= this.#readNews().finally(() => (this.#overhearing = null)));
  }

  async #readNews(): Promise<void> {
    const { feed, follower } = this.#parts;
    while (this.#isUnheard) {
      this.#isUnheard = false;
      const from = follower.copy.head;
      const page = feed.since === undefined ? null : await Promise.resolve(feed.since(from)).catch(() => null);
      // Entries about keys count as read when the keys have been: a question sees to that.
      if (page?.entries.some(isAboutKeys) === true) void this.#follow();
      else if (page !== null) follower.overhear({ ...page, from });
    }
  }

  /** Asks until there is nothing new: so that the store knows, too, what has been applied here. */
  async #follow(): Promise<void> {
    this.#hasNews = true;
    if (this.#following) return;
    this.#following = true;
    while (this.#hasNews) {
      this.#hasNews = false;
      // Then the question can say already that the news have been applied.
      await this.#overhear();
      const { head } = this.#parts.follower.copy;
      await this.read().catch(() => {});
      this.#hasNews ||= this.#parts.follower.copy.head !== head;
      if (this.#hasNews) await pause(this.#parts.clock, BETWEEN_NEWS);
    }
    this.#following = false;
  }

  #ask(): Promise<void> {
    this.#onTheirWay += 1;
    const asking = this.#askUntilAnswered().finally(() => {
      this.#onTheirWay -= 1;
      if (this.#asking === asking) this.#asking = null;
    });
    this.#asking = asking;
    return asking;
  }

  async #askUntilAnswered(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const heard = await this.#askOnce();
      if (ANSWERED.has(heard) && !(await this.#parts.reader.settle())) return;
    }
    throw new StoreUnavailable(new Error("the clocks of this machine disagree again and again"));
  }

  async #askOnce(): Promise<Heard> {
    const { feed, follower, reader, clock, holder } = this.#parts;
    const question = follower.ask();
    const { from, position } = question;
    const hold = { holder, from, mark: from === 0 ? "" : position.mark, lease: this.#lease };
    const page = await feed.confirm(hold, clock.now());
    const now = page.storeClock ?? clock.now();
    if (page.lease !== undefined) this.#goBy(page.lease);
    const answer = { ...page, from: question.from, lease: this.#lease, now, age: 0 as Milliseconds };
    return this.#heard(question, now, await reader.withKeys(page, () => follower.hear(question, answer)));
  }

  /** The lessor gives leases of another length: the heartbeat goes with them. */
  #goBy(lease: Milliseconds): void {
    if (lease === this.#lease) return;
    this.#lease = lease;
    if (this.#stops.length > 0) this.#beatEvery(lease);
  }

  #heard(question: Question, storeClock: Instant, heard: Heard): Heard {
    if (heard === "rolled_back") this.#parts.reader.lost(question.position.head);
    if (heard === "renewed") this.#isApart = false;
    if (heard !== "clocks_apart") return heard;
    this.#isApart = true;
    this.#complain();
    throw new ClocksApart(storeClock);
  }

  #complain(): void {
    const { clock, log } = this.#parts;
    const now = clock.now();
    if (Math.abs(now - this.#complainedAt) < COMPLAIN_EVERY) return;
    this.#complainedAt = now;
    log.error("clocks_apart", { mend: "this machine's clock and the store's are minutes apart: set them (NTP)" });
  }
}
