import type { Seq } from "../core/ids.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Clock, Log } from "../core/ports.ts";
import { duration, instant } from "../core/time.ts";
import type { Milliseconds } from "../core/time.ts";
import type { MachineClocks } from "../revocation/elapsed.ts";
import { Follower } from "../revocation/follower.ts";
import { forgettingTime } from "../revocation/forgetting.ts";
import { Leasing } from "../revocation/leasing.ts";
import { LogCopy } from "../revocation/log-copy.ts";
import { LogReader } from "../revocation/reader.ts";
import type { Standing } from "../revocation/table.ts";
import type { HttpFeed } from "./feed.ts";

export interface RemoteLogParts {
  readonly feed: HttpFeed;
  readonly name: string;
  readonly clock: Clock;
  readonly clocks: MachineClocks;
  readonly log: Log;
  readonly readKeys: () => Promise<void>;
}

/** Until the issuer has said how long its leases are. */
const FIRST_BOUND = duration("5s");
const FORGET_EVERY = duration("1m");
/** How long entries are kept when they can hit nothing any more, for the case that a clock says so wrongly. */
const KEEP_EXPIRED = duration("10m");
const COMPLAIN_EVERY = duration("1m");

/** What this process knows of the issuer's log, and for how long it may decide by it. The very files run here that run beside the store. */
export class RemoteLog {
  readonly #parts: RemoteLogParts;
  readonly #copy = new LogCopy();
  readonly #leasing: Leasing;
  #stopForgetting = (): void => {};
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: RemoteLogParts) {
    const { feed, name, clock, clocks, log, readKeys } = parts;
    const copy = this.#copy;
    this.#parts = parts;
    this.#leasing = new Leasing({
      ...{ feed, clock, log, bound: FIRST_BOUND, holder: name },
      follower: new Follower(clocks, copy),
      reader: new LogReader({ feed, copy, clock, log, readKeys }),
    });
  }

  /** Begins to ask, and never fails: an issuer that is not there yet is asked again. */
  start(): void {
    const { clock } = this.#parts;
    const forgetting = forgettingTime(clock.now(), FORGET_EVERY);
    this.#stopForgetting = clock.every(FORGET_EVERY, () => this.#copy.table.prune(instant(forgetting(clock.now()) - KEEP_EXPIRED)));
    void this.#leasing.start();
    this.#leasing.read().catch(() => {}); // the next heartbeat asks again
  }

  close(): void {
    this.#stopForgetting();
    this.#leasing.stop();
  }

  get head(): Seq {
    return this.#copy.head;
  }

  /** Milliseconds for which this process may decide from memory; 0 or less: it may not. */
  left(): number {
    return this.#leasing.left();
  }

  /** Whether this machine's clock and the issuer's are minutes apart: then what this one says of a token's times is nothing to go by. */
  get isApart(): boolean {
    return this.#leasing.isApart;
  }

  /** How long ago the question was sent that all this rests on, in milliseconds; infinite if none was answered, or if the clocks are in doubt. */
  age(): number {
    return this.#leasing.lease - this.left();
  }

  /** Asks the issuer unless memory is fresh. @throws {store_unavailable} */
  sync(): MaybePromise<void> {
    return this.#leasing.sync();
  }

  keyRevoked(kid: string): boolean {
    return this.#copy.table.keyRevoked(kid);
  }

  ended(of: Standing): boolean {
    return this.#copy.table.ended(of);
  }

  stale(of: Standing): boolean {
    return this.#copy.table.stale(of);
  }

  /** An authentic token was made at this position. Whether the log has got there is asked, and if it has not, the issuer's store lost writes. @throws {store_unavailable} */
  async reaches(position: Seq): Promise<boolean> {
    await this.#leasing.read();
    if (position <= this.head) return true;
    const { clock, log } = this.#parts;
    if (clock.now() - this.#complainedAt >= COMPLAIN_EVERY) {
      this.#complainedAt = clock.now();
      log.error("token_ahead", {
        head: this.head,
        seen: position,
        mend: "the issuer's store lost writes it had acknowledged: look for a restore or a fail-over",
      });
    }
    return false;
  }

  /** How long a lease is. */
  get lease(): Milliseconds {
    return this.#leasing.lease;
  }
}
