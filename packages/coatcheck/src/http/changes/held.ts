import { CoatcheckError } from "../../core/errors.ts";
import type { ClientId } from "../../core/ids.ts";
import type { Cell } from "../../observe/metrics.ts";

/** How many requests of one client may be held open at once: waiting, or as a stream. */
const HELD_AT_MOST = 32;

/** One request that is held open. */
export interface Held {
  /** Aborted when the process shuts down. */
  readonly signal: AbortSignal;
  /** It is held no more. To be called once it has ended, however it did. */
  release(): void;
}

/** The requests that this process holds open: bounded for each client, and ended together. */
export class HeldRequests {
  readonly #byClient = new Map<ClientId, number>();
  readonly #closing = new AbortController();
  readonly #open: Cell;

  /** @param open counts them. */
  constructor(open: Cell) {
    this.#open = open;
  }

  /** @throws {too_many_requests} */
  hold(client: ClientId): Held {
    const held = this.#byClient.get(client) ?? 0;
    if (held >= HELD_AT_MOST)
      throw new CoatcheckError("too_many_requests", {
        detail: `This client has ${HELD_AT_MOST} requests open here that wait for changes. Ask without waiting, or close one.`,
        retryAfter: 1,
      });
    this.#count(client, held + 1);
    let isHeld = true;
    return {
      signal: this.#closing.signal,
      release: () => {
        if (isHeld) this.#count(client, (this.#byClient.get(client) ?? 1) - 1);
        isHeld = false;
      },
    };
  }

  /** Ends them all, and each that comes after. */
  close(): void {
    this.#closing.abort();
  }

  #count(client: ClientId, held: number): void {
    this.#open.value += held - (this.#byClient.get(client) ?? 0);
    if (held === 0) this.#byClient.delete(client);
    else this.#byClient.set(client, held);
  }
}
