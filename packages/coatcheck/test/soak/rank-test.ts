// Whether two ways take different time, by a test that asks nothing of how the times are distributed.

export interface Comparison {
  /** How likely ranks as far apart as these are if both ways take the same time (Mann–Whitney U, two-sided, normal approximation). */
  readonly p: number;
  /** Milliseconds. */
  readonly medians: readonly [number, number];
  readonly pairs: number;
}

const WARM_UP = 10;

/** Times both ways `pairs` times, one pair after the other and each pair in an order by lot, so that a slow moment of the machine falls on both. */
export async function compareTimes(a: () => Promise<unknown>, b: () => Promise<unknown>, pairs: number): Promise<Comparison> {
  for (let n = 0; n < WARM_UP; n++) {
    await a();
    await b();
  }
  const times: [number[], number[]] = [[], []];
  for (let n = 0; n < pairs; n++) {
    const order = Math.random() < 0.5 ? ([0, 1] as const) : ([1, 0] as const);
    for (const which of order) times[which].push(await timed([a, b][which] as () => Promise<unknown>));
  }
  return { p: mannWhitney(...times), medians: [median(times[0]), median(times[1])], pairs };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/** The two-sided p-value of the Mann–Whitney U test, with the correction for ties; good from some twenty values on each side. */
export function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, mine: true })), ...b.map((value) => ({ value, mine: false }))].toSorted(
    (x, y) => x.value - y.value,
  );
  let ranks = 0;
  let ties = 0;
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const rank = (from + 1 + to) / 2;
    ranks += rank * all.slice(from, to).filter(({ mine }) => mine).length;
    ties += (to - from) ** 3 - (to - from);
    from = to;
  }
  const [n, m] = [a.length, b.length];
  const u = ranks - (n * (n + 1)) / 2;
  const variance = ((n * m) / 12) * (n + m + 1 - ties / ((n + m) * (n + m - 1)));
  if (variance === 0) return 1;
  return twoSided(Math.abs(u - (n * m) / 2) / Math.sqrt(variance));
}

/** Both tails of the normal distribution beyond `z` (Abramowitz and Stegun 7.1.26: within 1.5e-7). */
function twoSided(z: number): number {
  const x = z / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * x);
  const polynomial = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return polynomial * Math.exp(-x * x);
}
