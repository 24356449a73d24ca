import type { ClientId, Seq } from "../../core/ids.ts";
import type { Clock, Confirmed, Feed, Log } from "../../core/ports.ts";
import { duration } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";
import type { Metrics } from "../../observe/metrics.ts";
import { leaseFor } from "../../revocation/lease.ts";
import { Wakes } from "../../revocation/wakes.ts";
import { HeldRequests } from "./held.ts";

/** Who asks, and what it knows. */
export interface Asker {
  readonly client: ClientId;
  /** Which of the processes that share the client's credentials, if it says so. */
  readonly verifier: string | undefined;
  readonly from: Seq;
  /** The mark that came with that position, if it says so. */
  readonly mark: string | undefined;
}

export interface ChangeFeedParts {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly bound: Milliseconds;
}

/** How often it is said that somebody has read what the log does not hold. */
const ALARM_EVERY = duration("1m");

/** The log, as services without the store read it. */
export class ChangeFeed {
  readonly wakes: Wakes;
  readonly held: HeldRequests;
  readonly lease: Milliseconds;
  readonly #parts: ChangeFeedParts;
  #alarmedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ChangeFeedParts) {
    this.#parts = parts;
    this.wakes = new Wakes(parts.feed);
    this.held = new HeldRequests(parts.metrics.changeStreams.cell());
    this.lease = leaseFor(parts.bound);
  }

  /**
   * Notes that this process may be deciding from memory, and then reads what is new for it; straight from the store. Where many may be meant by one name, what
   * one of them has applied says nothing of the others: they are noted as having applied nothing. So is who doesn't show the mark of its position.
   * @throws {store_unavailable}
   */
  async confirm({ client, verifier, from, mark = "" }: Asker): Promise<Confirmed> {
    const { feed, clock } = this.#parts;
    const who = verifier === undefined ? { holder: `client ${client}`, mark: "" } : { holder: `client ${client} ${verifier}`, mark };
    return feed.confirm({ ...who, from, lease: this.lease }, clock.now());
  }

  /** A client knows a position that the log doesn't have. The store may have lost writes; but one client's word is no proof of it, so nothing is done but this. */
  alarm(client: ClientId, from: Seq, head: Seq): void {
    const { clock, log } = this.#parts;
    if (clock.now() - this.#alarmedAt < ALARM_EVERY) return;
    this.#alarmedAt = clock.now();
    log.error("position_lost", {
      ...{ clientId: client, from, head },
      mend: "a verifier has read what the store doesn't hold: look for a restore or a fail-over, or for a client that makes positions up",
    });
  }

  /** Ends what is held open: before the process stops to answer. */
  close(): void {
    this.held.close();
  }
}
