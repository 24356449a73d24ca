import { Activity } from "../../src/carriers/activity.ts";
import { KnownSessions } from "../../src/carriers/cookie/known.ts";
import type { KnownParts } from "../../src/carriers/cookie/known.ts";
import type { KnownSession } from "../../src/carriers/cookie/known-session.ts";
import { newRecord } from "../../src/carriers/record.ts";
import type { Sid, UserId } from "../../src/core/ids.ts";
import { isPromise } from "../../src/core/maybe.ts";
import type { MaybePromise } from "../../src/core/maybe.ts";
import type { Store } from "../../src/core/ports.ts";
import type { Found } from "../../src/core/session.ts";
import { duration } from "../../src/core/time.ts";
import type { Instant } from "../../src/core/time.ts";
import type { UserView } from "../../src/core/users.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { Revocations } from "../../src/revocation/revocations.ts";
import { systemRandom } from "../../src/server/random.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { dice } from "../../src/testing/simulator/dice.ts";
import type { Dice } from "../../src/testing/simulator/dice.ts";
import { HandClocks } from "../revocation/clocks.ts";
import { SILENT } from "../support/engine.ts";

// The cache of sessions, the log and a store, whose reads take as long as the dice say: each read looks into the store at one moment and arrives at a later one,
// and anything may happen before, between and after. Nobody may be told what was true before they asked, and what stays in memory must be true.

/** What the cache under trial offers. */
export interface Cache {
  get(sid: Sid, now: Instant): KnownSession | null;
  read(sid: Sid, now: Instant): MaybePromise<KnownSession | null>;
}

export interface CacheParts extends KnownParts {
  readonly revocations: Revocations;
}

export type MakeCache = (parts: CacheParts) => Cache;

export interface Interleavings {
  readonly runs: number;
  readonly checks: number;
  /** How often a read arrived after something had changed since it looked. */
  readonly late: number;
  readonly faults: readonly string[];
}

const RUNS_IN_A_WORLD = 200;
const STEPS = 10;
const USER = "ann" as UserId;

export async function interleave(
  runs: number,
  seed: number,
  make: MakeCache = (parts) => new KnownSessions(parts),
): Promise<Interleavings> {
  const total = { runs, checks: 0, late: 0, faults: [] as string[] };
  let world: World | null = null;
  for (let run = 0; run < runs; run++) {
    if (run % RUNS_IN_A_WORLD === 0) world = await World.open(make);
    const trial = new Trial(world as World, dice(seed + run));
    const faults = await trial.run();
    total.checks += trial.checks;
    total.late += trial.late;
    for (const fault of faults) total.faults.push(`${fault} (seed ${seed + run})`);
  }
  return total;
}

/** How far each thing has come that can be read of the session: none of them ever goes back. */
interface Truth {
  secret: number;
  roles: number;
  isEnded: number;
}

/** A read that has not arrived. */
interface Pending {
  /** Looks into the store; then {@link deliver} hands over what was there. */
  look(): void;
  deliver: (() => void) | null;
  version: number;
}

/** One process on one store, for some runs. */
class World {
  readonly clock = fakeClock();
  readonly store: Store = memory();
  pending: Pending[] = [];
  roles = 0;
  /** Counts whatever changes in the store. */
  version = 0;
  readonly cache: Cache;
  readonly revocations: Revocations;

  private constructor(make: MakeCache) {
    const { store, clock } = this;
    const clocks = new HandClocks();
    this.revocations = new Revocations({ feed: store.feed, clock, clocks, log: SILENT, holder: "one" });
    const sessions = { ...store.sessions, find: (sid: Sid) => this.#slowly(() => store.sessions.find(sid) as Found | null) };
    const users = { get: (id: string) => this.#slowly((): UserView => ({ id, roles: [String(this.roles)], disabled: false })) };
    const lifetime = { idle: duration("7d"), absolute: duration("30d") };
    const activity = new Activity(store.sessions, lifetime, SILENT);
    this.cache = make({ sessions, users, claims: {}, revocations: this.revocations, activity, maxAge: duration("5m") });
  }

  static async open(make: MakeCache): Promise<World> {
    const world = new World(make);
    await world.store.open();
    await world.revocations.open();
    return world;
  }

  #slowly<T>(read: () => T): Promise<T> {
    return new Promise((resolve) => {
      const pending: Pending = {
        version: 0,
        deliver: null,
        look: () => {
          const seen = read();
          pending.version = this.version;
          pending.deliver = () => resolve(seen);
        },
      };
      this.pending.push(pending);
    });
  }
}

/** One session, some who ask for it, and what happens to it meanwhile. */
class Trial {
  readonly #world: World;
  readonly #dice: Dice;
  readonly #truth: Truth;
  readonly #faults: string[] = [];
  readonly #asking: Promise<void>[] = [];
  #sid = "" as Sid;
  checks = 0;
  late = 0;

  constructor(world: World, rolls: Dice) {
    this.#world = world;
    this.#dice = rolls;
    this.#truth = { secret: 0, roles: world.roles, isEnded: 0 };
  }

  async run(): Promise<readonly string[]> {
    await this.#logIn();
    for (let step = 0; step < STEPS; step++) {
      this.#step();
      await settled();
    }
    while (this.#world.pending.length > 0) {
      this.#readOn();
      await settled();
    }
    await Promise.all(this.#asking);
    // Nothing is on its way any more: what is in memory now stays there.
    const { cache, clock, revocations } = this.#world;
    await revocations.sync();
    const kept = cache.get(this.#sid, clock.now());
    if (kept !== null) this.#compare(kept, this.#truth, "stays");
    return this.#faults;
  }

  async #logIn(): Promise<void> {
    const { store, clock, revocations } = this.#world;
    const [now, amr] = [clock.now(), ["pwd"]];
    const device = { label: "", userAgent: "", ip: "" };
    const deadlines = { expiresAt: (now + 2e9) as Instant, idleExpiresAt: (now + 1e9) as Instant };
    const login = { userId: USER, rsq: revocations.head, amr, device, data: null };
    const carried = { carrier: "cookie", secretHash: sha256("0") } as const;
    await revocations.sync();
    const { session } = await store.sessions.start(
      newRecord({ random: systemRandom }, { ...login, rsq: revocations.head }, carried, deadlines, now),
      null,
      now,
    );
    this.#sid = session.sid;
  }

  #step(): void {
    const choice = this.#dice.roll();
    if (choice < 0.35) this.#asking.push(this.#ask());
    else if (choice < 0.7) this.#readOn();
    else this.#dice.pick([this.#renew, this.#change, this.#end, this.#invalidateAll]).call(this);
  }

  /** Some read looks into the store, or arrives. */
  #readOn(): void {
    const { pending } = this.#world;
    if (pending.length === 0) return;
    const one = this.#dice.pick(pending);
    if (one.deliver === null) return one.look();
    this.#world.pending = pending.filter((it) => it !== one);
    if (one.version !== this.#world.version) this.late += 1;
    one.deliver();
  }

  async #ask(): Promise<void> {
    const { cache, clock, revocations } = this.#world;
    this.checks += 1;
    const before = { ...this.#truth };
    const synced = revocations.sync();
    if (isPromise(synced)) await synced;
    const known = cache.get(this.#sid, clock.now()) ?? (await cache.read(this.#sid, clock.now()));
    if (known === null) this.#faults.push("somebody was told that there is no such session");
    else this.#compare(known, before, "is told");
  }

  /** Whatever is known of it must be no older than this. */
  #compare(known: KnownSession, truth: Truth, what: "is told" | "stays"): void {
    const { who } = known;
    if (who.kind === "ended") return;
    const roles = who.kind === "user" ? Number(who.roles[0]) : -1;
    const wrong = truth.isEnded > 0 ? "ended" : roles < truth.roles ? "roles" : this.#secretOf(known) < truth.secret ? "secret" : null;
    if (wrong !== null) this.#faults.push(`what ${what} is older than the last change: ${wrong}`);
  }

  #secretOf(known: KnownSession): number {
    for (let nth = this.#truth.secret; nth >= 0; nth--) if (known.isOpenedBy(sha256(String(nth)))) return nth;
    return -1;
  }

  #renew(): void {
    const { store, clock } = this.#world;
    const now = clock.now();
    const secretHash = sha256(String(this.#truth.secret + 1));
    const renewal = { secretHash, authTime: now, amr: ["pwd"], lastSeenAt: now, idleExpiresAt: (now + 1e9) as Instant };
    if (store.sessions.renew(this.#sid, renewal) !== null) this.#truth.secret += 1;
    this.#world.version += 1;
  }

  #change(): void {
    this.#truth.roles = this.#world.roles += 1;
    void this.#world.store.feed.append("invalidate-user", USER, this.#world.clock.now());
    this.#world.version += 1;
  }

  #end(): void {
    void this.#world.store.sessions.end({ sid: this.#sid }, this.#world.clock.now());
    this.#truth.isEnded = 1;
    this.#world.version += 1;
  }

  #invalidateAll(): void {
    void this.#world.store.feed.append("invalidate-all", "", this.#world.clock.now());
    this.#world.version += 1;
  }
}

/** Everything that can go on has gone on: no chain of promises here is longer. */
async function settled(): Promise<void> {
  for (let hop = 0; hop < 16; hop++) await Promise.resolve();
}
