import { runInNewContext } from "node:vm";
import { setFlagsFromString } from "node:v8";

/** Several rounds of one figure: its middle, and how far the middle half of the rounds lies apart, as a share of it. */
export interface Figure {
  readonly median: number;
  readonly spread: number;
}

export function figure(rounds: readonly number[]): Figure {
  const sorted = rounds.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const median = at(0.5);
  return { median, spread: (at(0.75) - at(0.25)) / median };
}

/** CPU time of this thread, in µs: what others on the machine do in between is not ours. */
export function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

/**
 * Microseconds for each call of several candidates, in turns: a machine that is slow for a while is slow for all of them.
 * @param calls of each candidate in each round.
 */
export function perCall<Name extends string>(
  candidates: Readonly<Record<Name, (nth: number) => unknown>>,
  { rounds, calls }: { readonly rounds: number; readonly calls: number },
): Readonly<Record<Name, Figure>> {
  const entries = Object.entries(candidates) as [Name, (nth: number) => unknown][];
  const taken = new Map<Name, number[]>(entries.map(([name]) => [name, []]));
  // The first round warms up and counts for nothing.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, call] of entries) {
      const began = cpuTime();
      for (let nth = 0; nth < calls; nth++) call(nth);
      if (round > 0) taken.get(name)?.push((cpuTime() - began) / calls);
    }
  }
  return Object.fromEntries(entries.map(([name]) => [name, figure(taken.get(name) ?? [])])) as Record<Name, Figure>;
}

/** What is in use after everything that nobody holds is gone, in bytes. */
export function memoryInUse(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  // Array buffers are part of what is external.
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The value below which this share of all lies. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? Number.NaN;
}
