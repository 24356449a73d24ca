// How often properties are tried, and from which seed: the test command keeps it short, `npm run soak -- fuzz --runs 20000` does not.

const { FUZZ_SEED, FUZZ_RUNS } = process.env;

/** The whole run starts from one seed, which the test command prints: `FUZZ_SEED=<it> npm test -- fuzz` runs the same again. */
export const SEED = Number(FUZZ_SEED ?? Date.now() % 2 ** 31);

const RUNS = Number(FUZZ_RUNS ?? 400);

/** No limit once somebody asked for more runs than the test command makes. */
export const TIMEOUT = FUZZ_RUNS === undefined ? 120_000 : 0;

/** @param share of the usual number of runs: under 1 for what is slow, over 1 for what is cheap and worth it. */
export function tries(share = 1): { readonly seed: number; readonly numRuns: number } {
  return { seed: SEED, numRuns: Math.max(1, Math.ceil(RUNS * share)) };
}
