import type { LogEntry } from "../../core/ports.ts";
import { hits } from "./credentials.ts";
import type { Credential } from "./credentials.ts";
import type { Process } from "./process.ts";

/** Something that was ended, and what was promised about it. All times are real. */
export interface End {
  readonly entry: LogEntry;
  readonly acknowledgedAt: number;
  /** When whoever waited was told that nobody accepts it any more. */
  waitedAt: number | null;
  /** The store lost it afterwards: it promised something that it didn't keep. */
  lost: boolean;
}

/** Sees everything at once, as no process can, and holds each decision against what was promised. */
export class Ledger {
  readonly ends: End[] = [];
  readonly violations: string[] = [];
  /** The longest that anything was accepted after its end had been acknowledged, in milliseconds. */
  worst = 0;
  accepted = 0;
  readonly #bound: number;

  constructor(bound: number) {
    this.#bound = bound;
  }

  accept(credential: Credential, by: Process, now: number): void {
    this.accepted += 1;
    for (const end of this.ends) {
      if (end.acknowledgedAt < now && hits(end.entry, credential)) this.#acceptEnded(end, by, now);
    }
  }

  #acceptEnded(end: End, by: Process, now: number): void {
    const after = now - end.acknowledgedAt;
    const what = `${end.entry.kind} ${end.entry.seq} accepted ${after.toFixed(0)} ms after its end`;
    if (by.knows(end.entry)) this.violations.push(`${what}, which the process knew of`);
    else if (end.lost) return;
    this.worst = Math.max(this.worst, after);
    if (after > this.#bound) this.violations.push(what);
    if (end.waitedAt !== null && end.waitedAt < now) this.violations.push(`${what}, when it had been said that nobody would`);
  }
}
