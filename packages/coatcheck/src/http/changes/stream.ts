import { StoreUnavailable } from "../../core/errors.ts";
import type { Seq } from "../../core/ids.ts";
import type { LogPage } from "../../core/ports.ts";
import { duration } from "../../core/time.ts";
import { changesOf } from "./page.ts";
import type { WaitParts } from "./wait.ts";

/** How often a silent stream shows that it lives, and looks for what nobody woke it for. */
const HEARTBEAT_EVERY = duration("15s");
/** How many events may wait for a reader that doesn't read. */
export const PENDING_AT_MOST = 16;

export interface StreamParts extends WaitParts {
  readonly from: Seq;
  /** What there is since `from`. */
  readonly first: LogPage;
  /** Whether a page is the last that this reader may have. */
  readonly isLast: (page: LogPage) => boolean;
  /** Aborted when the stream must end. */
  readonly signal: AbortSignal;
  /** Called once when it has ended, however it did. */
  readonly ended: () => void;
}

/**
 * The changes since `from` as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): each with the position that it leads to as its
 * id, so that a reader goes on from there. It says nothing about a lease: what is written here may lie about for as long as it likes before it is read.
 */
export function changeStream(parts: StreamParts): ReadableStream<Uint8Array> {
  return new ReadableStream(new ChangeSource(parts), { highWaterMark: PENDING_AT_MOST });
}

const UTF8 = new TextEncoder();

class ChangeSource {
  readonly #parts: StreamParts;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #at: Pick<LogPage, "head" | "mark">;
  #hasNews = false;
  #isReading = false;
  readonly #stops: (() => void)[] = [];

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#at = parts.first;
  }

  /** Not awaited: a stream whose start has not ended yet can't be cancelled. */
  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { clock, signal, from, first } = this.#parts;
    this.#controller = controller;
    this.#stops.push(clock.every(HEARTBEAT_EVERY, () => this.#beat()));
    const close = (): void => this.#close();
    signal.addEventListener("abort", close);
    this.#stops.push(() => signal.removeEventListener("abort", close));
    this.#send(first, from);
    if (signal.aborted) return this.#close();
    void this.#listen();
  }

  cancel(): void {
    this.#end();
  }

  async #listen(): Promise<void> {
    try {
      const stop = await this.#parts.wakes.add(() => void this.#follow());
      if (this.#controller === null) return stop();
      this.#stops.push(stop);
      await this.#follow(); // what was appended before anybody listened
    } catch (error) {
      this.#fail(error);
    }
  }

  #beat(): void {
    this.#enqueue(": still here\n\n");
    void this.#follow();
  }

  /** Reads until there is nothing new. With the store away the next heartbeat looks again. */
  async #follow(): Promise<void> {
    this.#hasNews = true;
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#hasNews && this.#controller !== null) {
        this.#hasNews = false;
        this.#take(await this.#parts.feed.since(this.#at.head), this.#at);
      }
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) this.#fail(error);
    } finally {
      this.#isReading = false;
    }
  }

  /** A log that does not go on from here is another, or an earlier one: who reads this asks again, and is told. */
  #take(page: LogPage, { head, mark }: Pick<LogPage, "head" | "mark">): void {
    if (page.fromMark !== mark) return this.#close();
    if (page.head !== head) this.#send(page, head);
  }

  #send(page: LogPage, from: Seq): void {
    const { clock, isLast } = this.#parts;
    this.#at = page;
    this.#enqueue(`event: changes\nid: ${page.head}\ndata: ${JSON.stringify(changesOf(page, from, clock.now()))}\n\n`);
    if (isLast(page)) this.#close();
  }

  #enqueue(text: string): void {
    const controller = this.#controller;
    if (controller === null) return;
    if ((controller.desiredSize ?? 0) <= 0) return this.#fail(new Error("a reader of the change feed does not read, and was cut off"));
    controller.enqueue(UTF8.encode(text));
  }

  #close(): void {
    const controller = this.#controller;
    this.#end();
    controller?.close();
  }

  /** What waits for the reader is dropped, and the connection with it. */
  #fail(error: unknown): void {
    const controller = this.#controller;
    this.#end();
    controller?.error(error);
  }

  #end(): void {
    if (this.#controller === null) return;
    this.#controller = null;
    for (const stop of this.#stops.splice(0)) stop();
    this.#parts.ended();
  }
}
