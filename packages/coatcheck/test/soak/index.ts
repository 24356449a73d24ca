import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PROGRAMS } from "../support/postgres.ts";
import { simulate } from "../../src/testing/index.ts";
import { cacheConfusion } from "./cache-confusion.ts";
import { enumeration } from "./enumeration.ts";
import { faults } from "./faults/index.ts";
import { interleave } from "../carriers/interleavings.ts";
import { longestBlock } from "./hostile.ts";
import { leaseModel } from "./lease-model.ts";
import { refreshRace } from "./refresh-race.ts";
import { spin } from "./spin.ts";

// Longer runs than the test command has time for: `npm run soak`, or one of them: `npm run soak -- refresh --rounds 100`.

const PARTS: Readonly<Record<string, () => Promise<boolean>>> = {
  refresh,
  enumeration: knownOrUnknown,
  cache,
  simulator,
  model,
  spin: spinModel,
  fuzz,
  hostile,
  faults: realFaults,
};

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    schedules: { type: "string", default: "20000" },
    runs: { type: "string", default: "20000" },
    minutes: { type: "string", default: "5" },
  },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) refuse(`there is no soak named "${unknown}"; there are: ${Object.keys(PARTS).join(", ")}`);
const rounds = count("rounds");
const schedules = count("schedules");
const runs = count("runs");
const minutes = count("minutes");

const failed: string[] = [];
for (const [name, run] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  if (!(await run())) failed.push(name);
}
console.log(failed.length === 0 ? "All held." : `Failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function count(name: "rounds" | "schedules" | "runs" | "minutes"): number {
  const number = Number(values[name]);
  if (!Number.isInteger(number) || number < 1) refuse(`--${name} is "${values[name]}", but must be a whole number from 1 up`);
  return number;
}

function refuse(why: string): never {
  console.error(why);
  process.exit(2);
}

async function refresh(): Promise<boolean> {
  console.log(`Refresh race: 50 presenters in 5 processes, ${rounds} rounds`);
  const race = await refreshRace(rounds, 50, (round) => {
    if (round % 100 === 0) console.log(`  round ${round} of ${rounds}`);
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

async function cache(): Promise<boolean> {
  const held = [await sessionCache(), await tokenCache()];
  return held.every(Boolean);
}

async function sessionCache(): Promise<boolean> {
  const [all, seed] = [rounds * 1_000, Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31)];
  console.log(`Cache of sessions: ${all} random interleavings of reads, ends, renewals and changes (FUZZ_SEED=${seed})`);
  const { checks, late, faults } = await interleave(all, seed);
  console.log(`  ${checks} checks; ${late} reads arrived after something had changed`);
  for (const fault of faults.slice(0, 20)) console.error(`  FAULT: ${fault}`);
  if (faults.length === 0) console.log("  nobody was told what was over before they asked, and nothing stale stays");
  return faults.length === 0;
}

async function tokenCache(): Promise<boolean> {
  const pairs = rounds * 1_000;
  console.log(`Cache of verified tokens: ${pairs} random pairs of tokens that look alike`);
  const { tokens, accepted, faults } = await cacheConfusion(pairs);
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

function model(): Promise<boolean> {
  console.log("Model of the lease: every state that can be reached, in larger worlds than the tests have time for");
  return Promise.resolve(leaseModel((line) => console.log(`  ${line}`)));
}

async function spinModel(): Promise<boolean> {
  console.log("The same model in Promela, by Spin");
  return await spin((line) => console.log(`  ${line}`));
}

/** The tests that try things at random, `--runs` times each instead of a few hundred. FUZZ_SEED has its word here too. */
async function fuzz(): Promise<boolean> {
  const seed = process.env["FUZZ_SEED"] ?? String(Date.now() % 2 ** 31);
  const again = `FUZZ_SEED=${seed} npm run soak -- fuzz --runs ${runs}`;
  console.log(`Fuzzing: about ${runs} runs of each property (again: ${again})`);
  const vitest = fileURLToPath(new URL("../../../../node_modules/vitest/vitest.mjs", import.meta.url));
  const env = { ...process.env, FUZZ_SEED: seed, FUZZ_RUNS: String(runs) };
  const child = spawn(process.execPath, [vitest, "run", "--testTimeout=0", "fuzz"], { env, stdio: "inherit" });
  const [status] = (await once(child, "close")) as [number | null];
  return status === 0;
}

async function hostile(): Promise<boolean> {
  console.log("Hostile requests: how long does one block the event loop?");
  const { lines, ok } = await longestBlock();
  for (const line of lines) console.log(`  ${line}`);
  console.log(ok ? "  none for 50 ms" : "  FAULT: one blocks for 50 ms or longer");
  return ok;
}

async function realFaults(): Promise<boolean> {
  const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);
  console.log(`Real faults: ten nodes, ten verifiers, a PostgreSQL and its standby, ${minutes} minutes (FUZZ_SEED=${seed})`);
  if (PROGRAMS === null) {
    console.log("  NOT RUN: there is no PostgreSQL here; on Debian: apt-get install postgresql");
    return true;
  }
  const held = await faults(minutes, seed, (line) => console.log(`  ${line}`));
  if (held) console.log("  nothing accepted beyond the bound, nobody logged out, nothing acknowledged lost, one winner of each refresh");
  return held;
}
