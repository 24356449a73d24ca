import type { LogKind } from "../../core/ports.ts";
import { seq } from "../../core/ids.ts";
import { instant } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";
import type { Answer, Question } from "../../revocation/follower.ts";
import { LeaseHolders } from "../../revocation/holders.ts";
import { leaseFor } from "../../revocation/lease.ts";
import { mint } from "./credentials.ts";
import type { Credential } from "./credentials.ts";
import { dice } from "./dice.ts";
import type { Dice } from "./dice.ts";
import { drawHardware, drawWeather } from "./faults.ts";
import { Ledger } from "./ledger.ts";
import type { End } from "./ledger.ts";
import { Machine } from "./machine.ts";
import { Way } from "./network.ts";
import { Process } from "./process.ts";
import { StoreOfRecord } from "./store.ts";
import { Timeline } from "./timeline.ts";

/** One run, from one seed. */
export interface Schedule {
  readonly seed: number;
  /** The promise that is held against every decision, in milliseconds. Default: 5000. */
  readonly bound?: number;
}

export interface Outcome {
  readonly seed: number;
  readonly accepted: number;
  /** The longest that anything was accepted after its end had been acknowledged, in milliseconds. */
  readonly worst: number;
  /** What broke a promise; empty if none did. */
  readonly violations: readonly string[];
}

const PROCESSES = 3;
/** Five questions fit into a lease. */
const HEARTBEATS = 5;
/** How many credentials are in use at a time; short-lived, so that they end in all ways within one run. */
const IN_USE = 12;
const ACCESS_TTL = 15_000 as Milliseconds;

/** Which share of what is ended is ended how. */
const KINDS: readonly LogKind[] = [
  ...Array<LogKind>(10).fill("sid"),
  ...Array<LogKind>(4).fill("user"),
  ...(["client", "key", "global", "invalidate-sid", "invalidate-user", "invalidate-user"] as const),
];

/**
 * Runs the shipped log, lease and table on machines that pause, sleep and have wrong clocks, over a network that loses, delays, doubles and cuts, on a
 * store that fails over and is put back, and says whether anything was accepted that should not have been.
 */
export function simulate({ seed, bound = 5_000 }: Schedule): Outcome {
  const world = new World(dice(seed), bound);
  world.run();
  const { accepted, worst, violations } = world.ledger;
  return { seed, accepted, worst, violations };
}

class World {
  readonly ledger: Ledger;
  readonly #dice: Dice;
  readonly #bound: number;
  readonly #lease: Milliseconds;
  readonly #timeline = new Timeline();
  readonly #mendedAt: number;
  readonly #hub: Machine;
  readonly #store: StoreOfRecord;
  readonly #ways: Way[] = [];
  readonly #processes: Process[] = [];
  #holders: LeaseHolders;
  #inUse: Credential[] = [];
  #keys = 2;

  constructor(random: Dice, bound: number) {
    this.#dice = random;
    this.#bound = bound;
    this.ledger = new Ledger(bound);
    this.#lease = leaseFor(bound as Milliseconds);
    // A few runs are so long that what has ended is forgotten again on the way.
    this.#mendedAt = random.chance(0.03) ? 400_000 : 25_000;
    this.#hub = new Machine(this.#timeline, drawHardware(random, this.#mendedAt));
    this.#store = new StoreOfRecord(this.#timeline, this.#hub, ACCESS_TTL);
    this.#holders = new LeaseHolders(this.#hub, this.#lease);
    for (let name = 0; name < PROCESSES; name += 1) this.#ways.push(new Way(this.#timeline, random, drawWeather(random, this.#mendedAt)));
    for (let name = 0; name < PROCESSES; name += 1) this.#processes.push(this.#start(name));
  }

  run(): void {
    const pace = this.#mendedAt > 100_000 ? 8 : 1;
    this.#repeat(100 * pace, () => this.#logIn());
    this.#repeat(1_000 * pace, () => this.#end());
    this.#repeat(25 * pace, () => this.#check());
    this.#repeat(30_000, () => this.#restart());
    this.#repeat(40_000, () => this.#failOver());
    this.#repeat(60_000, () => this.#restore());
    this.#repeat(5_000, () => this.#store.prune());
    this.#timeline.runUntil(this.#mendedAt + (2 * this.#bound) / HEARTBEATS + 200);
    for (const process of this.#processes)
      if (!process.holdsLease) this.ledger.violations.push("no lease two heartbeats after all was mended");
  }

  #start(name: number): Process {
    return new Process({
      timeline: this.#timeline,
      machine: new Machine(this.#timeline, drawHardware(this.#dice, this.#mendedAt)),
      heartbeat: this.#bound / HEARTBEATS,
      send: (question, answered) => this.#ask(name, question, answered),
      decided: (credential, decision) => {
        if (decision === "accepted") this.ledger.accept(credential, this.#processes[name] as Process, this.#timeline.now);
      },
      rolledBack: () => this.#store.raiseEpoch(),
    });
  }

  /** The hub reads the log after the question has arrived, and answers over the same bad way. */
  #ask(name: number, question: Question, answered: (answer: Answer) => void): void {
    const way = this.#ways[name] as Way;
    const askedAt = this.#timeline.now;
    way.send(() =>
      this.#timeline.at(this.#hub.awakeAt(this.#timeline.now), () => {
        const page = this.#store.since(question.from);
        const isKnown = page.fromMark === question.position.mark;
        this.#holders.asked(`process ${name}`, isKnown ? question.from : seq(0), this.#lease);
        const now = instant(this.#hub.wall());
        way.send(() => answered({ ...page, from: question.from, lease: this.#lease, now, age: 0 as Milliseconds }));
        const isFresh = this.#timeline.now - askedAt < 3;
        if (this.#dice.chance(isFresh ? 0.3 : 0.03)) this.#strike(name, way);
      }),
    );
  }

  /** The worst moment: something ends right after it was said that nothing had, nothing arrives any more, and it is shown until the last moment. */
  #strike(name: number, way: Way): void {
    const { now } = this.#timeline;
    const until = now + this.#bound + 100;
    const victim = this.#dice.pick(this.#inUse);
    if (victim === undefined || until > this.#mendedAt) return;
    way.cut({ from: now + 20, to: until });
    this.#endOne(victim);
    for (let at = now + this.#lease - 20; at < until; at += 1) this.#timeline.at(at, () => this.#processes[name]?.check(victim));
  }

  #logIn(): void {
    const { now } = this.#timeline;
    const wall = this.#hub.wall();
    const isUseful = (it: Credential): boolean => it.exp > wall - 10_000;
    this.#inUse = this.#inUse.filter(isUseful);
    if (this.#inUse.length >= IN_USE) this.#inUse.shift();
    const kid = `key ${this.#keys - this.#dice.pick([0, 1])}`;
    const credential = mint(this.#dice, kid, this.#store.head, wall + ACCESS_TTL);
    this.#timeline.at(now + this.#dice.between(0, 30), () => this.#inUse.push(credential));
  }

  #end(): void {
    if (this.#inUse.length > 0) this.#endOne(this.#dice.pick(this.#inUse));
  }

  #endOne(victim: Credential): void {
    const kind = this.#dice.pick(KINDS);
    const entry = this.#store.append(kind, KEYS[kind](victim));
    if (kind === "key") this.#keys += 1;
    const end: End = { entry, acknowledgedAt: this.#timeline.now + this.#dice.between(0.2, 2), waitedAt: null, lost: false };
    this.ledger.ends.push(end);
    this.#tell(end);
    if (this.#dice.chance(0.5)) this.#wait(end);
  }

  /** News travel at once, if they arrive: nobody relies on it. */
  #tell({ entry }: End): void {
    const page = this.#store.since((entry.seq - 1) as typeof entry.seq);
    for (const [name, process] of this.#processes.entries()) {
      this.#ways[name]?.send(() => process.overhear({ ...page, from: (entry.seq - 1) as typeof entry.seq }));
    }
  }

  #wait(end: End): void {
    this.#timeline.at(this.#hub.awakeAt(this.#timeline.now + 50), () => {
      if (this.#holders.termOf(end.entry.seq) > 0) this.#wait(end);
      else end.waitedAt = Math.max(this.#timeline.now, end.acknowledgedAt);
    });
  }

  #check(): void {
    if (this.#inUse.length > 0) this.#dice.pick(this.#processes).check(this.#dice.pick(this.#inUse));
  }

  #restart(): void {
    const name = Math.floor(this.#dice.between(0, PROCESSES));
    this.#processes[name]?.kill();
    this.#processes[name] = this.#start(name);
  }

  /** With a standby that is in step nothing is lost; with one that lags, what it had not heard. */
  #failOver(): void {
    const { now } = this.#timeline;
    this.#lose(this.#store.failOver(this.#dice.chance(0.5) ? now : now - this.#dice.between(0, 3_000)));
    this.#holders = new LeaseHolders(this.#hub, this.#lease);
  }

  #restore(): void {
    this.#lose(this.#store.restore(Math.max(0, this.#timeline.now - this.#dice.between(0, 10_000))));
    this.#holders = new LeaseHolders(this.#hub, this.#lease);
  }

  #lose(entries: readonly unknown[]): void {
    for (const end of this.ledger.ends) if (entries.includes(end.entry)) end.lost = true;
  }

  /** From time to time, until all is mended. */
  #repeat(mean: number, work: () => void): void {
    const at = this.#timeline.now + this.#dice.wait(mean);
    if (at >= this.#mendedAt) return;
    this.#timeline.at(at, () => {
      work();
      this.#repeat(mean, work);
    });
  }
}

/** Whom an entry of each kind names, to end a certain credential. */
const KEYS: Readonly<Record<LogKind, (credential: Credential) => string>> = {
  sid: ({ sid }) => sid,
  user: ({ userId }) => userId,
  client: ({ clientId }) => clientId,
  key: ({ kid }) => kid,
  global: () => "",
  "invalidate-sid": ({ sid }) => sid,
  "invalidate-user": ({ userId }) => userId,
  "invalidate-keys": () => "",
  "invalidate-all": () => "",
};
