import type { Seq } from "../core/ids.ts";
import { seq } from "../core/ids.ts";
import type { Instant, Milliseconds } from "../core/time.ts";
import { duration, instant } from "../core/time.ts";
import { Elapsed } from "./elapsed.ts";
import type { MachineClocks } from "./elapsed.ts";
import { Lease } from "./lease.ts";
import type { Attempt } from "./lease.ts";
import type { LogCopy, LogPosition, LogRange } from "./log-copy.ts";

/** How far a process's wall clock and the store's may be apart. The store keeps what has expired for twice as long. */
export const CLOCKS_APART: Milliseconds = duration("5m");

/** "What is new since `from`, and what is the head now?" */
export interface Question {
  /** Where this process's copy ends, or 0 for everything. */
  readonly from: Seq;
  readonly position: LogPosition;
  readonly attempt: Attempt;
  readonly askedAt: Instant;
}

/** The answer of the store of record, read after the question had reached it. */
export interface Answer extends LogRange {
  /** How long whoever asked may decide from memory. */
  readonly lease: Milliseconds;
  /** The store's wall clock. */
  readonly now: Instant;
  /** How old the answer was when it was given: 0 from the store of record itself. */
  readonly age: Milliseconds;
}

/**
 * What an answer did.
 * - `renewed`: the lease holds for as long as the answer says, from when the question was sent.
 * - `again`: everything has to be read from the start; ask at once.
 * - `rolled_back`: likewise, and the store has lost writes: sound the alarm.
 * - `doubted`: the clocks disagreed while the answer was on its way; ask again.
 * - `late`: a later question has been answered already; this one says nothing more.
 * - `clocks_apart`: this machine's wall clock, or the store's, is wrong; no lease until it is set. All that the store has is known to whoever asked.
 */
export type Heard = "renewed" | "again" | "rolled_back" | "doubted" | "late" | "clocks_apart";

/**
 * Follows the log from afar and knows how long what it knows may be relied on. Does no I/O: somebody carries its questions to the store and
 * the answers back, late, twice, out of order or never; none of that makes it rely on what it doesn't know.
 */
export class Follower {
  readonly copy: LogCopy;
  readonly #clocks: MachineClocks;
  readonly #elapsed: Elapsed;
  readonly #lease: Lease;
  /** While the clocks are apart: how long the latest answer is fresh, to those who asked for it and to nobody else. */
  readonly #answer: Lease;
  /** How many doubts had been cast when the whole log was last read. A clock that was wrong may have forgotten entries before their time. */
  #readAt = -1;
  /** When the latest question was sent that has been answered. */
  #heardUpTo = Number.NEGATIVE_INFINITY;

  constructor(clocks: MachineClocks, copy: LogCopy) {
    this.copy = copy;
    this.#clocks = clocks;
    this.#elapsed = new Elapsed(clocks);
    this.#lease = new Lease(this.#elapsed);
    this.#answer = new Lease(this.#elapsed);
  }

  /** Milliseconds for which this process may still decide from memory; 0 or less: ask first. */
  left(): number {
    return this.#lease.left();
  }

  /** Milliseconds for which the answer that found the clocks apart is fresh; 0 or less: it came too late. */
  leftApart(): number {
    return this.#answer.left();
  }

  /** To be called immediately before the question is sent. */
  ask(): Question {
    this.#elapsed.beat();
    const attempt = this.#lease.begin();
    const { position } = this.copy;
    return { from: this.#readAt === attempt.doubts ? position.head : seq(0), position, attempt, askedAt: instant(this.#clocks.wall()) };
  }

  hear(question: Question, answer: Answer): Heard {
    if (question.attempt.sentAt < this.#heardUpTo) return "late";
    this.#heardUpTo = question.attempt.sentAt;
    const taken = this.copy.take(answer, question.position);
    if (taken === "elsewhere") return this.#startOver("again");
    if (taken === "rolled_back") return this.#startOver("rolled_back");
    if (answer.from === 0) this.#readAt = question.attempt.doubts;
    if (this.#readAt !== question.attempt.doubts) return "again";
    if (this.#clocksApart(question, answer)) return this.#hearApart(question, answer);
    return this.#lease.renew(question.attempt, answer.lease, answer.age) ? "renewed" : "doubted";
  }

  /** News that nobody asked for: fast, and never a reason to rely on anything. */
  overhear(range: LogRange): void {
    this.copy.overhear(range);
  }

  /** By a wrong clock this process may forget too early at any time: so it reads everything, each time. */
  #hearApart({ attempt }: Question, { from, lease, age }: Answer): Heard {
    this.#readAt = -1;
    if (from !== 0) return "again";
    return this.#answer.renew(attempt, lease, age) ? "clocks_apart" : "doubted";
  }

  #startOver(heard: Heard): Heard {
    this.#lease.drop();
    this.#readAt = -1;
    return heard;
  }

  /** The store's clock was read at some moment between the question and now. */
  #clocksApart({ askedAt }: Question, { now }: Answer): boolean {
    return now < askedAt - CLOCKS_APART || now > this.#clocks.wall() + CLOCKS_APART;
  }
}
