import { seq } from "../core/ids.ts";
import type { Seq } from "../core/ids.ts";
import { pause } from "../core/pause.ts";
import type { Clock, Random } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import type { Milliseconds } from "../core/time.ts";
import type { Issuer } from "./issuer.ts";

/** How long it waits before it connects again: twice as long each time, and a random part of it, so that not all come back at once. */
const FIRST_PAUSE = duration("250ms");
const LONGEST_PAUSE = duration("30s");
/** Three heartbeats of the stream. */
const SILENT_FOR = duration("45s");

export interface NewsParts {
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly random: Random;
}

/** The stream of events, by which this process hears of news sooner than at its next heartbeat. Nothing rests on it. */
export class News {
  readonly #parts: NewsParts;
  #head = seq(0);

  constructor(parts: NewsParts) {
    this.#parts = parts;
  }

  /** Up to here everything is known already: no news. */
  heard(head: Seq): void {
    this.#head = head;
  }

  /** Has `wake` called when there is something new, until the returned function is called. */
  listen(wake: () => void): () => void {
    const closing = new AbortController();
    void this.#keepListening(wake, closing.signal);
    return () => closing.abort();
  }

  async #keepListening(wake: () => void, closed: AbortSignal): Promise<void> {
    let patience: number = FIRST_PAUSE;
    while (!closed.aborted) {
      const heardAnything = await this.#listenOnce(wake, closed);
      patience = heardAnything ? FIRST_PAUSE : Math.min(2 * patience, LONGEST_PAUSE);
      if (!closed.aborted) await pause(this.#parts.clock, this.#jittered(patience));
    }
  }

  /** @returns whether it heard anything before it ended. */
  async #listenOnce(wake: () => void, closed: AbortSignal): Promise<boolean> {
    const { issuer } = this.#parts;
    let heardAnything = false;
    try {
      const address = `${await issuer.endpoint("changes")}?from=${this.#head}`;
      const headers = { ...issuer.credentials, accept: "text/event-stream" };
      for await (const event of eventIds(await issuer.remote.follow(address, headers, SILENT_FOR, closed))) {
        heardAnything = true;
        if (event !== this.#head) wake();
      }
    } catch {
      // Whatever it was, the next try or the next heartbeat hears of it.
    }
    return heardAnything;
  }

  #jittered(most: number): Milliseconds {
    const [byte = 0] = this.#parts.random.bytes(1);
    return Math.ceil((most * (1 + byte / 255)) / 2) as Milliseconds;
  }
}

/** The positions that the events of a stream lead to; what is no event of ours is passed over. */
async function* eventIds(text: AsyncIterable<string>): AsyncGenerator<number> {
  let rest = "";
  for await (const piece of text) {
    const lines = (rest + piece).split("\n");
    // Of a line that is still being written its beginning is enough: the position stands there.
    rest = (lines.pop() as string).slice(0, LONGEST_LINE);
    for (const line of lines) if (line.startsWith("id:")) yield Number(line.slice("id:".length));
  }
}

const LONGEST_LINE = 64;
