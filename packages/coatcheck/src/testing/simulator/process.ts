import type { LogEntry } from "../../core/ports.ts";
import { instant } from "../../core/time.ts";
import { Follower } from "../../revocation/follower.ts";
import type { Answer, Heard, Question } from "../../revocation/follower.ts";
import { LogCopy } from "../../revocation/log-copy.ts";
import type { LogRange } from "../../revocation/log-copy.ts";
import type { Credential } from "./credentials.ts";
import type { Machine } from "./machine.ts";
import type { Timeline } from "./timeline.ts";

/** What a process does with a request. `unknown` is the 503 of whoever can't know. */
export type Decision = "accepted" | "refused" | "unknown";

const AGAIN: ReadonlySet<Heard> = new Set<Heard>(["again", "rolled_back", "doubted"]);

/** How long a request waits for an answer of the store before it is `unknown`. */
const PATIENCE = 2_000;

/** How long one question stands for all who wait: a storm of requests is no storm of questions. */
const ONE_FOR_ALL = 200;

export interface ProcessParts {
  readonly timeline: Timeline;
  readonly machine: Machine;
  readonly heartbeat: number;
  /** Carries a question to the store, and back whatever answers it. */
  readonly send: (question: Question, answered: (answer: Answer) => void) => void;
  readonly decided: (credential: Credential, decision: Decision) => void;
  readonly rolledBack: () => void;
}

/** A process that checks credentials: the shipped follower, and the loop around it that carries its questions. */
export class Process {
  readonly #parts: ProcessParts;
  readonly #applied = new Set<LogEntry>();
  readonly #copy: LogCopy;
  readonly #follower: Follower;
  #waiting: { readonly credential: Credential; readonly since: number }[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;
  #asked: Question | null = null;
  #dead = false;

  constructor(parts: ProcessParts) {
    this.#parts = parts;
    this.#copy = new LogCopy((entry) => this.#applied.add(entry));
    this.#follower = new Follower(parts.machine, this.#copy);
    this.#beat();
  }

  get holdsLease(): boolean {
    return this.#follower.left() > 0;
  }

  /** Whether this process has been told of that entry. */
  knows(entry: LogEntry): boolean {
    return this.#applied.has(entry);
  }

  check(credential: Credential): void {
    this.#run(() => {
      if (this.#follower.left() > 0) return this.#decide(credential);
      this.#waiting.push({ credential, since: this.#parts.timeline.now });
      if (this.#parts.timeline.now >= this.#askedAt + ONE_FOR_ALL) this.#ask();
    });
  }

  overhear(range: LogRange): void {
    this.#run(() => this.#follower.overhear(range));
  }

  kill(): void {
    this.#dead = true;
  }

  /** Nothing runs while the process or its machine stands still: what comes then waits. */
  #run(work: () => void): void {
    const { timeline, machine } = this.#parts;
    const at = machine.awakeAt(timeline.now);
    if (at > timeline.now) timeline.at(at, () => this.#run(work));
    else if (!this.#dead) work();
  }

  #beat(): void {
    this.#run(() => {
      this.#copy.table.prune(instant(this.#parts.machine.wall()));
      this.#ask();
      this.#giveUp();
      this.#parts.timeline.at(this.#parts.timeline.now + this.#parts.heartbeat, () => this.#beat());
    });
  }

  #ask(): void {
    const question = this.#follower.ask();
    this.#askedAt = this.#parts.timeline.now;
    this.#asked = question;
    this.#parts.send(question, (answer) => this.#run(() => this.#hear(question, answer)));
  }

  #hear(question: Question, answer: Answer): void {
    const heard = this.#follower.hear(question, answer);
    if (heard === "rolled_back") this.#parts.rolledBack();
    if (heard !== "renewed") {
      if (AGAIN.has(heard) && question === this.#asked) this.#ask();
      return;
    }
    for (const { credential } of this.#waiting.splice(0)) this.check(credential);
  }

  #giveUp(): void {
    const since = this.#parts.timeline.now - PATIENCE;
    for (const it of this.#waiting) if (it.since <= since) this.#parts.decided(it.credential, "unknown");
    this.#waiting = this.#waiting.filter((it) => it.since > since);
  }

  /** As the token's check does it: the key, the time, the position, then what has ended and what has changed. */
  #decide(credential: Credential): void {
    const { table, head } = this.#copy;
    const alive =
      this.#parts.machine.wall() < credential.exp &&
      !table.keyRevoked(credential.kid) &&
      credential.rsq <= head &&
      !table.ended(credential) &&
      !table.stale(credential);
    this.#parts.decided(credential, alive ? "accepted" : "refused");
  }
}
