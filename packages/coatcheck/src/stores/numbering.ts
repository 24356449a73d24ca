import { randomBytes } from "node:crypto";
import type { Seq } from "../core/ids.ts";
import { seq } from "../core/ids.ts";
import { LEEWAY } from "../core/limits.ts";
import type { LogKind, Random } from "../core/ports.ts";
import { duration, instant, later } from "../core/time.ts";
import type { Instant, Milliseconds } from "../core/time.ts";

// What the log of every store has in common: seq = epoch * 2^40 + n. n counts every entry ever appended, over all epochs, so no gap can hide.

const EPOCH = 2 ** 40;

/** The longest access-token life that an entry is made to outlive until a process has named its own. */
const FIRST_ACCESS_TTL: Milliseconds = duration("5m");

/** An entry outlives what it hits by the leeway and this: the reader's own clock may move between two looks at it. */
const MARGIN: Milliseconds = duration("60s");

export function nextSeq(head: Seq): Seq {
  return seq(head + 1);
}

/** The first position of the next epoch: above every position that the epoch before, or that of `above`, could have reached. */
export function nextEpoch(head: Seq, above: Seq = head): Seq {
  const epochs = Math.max(0, Math.floor(above / EPOCH) - Math.floor(head / EPOCH));
  return seq(head + (epochs + 1) * EPOCH + 1);
}

/** The last instant that has a date. */
const NEVER: Instant = instant(8_640_000_000_000_000);

/** Keys outlive what they sign: a process that slept through such an entry must still come upon it. */
const LASTING: ReadonlySet<LogKind> = new Set(["key", "invalidate-keys"]);

/** From when on nothing that an entry hits can still be valid by itself: one rule for every kind, but for what is about keys. */
export function entryExpiry(kind: LogKind, at: Instant, longestAccessTtl: Milliseconds | null): Instant {
  if (LASTING.has(kind)) return NEVER;
  return later(later(later(at, longestAccessTtl ?? FIRST_ACCESS_TTL), LEEWAY), MARGIN);
}

/** The kinds that end every session of their scope whose `rsq` is smaller than the entry's position. */
export type Scope = "global" | "client" | "user";

const SCOPES: ReadonlySet<LogKind> = new Set<Scope>(["global", "client", "user"]);

export function isScope(kind: LogKind): kind is Scope {
  return SCOPES.has(kind);
}

export const nodeRandom: Random = { bytes: (count) => randomBytes(count) };

/** Marks a position of the log: a number may come again after a roll-back, this doesn't. */
export function newMark(random: Random): string {
  return Buffer.from(random.bytes(12)).toString("base64url");
}

/** A name for a new store. */
export function newIncarnation(random: Random): string {
  return Buffer.from(random.bytes(16)).toString("base64url");
}

/** Time that only goes forward, in milliseconds: for waiting, never for policy. */
export function elapsed(): number {
  return performance.now();
}
