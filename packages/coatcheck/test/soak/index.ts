import { parseArgs } from "node:util";
import { simulate } from "../../src/testing/index.ts";
import { cacheConfusion } from "./cache-confusion.ts";
import { enumeration } from "./enumeration.ts";
import { refreshRace } from "./refresh-race.ts";

// Longer runs than the test command has time for: `npm run soak`, or one of them: `npm run soak -- refresh --rounds 100`.

const RUNS: Readonly<Record<string, (rounds: number) => Promise<boolean>>> = { refresh, enumeration: knownOrUnknown, cache, simulator };

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "1000" }, schedules: { type: "string", default: "20000" } },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
const schedules = Number(values.schedules);
const unknown = positionals.find((name) => !Object.hasOwn(RUNS, name));
if (unknown !== undefined) refuse(`there is no soak named "${unknown}"; there are: ${Object.keys(RUNS).join(", ")}`);
if (!Number.isInteger(rounds) || rounds < 1) refuse(`--rounds is "${values.rounds}", but must be a whole number from 1 up`);
if (!Number.isInteger(schedules) || schedules < 1) refuse(`--schedules is "${values.schedules}", but must be a whole number from 1 up`);

const failed: string[] = [];
for (const [name, run] of Object.entries(RUNS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  if (!(await run(rounds))) failed.push(name);
}
console.log(failed.length === 0 ? "All held." : `Failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

async function refresh(count: number): Promise<boolean> {
  console.log(`Refresh race: 50 presenters in 5 processes, ${count} rounds`);
  const race = await refreshRace(count, 50, (round) => {
    if (round % 100 === 0) console.log(`  round ${round} of ${count}`);
  });
  console.log(
    `  ${race.shows} shows; calls of several processes overlapped in ${race.overlapped} rounds; ${race.toldToWait} were told to wait (429)`,
  );
  for (const fault of race.faults) console.error(`  FAULT: ${fault}`);
  if (race.faults.length === 0) console.log("  one successor in each round, nobody logged out, no gap in the log");
  return race.faults.length === 0;
}

async function knownOrUnknown(): Promise<boolean> {
  console.log("Sign-in, by its time: does it tell a known address from an unknown one?");
  const { lines, ok } = await enumeration();
  for (const line of lines) console.log(`  ${line}`);
  return ok;
}

async function cache(thousands: number): Promise<boolean> {
  console.log(`Cache of verified tokens: ${thousands * 1_000} random pairs of tokens that look alike`);
  const { tokens, accepted, faults } = await cacheConfusion(thousands * 1_000);
  console.log(`  ${tokens} tokens, accepted ${accepted} times`);
  for (const fault of faults) console.error(`  FAULT: ${fault}`);
  if (faults.length === 0) console.log("  each verdict is the one that is given without the cache");
  return faults.length === 0;
}

function simulator(): Promise<boolean> {
  console.log(`Simulator: ${schedules} schedules of faults on the shipped log, lease and table, with a bound of 5000 ms`);
  let [accepted, worst, faults] = [0, 0, 0];
  for (let seed = 1; seed <= schedules; seed += 1) {
    const outcome = simulate({ seed });
    accepted += outcome.accepted;
    worst = Math.max(worst, outcome.worst);
    for (const violation of outcome.violations) console.error(`  FAULT in schedule ${seed}: ${violation}`);
    faults += outcome.violations.length;
    if (seed % 1_000 === 0) console.log(`  schedule ${seed} of ${schedules}`);
  }
  console.log(`  ${accepted} accepted, ${faults} of them in breach of a promise; the nearest came ${worst.toFixed(0)} ms after an end`);
  return Promise.resolve(faults === 0);
}
