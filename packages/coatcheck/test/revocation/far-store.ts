import { StoreUnavailable } from "../../src/core/errors.ts";
import { seq } from "../../src/core/ids.ts";
import type { ClientId, Sid, UserId } from "../../src/core/ids.ts";
import type { MaybePromise } from "../../src/core/maybe.ts";
import type { Log, LogKind, Store, Wake } from "../../src/core/ports.ts";
import { duration, instant } from "../../src/core/time.ts";
import { Revocations } from "../../src/revocation/revocations.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";
import { HandClocks } from "./clocks.ts";

export const standing = { sid: "s" as Sid, userId: "u" as UserId, clientId: "c" as ClientId, rsq: seq(0) };
export const BOUND = duration("5s");
/** What the bound leaves of the lease for a clock that is slow. */
export const LEASE = 4_995;

/** A store that nobody can ask before each decision, and that the test cuts off, holds up and puts back. */
class FarStore {
  readonly #store: Store = memory();
  readonly confirms: number[] = [];
  down = false;
  storeClock: () => number | null = () => null;
  held: (() => void)[] | null = null;
  #wake: Wake = () => {};

  async open(): Promise<this> {
    await this.#store.open();
    return this;
  }

  append(kind: LogKind = "sid", key = "s"): void {
    void this.#store.feed.append(kind, key, instant(1_800_000_000_000));
  }

  news(isAwaited = false): void {
    this.#wake(isAwaited);
  }

  feed(): Store["feed"] {
    const { feed } = this.#store;
    return {
      ...feed,
      moved: null,
      listen: (wake) => {
        this.#wake = wake;
        return () => (this.#wake = () => {});
      },
      confirm: async (hold, now) => {
        this.confirms.push(hold.from);
        if (this.down) throw new StoreUnavailable("down");
        const page = await feed.confirm(hold, now);
        if (this.held !== null) await new Promise<void>((go) => this.held?.push(go));
        return { ...page, storeClock: this.storeClock() as never };
      },
    };
  }
}

export async function setUp(readKeys: () => MaybePromise<void> = () => undefined) {
  const store = await new FarStore().open();
  const clocks = new HandClocks();
  const clock = fakeClock(instant(clocks.wall()));
  const said: string[] = [];
  const log: Log = { info: () => {}, warn: () => {}, error: (event) => void said.push(event) };
  const parts = { feed: store.feed(), clock, clocks, log, bound: BOUND, holder: "node one", readKeys };
  const revocations = new Revocations(parts);
  /** Time passes for every clock. */
  const pass = (ms: number): void => {
    clocks.pass(ms);
    clock.advance(ms);
  };
  const lives = (): MaybePromise<boolean> => revocations.decide(() => !revocations.ended(standing));
  return { store, clock, clocks, said, revocations, pass, lives };
}

/** Lets everything go on that waits for nothing but its turn. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
