import type { Seq } from "../../src/core/ids.ts";
import type { LeaseHolder } from "../../src/core/ports.ts";
import { duration } from "../../src/core/time.ts";
import { fakeClock } from "../../src/testing/clock.ts";
import { openHouse, request } from "./support.ts";
import type { Got, Hired, House, HouseParts, ManualClock } from "./support.ts";

export const CHANGES = "/oauth/changes";
export const VERIFIER = "verifier_number_1";

export interface ChangesBody {
  readonly incarnation: string;
  readonly from: number;
  readonly head: number;
  readonly mark: string;
  readonly from_mark: string;
  readonly lease: number;
  readonly now: number;
  readonly entries: readonly { readonly seq: number; readonly kind: string; readonly key: string; readonly exp: number }[];
}

export interface Changed extends Got {
  readonly body: ChangesBody;
}

/** A house with a client that follows the log, and time that ticks when it is moved. */
export interface FollowedHouse extends House {
  readonly client: Hired;
  /** Asks for the changes, and for the answer. */
  readonly ask: (query?: string, headers?: Readonly<Record<string, string>>) => Promise<Changed>;
  readonly stream: (query?: string, headers?: Readonly<Record<string, string>>, signal?: AbortSignal) => Promise<Response>;
  /** Something happens, and nothing comes of it. */
  readonly happen: (key?: string) => Promise<Seq>;
  readonly holders: () => Promise<readonly Omit<LeaseHolder, "beat">[]>;
  /** How many requests are held open, as the metrics have it. */
  readonly open: () => number;
}

function tickingClock(): ManualClock {
  const clock = fakeClock();
  return { ...clock, advance: (by) => clock.advance(duration(by)) };
}

export async function followedHouse(parts: HouseParts = {}): Promise<FollowedHouse> {
  const house = await openHouse({ clock: tickingClock(), ...parts });
  const client = await house.hire();
  return {
    ...house,
    client,
    ask: async (query = "", headers = client.basic) => {
      const got = await house.call("GET", CHANGES + query, { headers });
      return { ...got, body: got.json as unknown as ChangesBody };
    },
    stream: (query = "", headers = {}, signal) => {
      const asked = request("GET", CHANGES + query, { headers: { ...client.basic, accept: "text/event-stream", ...headers } });
      return house.routes.fetch(signal === undefined ? asked : new Request(asked, { signal }));
    },
    happen: async (key = "somebody") => house.store.feed.append("invalidate-user", key, house.clock.now()),
    holders: async () => (await house.store.feed.holders()).map(({ beat: _beat, ...holder }) => holder),
    open: () => house.engine.metrics.changeStreams.cell().value,
  };
}

/** One event of a stream, or a comment in it. */
export interface Seen {
  readonly id: string | null;
  readonly event: string | null;
  readonly body: Omit<ChangesBody, "lease">;
  readonly comment: boolean;
}

/** Reads a stream event by event; null at its end. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";

  constructor(response: Response) {
    if (response.body === null) throw new Error("there is no stream");
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
  }

  async next(): Promise<Seen | null> {
    for (let end = this.#text.indexOf("\n\n"); ; end = this.#text.indexOf("\n\n")) {
      if (end !== -1) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return seen(block);
      }
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#text += new TextDecoder().decode(value);
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

function seen(block: string): Seen {
  const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
  return {
    id: fields.get("id") ?? null,
    event: fields.get("event") ?? null,
    body: JSON.parse(fields.get("data") ?? "{}") as Seen["body"],
    comment: fields.has(""),
  };
}

/** Lets whatever is ready to go on do so. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
