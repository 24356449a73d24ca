import type { Seq } from "../../core/ids.ts";
import { seq } from "../../core/ids.ts";
import type { LogEntry, LogKind, LogPage } from "../../core/ports.ts";
import { instant } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";
import { entryExpiry, nextEpoch, nextSeq } from "../../stores/numbering.ts";
import type { Machine } from "./machine.ts";
import type { Timeline } from "./timeline.ts";

/** How much longer the store keeps an entry than the entry says: twice what a follower's clock may be wrong. */
const KEPT_LONGER = 600_000;

interface Committed {
  readonly entry: LogEntry;
  readonly mark: string;
  readonly at: number;
}

/** The store of record as it should be: its log is in order, without a gap, and visible as a prefix. It can be lost in part, and put back. */
export class StoreOfRecord {
  readonly #timeline: Timeline;
  readonly #machine: Machine;
  readonly #accessTtl: Milliseconds;
  #log: Committed[] = [];
  /** How it stood at each moment: a fail-over or a restore goes back to one of them. */
  #heads: { readonly at: number; readonly head: Seq; readonly mark: string }[] = [];
  #marks = 0;

  constructor(timeline: Timeline, machine: Machine, accessTtl: Milliseconds) {
    this.#timeline = timeline;
    this.#machine = machine;
    this.#accessTtl = accessTtl;
  }

  get head(): Seq {
    return this.#heads.at(-1)?.head ?? seq(0);
  }

  append(kind: LogKind, key: string, position: Seq = nextSeq(this.head)): LogEntry {
    const at = instant(this.#machine.wall());
    const entry = { seq: position, kind, key, at, expiresAt: entryExpiry(kind, at, this.#accessTtl) };
    this.#marks += 1;
    const committed = { entry, mark: `mark ${this.#marks}`, at: this.#timeline.now };
    this.#log.push(committed);
    this.#heads.push({ head: position, mark: committed.mark, at: committed.at });
    return entry;
  }

  since(from: Seq): LogPage {
    const entries = this.#log.filter(({ entry }) => entry.seq > from).map(({ entry }) => entry);
    const [last, asked] = [this.#heads.at(-1), this.#log.findLast(({ entry }) => entry.seq === from)];
    const fromMark = from === 0 ? "" : from === last?.head ? last.mark : (asked?.mark ?? null);
    return { entries, head: this.head, mark: last?.mark ?? "", fromMark, incarnation: "the store" };
  }

  prune(): void {
    const before = this.#machine.wall() - KEPT_LONGER;
    this.#log = this.#log.filter(({ entry }) => entry.expiresAt >= before);
  }

  /** Another machine takes over, which has heard of nothing after `until`. The epoch is raised before anything else is written. */
  failOver(until: number): readonly LogEntry[] {
    const lost = this.#forget(until);
    this.raiseEpoch();
    return lost;
  }

  /** Yesterday's file is put back, and nobody says so: the same life, a smaller head. */
  restore(until: number): readonly LogEntry[] {
    return this.#forget(until);
  }

  raiseEpoch(): void {
    this.append("invalidate-all", "", nextEpoch(this.head));
  }

  #forget(until: number): readonly LogEntry[] {
    const lost = this.#log.filter(({ at }) => at > until).map(({ entry }) => entry);
    this.#log = this.#log.filter(({ at }) => at <= until);
    this.#heads = this.#heads.filter(({ at }) => at <= until);
    return lost;
  }
}
