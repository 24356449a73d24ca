import type { Seq } from "../core/ids.ts";
import { seq } from "../core/ids.ts";
import type { LogEntry, LogPage } from "../core/ports.ts";
import { RevocationTable } from "./table.ts";

/** A part of the log: every entry in (from, head] that can still hit anything. */
export interface LogRange extends LogPage {
  readonly from: Seq;
}

/** How far a copy of the log goes, and the mark of the log there: the same position may be another one after a roll-back. */
export interface LogPosition {
  readonly head: Seq;
  readonly mark: string;
}

const START: LogPosition = { head: seq(0), mark: "" };

/**
 * What became of a range.
 * - `applied`: everything up to its head is known now.
 * - `elsewhere`: the log has no such position to go on from (any more): take everything, from 0.
 * - `rolled_back`: likewise, and it is sure that the store lost writes that it had acknowledged, even if its head has passed the position since.
 */
export type Taken = "applied" | "elsewhere" | "rolled_back";

/**
 * This process's copy of the log: its live part as a table, and how far it goes. Ranges may come late, twice and in any order.
 * What it knows is never forgotten for another life of the store: what has ended there has ended.
 */
export class LogCopy {
  readonly table = new RevocationTable();
  readonly #onEntry: (entry: LogEntry) => void;
  #position = START;

  constructor(onEntry: (entry: LogEntry) => void = () => {}) {
    this.#onEntry = onEntry;
  }

  /** Up to where everything has been applied. */
  get position(): LogPosition {
    return this.#position;
  }

  get head(): Seq {
    return this.#position.head;
  }

  /** @param asked The position as it stood here when the range was asked for, from there or from 0. */
  take(range: LogRange, asked: LogPosition): Taken {
    if (range.from === 0) return this.#takeAll(range, asked);
    if (range.fromMark !== asked.mark) return this.#lose(range, asked);
    this.#apply(range.entries);
    if (range.head >= this.head) this.#position = { head: range.head, mark: range.mark };
    return "applied";
  }

  /** What somebody says is new. Unless it goes on where this copy ends it says nothing about how far that goes; what has ended in it has ended. */
  overhear(range: LogRange): void {
    const { head, mark } = this.#position;
    this.#apply(range.entries);
    if (range.from === head && range.fromMark === mark) this.#position = { head: range.head, mark: range.mark };
  }

  #takeAll(range: LogRange, asked: LogPosition): Taken {
    this.#apply(range.entries);
    this.#position = { head: range.head, mark: range.mark };
    return range.head < asked.head ? "rolled_back" : "applied";
  }

  /** What is known stays known, but it goes on from nowhere in this log. */
  #lose(range: LogRange, asked: LogPosition): Taken {
    this.#position = START;
    return range.fromMark !== null || range.head < asked.head ? "rolled_back" : "elsewhere";
  }

  #apply(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      this.table.apply(entry);
      this.#onEntry(entry);
    }
  }
}
