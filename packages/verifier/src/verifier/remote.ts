import { StoreUnavailable } from "../core/errors.ts";
import type { Clock } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import { parseJsonObject } from "../crypto/json.ts";
import type { JsonObject } from "../crypto/json.ts";

/** How long an answer may be silent before it counts as none, and how long it may take in all. */
const SILENT_FOR = duration("3s");
const WITHIN = duration("30s");

export type Fetch = (address: string, init: RequestInit) => Promise<Response>;

export interface Asked {
  readonly method?: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The most that is read of the answer, in bytes. */
  readonly atMost: number;
}

export interface Told {
  readonly status: number;
  /** Null if the answer is no JSON object that reads in one way. */
  readonly json: JsonObject | null;
}

/** Asks another machine, and reads no more of its answer than it should be, in size and in time. No redirect is followed: secrets go where they were meant to go. */
export class Remote {
  readonly #fetch: Fetch;
  readonly #clock: Clock;

  constructor(fetch: Fetch, clock: Clock) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /** @throws {store_unavailable} when there is no whole answer. */
  async ask(address: string, { method = "GET", headers, body, atMost }: Asked): Promise<Told> {
    const aborting = new AbortController();
    const patience = new Patience(this.#clock, () => aborting.abort());
    try {
      const response = await this.#fetch(address, {
        ...{ method, headers, redirect: "manual", signal: aborting.signal },
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, json: parseJsonObject(await readBytes(response, atMost, patience)) };
    } catch (cause) {
      throw cause instanceof StoreUnavailable ? cause : new StoreUnavailable(cause);
    } finally {
      patience.end();
      aborting.abort();
    }
  }

  /** An answer that goes on: its text as it comes. It ends when it has been silent for too long. @throws {store_unavailable} if it does not begin. */
  async follow(
    address: string,
    headers: Asked["headers"],
    silentFor: typeof SILENT_FOR,
    signal: AbortSignal,
  ): Promise<AsyncIterable<string>> {
    const aborting = new AbortController();
    const abort = (): void => aborting.abort();
    // AbortSignal.any is younger than Node 20.
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    const patience = new Patience(this.#clock, abort, silentFor, null);
    const end = (): void => {
      patience.end();
      signal.removeEventListener("abort", abort);
      abort();
    };
    try {
      const response = await this.#fetch(address, { method: "GET", headers, redirect: "manual", signal: aborting.signal });
      if (response.status !== 200 || response.body === null) throw new Error(`there is no stream: ${response.status}`);
      return pieces(response.body as ReadableStream<Uint8Array>, patience, end);
    } catch (cause) {
      end();
      throw new StoreUnavailable(cause);
    }
  }
}

/** Gives up on who says nothing. */
class Patience {
  readonly #clock: Clock;
  readonly #giveUp: () => void;
  readonly #silentFor: typeof SILENT_FOR;
  readonly #stopWhole: () => void;
  #stop: () => void;

  constructor(clock: Clock, giveUp: () => void, silentFor: typeof SILENT_FOR = SILENT_FOR, within: typeof WITHIN | null = WITHIN) {
    this.#clock = clock;
    this.#giveUp = giveUp;
    this.#silentFor = silentFor;
    this.#stop = clock.every(silentFor, giveUp);
    this.#stopWhole = within === null ? () => {} : clock.every(within, giveUp);
  }

  /** Something was said. */
  renew(): void {
    this.#stop();
    this.#stop = this.#clock.every(this.#silentFor, this.#giveUp);
  }

  end(): void {
    this.#stop();
    this.#stopWhole();
  }
}

/** The body piece by piece. By its reader: not every runtime lets a stream be looped over. */
async function* partsOf(body: ReadableStream<Uint8Array>, patience: Patience): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    patience.renew();
    yield value;
  }
}

async function readBytes(response: Response, atMost: number, patience: Patience): Promise<Uint8Array> {
  if (response.body === null) return new Uint8Array();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of partsOf(response.body as ReadableStream<Uint8Array>, patience)) {
    length += part.byteLength;
    if (length > atMost) throw new Error(`the answer is larger than ${atMost} bytes`);
    parts.push(part);
  }
  return joined(parts, length);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

async function* pieces(body: ReadableStream<Uint8Array>, patience: Patience, end: () => void): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    for await (const part of partsOf(body, patience)) yield decoder.decode(part, { stream: true });
  } finally {
    end();
  }
}
