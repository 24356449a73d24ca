import { hostileInputs } from "../fuzz/hostile-inputs.ts";

/** The HTTP server takes 16 kB of headers; an application's own may take more. */
const HEADER = 64 * 1_024;
const BODY = 64 * 1_024;
const LONGEST = 50;
const TIMES = 3;

/**
 * How long the event loop is blocked at most by one hostile request, as CPU time of this thread: the clock would count what else the machine does.
 * An upper bound: a request that waits in between counts as one block.
 */
export async function longestBlock(): Promise<{ readonly lines: readonly string[]; readonly ok: boolean }> {
  const inputs = await hostileInputs(HEADER, BODY);
  // What is compiled on the first way through is not the input's doing.
  for (const { send } of inputs.slice(0, 3)) await send();
  const taken: { readonly name: string; readonly ms: number }[] = [];
  for (const { name, send } of inputs) {
    let worst = 0;
    for (let time = 0; time < TIMES; time++) {
      const before = process.threadCpuUsage();
      await send();
      const { user, system } = process.threadCpuUsage(before);
      worst = Math.max(worst, (user + system) / 1_000);
    }
    taken.push({ name, ms: worst });
  }
  const slowest = taken.toSorted((a, b) => b.ms - a.ms).slice(0, 5);
  return {
    lines: [`${inputs.length} inputs, ${TIMES} times each; the longest:`, ...slowest.map(({ name, ms }) => `${ms.toFixed(1)} ms  ${name}`)],
    ok: (slowest[0]?.ms ?? Infinity) < LONGEST,
  };
}
