import { parseArgs } from "node:util";
import { cacheConfusion } from "./cache-confusion.ts";
import { enumeration } from "./enumeration.ts";
import { refreshRace } from "./refresh-race.ts";

// Longer runs than the test command has time for: `npm run soak`, or one of them: `npm run soak -- refresh --rounds 100`.

const RUNS: Readonly<Record<string, (rounds: number) => Promise<boolean>>> = { refresh, enumeration: knownOrUnknown, cache };

const { values, positionals } = parseArgs({ options: { rounds: { type: "string", default: "1000" } }, allowPositionals: true });
const rounds = Number(values.rounds);
const unknown = positionals.find((name) => !Object.hasOwn(RUNS, name));
if (unknown !== undefined) refuse(`there is no soak named "${unknown}"; there are: ${Object.keys(RUNS).join(", ")}`);
if (!Number.isInteger(rounds) || rounds < 1) refuse(`--rounds is "${values.rounds}", but must be a whole number from 1 up`);

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
