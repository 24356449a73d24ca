/**
 * Everything that was ever written to the log, what the store lost of it included: a tree, since a store that lost its end goes on from an earlier entry.
 * An entry is known by its place in the list, from 1 up; that is also its mark, for it never comes again. 0 is the empty log.
 */
export type Written = readonly Entry[];

export interface Entry {
  readonly before: number;
  /** Its number, which may come again in another branch. */
  readonly seq: number;
  readonly isEpoch: boolean;
  /** The set of entries on the way from the start to it, itself included. */
  readonly path: number;
}

/** More than any number within an epoch. */
const EPOCH = 16;

export function bit(entry: number): number {
  return 1 << entry;
}

export function has(set: number, entry: number): boolean {
  return (set & bit(entry)) !== 0;
}

export function entryAt(log: Written, entry: number): Entry | undefined {
  return log[entry - 1];
}

export function seqOf(log: Written, entry: number): number {
  return entryAt(log, entry)?.seq ?? 0;
}

/** The log up to this entry, as a set. */
export function pathTo(log: Written, entry: number): number {
  return entryAt(log, entry)?.path ?? 0;
}

/** A new entry at the end of a log that ends in `tip`. */
export function append(log: Written, tip: number, epoch: "same" | "next"): Written {
  const seq = seqOf(log, tip) + 1 + (epoch === "next" ? EPOCH : 0);
  return [...log, { before: tip, seq, isEpoch: epoch === "next", path: pathTo(log, tip) | bit(log.length + 1) }];
}

/** Those of a log that ends in `tip` that come after a number. */
export function after(log: Written, tip: number, seq: number): number {
  let set = pathTo(log, tip);
  for (let entry = tip; entry > 0; entry = entryAt(log, entry)?.before ?? 0) if (seqOf(log, entry) <= seq) set &= ~bit(entry);
  return set;
}

/** The mark of a log that ends in `tip` at a number; null if it has no such position. */
export function markAt(log: Written, tip: number, seq: number): number | null {
  if (seq === 0) return 0;
  for (let entry = tip; entry > 0; entry = entryAt(log, entry)?.before ?? 0) if (seqOf(log, entry) === seq) return entry;
  return null;
}

/** Where a log that ends in `tip` ended earlier, `tip` itself first. */
export function earlier(log: Written, tip: number): number[] {
  const tips = [tip];
  for (let entry = tip; entry > 0;) tips.push((entry = entryAt(log, entry)?.before ?? 0));
  return tips;
}
