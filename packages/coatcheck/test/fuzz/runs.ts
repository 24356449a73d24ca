// How often properties are tried, and from which seed: the test command keeps it short, `npm run soak -- fuzz --runs 20000` does not.

const { FUZZ_SEED, FUZZ_RUNS } = process.env;

/** The whole run starts from one seed, which the test command prints: `FUZZ_SEED=<it> npm test -- fuzz` runs the same again. */
export const SEED = Number(FUZZ_SEED ?? Date.now() % 2 ** 31);

const USUAL = 400;
const RUNS = Number(FUZZ_RUNS ?? USUAL);

/** No limit once somebody asked for more runs than the test command makes. */
export const TIMEOUT = FUZZ_RUNS === undefined ? 120_000 : 0;

/**
 * Whether there are as many runs as the test command makes. What a property must have met by its end (every operation, one input that was taken) is
 * asked only then: a few dozen runs miss some of it by chance alone, and that says nothing against the server.
 */
export const IS_WHOLE = RUNS >= USUAL;

/** @param share of the usual number of runs: under 1 for what is slow, over 1 for what is cheap and worth it. */
export function tries(share = 1): { readonly seed: number; readonly numRuns: number } {
  return { seed: SEED, numRuns: Math.max(1, Math.ceil(RUNS * share)) };
}
