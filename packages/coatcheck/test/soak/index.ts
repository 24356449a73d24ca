import { parseArgs } from "node:util";
import { refreshRace } from "./refresh-race.ts";

// Longer runs than the test command has time for. `npm run soak -- --rounds 1000` is the default.

const { values } = parseArgs({ options: { rounds: { type: "string", default: "1000" } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds is "${values.rounds}", but must be a whole number from 1 up`);
  process.exit(2);
}

console.log(`Refresh race: 50 presenters in 5 processes, ${rounds} rounds`);
const race = await refreshRace(rounds, 50, (round) => {
  if (round % 100 === 0) console.log(`  round ${round} of ${rounds}`);
});
console.log(`  ${race.shows} shows; calls of several processes overlapped in ${race.overlapped} rounds; ${race.toldToWait} were told to wait (429)`);
for (const fault of race.faults) console.error(`  FAULT: ${fault}`);
console.log(race.faults.length === 0 ? "  one successor in each round, nobody logged out, no gap in the log" : "  failed");
process.exitCode = race.faults.length === 0 ? 0 : 1;
