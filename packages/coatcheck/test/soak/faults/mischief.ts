import type { Node } from "../../faults/nodes.ts";
import { pause } from "../../faults/request.ts";
import type { State, Way } from "../../faults/way.ts";
import type { Dice } from "../../../src/testing/simulator/dice.ts";
import type { World } from "./world.ts";

/** What is spoiled for a while, and then mended. */
interface Fault {
  readonly name: string;
  /** Nothing is spoiled in two ways at once. */
  readonly victim: object;
  readonly ms: number;
  spoil(): Promise<void> | void;
  mend(): Promise<void> | void;
}

/** How long a process stands still at most, and how long a way is spoiled. */
const STANDS_STILL = 60_000;
const SPOILED = 12_000;
const SPOILT: readonly State[] = ["stalled", "deaf", "cut", "slow"];
/** How long a process may take to be back. */
const BACK_WITHIN = 180_000;

type Kind = (world: World, dice: Dice) => Fault;

/** What is named more often is done more often. */
const KINDS: readonly Kind[] = [
  ...[spoiledWay, spoiledWay, spoiledWay, stopped, stopped, stopped, stopped, killed, killed],
  ...[spoiledFront, deadDatabase, lostDatabase],
];

/** Spoils one thing after the other, as the dice say. Several of them at once are several hands. */
export class Mischief {
  readonly #world: World;
  readonly #busy = new Map<object, string>();
  readonly #counts = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** What is spoiled at the moment. */
  get now(): readonly string[] {
    return [...this.#busy.values()];
  }

  /** How often each kind of thing was done. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Everything that it has spoiled is mended when it resolves. */
  async hand(dice: Dice, until: number): Promise<void> {
    while (performance.now() < until) {
      const fault = dice.pick(KINDS)(this.#world, dice);
      if (!this.#busy.has(fault.victim)) await this.#commit(fault, until);
      await pause(dice.between(100, 1_500));
    }
  }

  /** Keeps the database from being spoiled besides by hands. */
  async withDatabase<T>(name: string, act: () => Promise<T>): Promise<T> {
    while (this.#busy.has(this.#world.primary)) await pause(50);
    this.#busy.set(this.#world.primary, name);
    const done = await act();
    this.#busy.delete(this.#world.primary);
    return done;
  }

  async #commit({ name, victim, ms, spoil, mend }: Fault, until: number): Promise<void> {
    this.#busy.set(victim, name);
    const kind = name.replaceAll(/ \d+/g, "");
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    await spoil();
    await pause(Math.max(0, Math.min(ms, until - performance.now())));
    await mend();
    this.#busy.delete(victim);
  }
}

function spoiledWay({ ways }: World, dice: Dice): Fault {
  const nth = Math.floor(dice.between(0, ways.length));
  return spoiled(`the way of node ${nth}`, ways[nth] as Way, dice);
}

function spoiledFront({ front }: World, dice: Dice): Fault {
  return spoiled("the way to the issuer", front, dice);
}

function spoiled(what: string, way: Way, dice: Dice): Fault {
  const state = dice.pick(SPOILT);
  const ms = dice.between(500, SPOILED);
  return { name: `${what} ${state}`, victim: way, ms, spoil: () => way.set(state), mend: () => way.set("open") };
}

/** Short pauses are as likely as long ones. */
function stopped(world: World, dice: Dice): Fault {
  const [name, process] = anyProcess(world, dice);
  return {
    ...{ name: `${name} stopped`, victim: process, ms: STANDS_STILL ** dice.between(0.6, 1) },
    spoil: () => process.signal("SIGSTOP"),
    mend: () => process.signal("SIGCONT"),
  };
}

function killed(world: World, dice: Dice): Fault {
  const [name, process] = anyProcess(world, dice);
  return {
    ...{ name: `${name} killed`, victim: process, ms: dice.between(0, 3_000) },
    async spoil() {
      await process.kill();
      world.traffic.forget(process.url);
    },
    mend: () => backWithin(() => process.start()),
  };
}

function deadDatabase(world: World, dice: Dice): Fault {
  return {
    ...{ name: "the database killed", victim: world.primary, ms: dice.between(500, 3_000) },
    spoil: () => world.current().kill(),
    mend: () => backWithin(() => world.current().start()),
  };
}

function lostDatabase(world: World, dice: Dice): Fault {
  const state = dice.pick(SPOILT);
  return {
    ...{ name: `the database ${state} for everybody`, victim: world.primary, ms: dice.between(500, SPOILED) },
    spoil: () => world.ways.forEach((way) => way.set(state)),
    mend: () => world.ways.forEach((way) => way.set("open")),
  };
}

function anyProcess({ nodes, services }: World, dice: Dice): readonly [string, Node] {
  const isNode = dice.chance(0.5);
  const list = isNode ? nodes : services;
  const nth = Math.floor(dice.between(0, list.length));
  return [`${isNode ? "node" : "verifier"} ${nth}`, list[nth] as Node];
}

/** A process that can't start while the store is away ends, and whoever runs it starts it again. */
async function backWithin(start: () => Promise<void>): Promise<void> {
  for (const until = performance.now() + BACK_WITHIN; ; await pause(500)) {
    try {
      return await start();
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}
