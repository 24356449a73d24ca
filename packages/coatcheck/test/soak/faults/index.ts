import { pause } from "../../faults/request.ts";
import type { Summary } from "../../faults/traffic.ts";
import { dice } from "../../../src/testing/simulator/dice.ts";
import { Mischief } from "./mischief.ts";
import { promote } from "./promotion.ts";
import { Progress } from "./progress.ts";
import { BOUND, openWorld } from "./world.ts";
import type { World } from "./world.ts";

// Ten nodes and ten verifiers on a real PostgreSQL with a standby, while ways stall and break, processes stand still for up to a minute and die, the database
// dies, and the standby takes over: in step in one round, lagging in the next.

/** So long is a round at most, in minutes; and so many things are spoiled at once. */
const ROUND = 3;
const HANDS = 5;

/** @returns whether every promise was kept. */
export async function faults(minutes: number, seed: number, say: (line: string) => void): Promise<boolean> {
  const rounds = Math.max(2, Math.ceil(minutes / ROUND));
  let held = true;
  for (let nth = 0; nth < rounds; nth += 1) {
    const isInStep = nth % 2 === 0;
    say(`round ${nth + 1} of ${rounds}: a standby ${isInStep ? "in step" : "that may lag"}`);
    held = (await round(isInStep, (minutes / rounds) * 60_000, seed + nth * 100, say)) && held;
  }
  return held;
}

async function round(isInStep: boolean, ms: number, seed: number, say: (line: string) => void): Promise<boolean> {
  const opening = openWorld(isInStep, dice(seed));
  // Processes that stand still, or are another user's, would be left.
  const leave = (): void => void opening.then((world) => world.close()).finally(() => process.exit(130));
  process.once("SIGINT", leave).once("SIGTERM", leave);
  const world = await opening;
  try {
    return await live(world, ms, seed, say);
  } finally {
    process.off("SIGINT", leave).off("SIGTERM", leave);
    await world.close();
  }
}

async function live(world: World, ms: number, seed: number, say: (line: string) => void): Promise<boolean> {
  const until = performance.now() + ms;
  const mischief = new Mischief(world);
  const progress = new Progress(() => lineOf(world.traffic.soFar(), mischief.now), until);
  const takeOver = async () => {
    await pause(ms * dice(seed + 1).between(0.4, 0.6));
    return mischief.withDatabase("the standby takes over", () => promote(world, dice(seed + 2)));
  };
  const hands = Array.from({ length: HANDS }, (_, nth) => mischief.hand(dice(seed + 10 + nth), until));
  const [promotion] = await Promise.all([takeOver(), ...hands]);
  const summary = await world.traffic.stop();
  progress.end();

  const { how, lost } = promotion;
  say([...mischief.counts].map(([name, times]) => `${times} x ${name}`).join(", "));
  const { logins, refreshes, ends, heardBy } = lost;
  say(how);
  say(`written and not there any more: ${logins} logins, ${refreshes} refreshes and ${ends} ends, of which ${heardBy} nodes had heard`);
  for (const line of linesOf(summary)) say(line);
  const unaware = promotion.unaware().map((url) => `${url} knew of an end that was lost, and did not say that the store was rolled back`);
  const broken = [...summary.faults, ...promotion.faults, ...unaware];
  for (const fault of broken.slice(0, 20)) say(`FAULT: ${fault}`);
  if (broken.length > 20) say(`and ${broken.length - 20} more`);
  return broken.length === 0;
}

function lineOf({ logins, ends, accepted, refused, unknown, worst, faults: broken }: Summary, now: readonly string[]): string {
  const counts = `${logins} logins, ${ends} ends; ${accepted} accepted, ${refused} refused, ${unknown} unknown; nearest ${worst.toFixed(0)} ms`;
  return `${counts}${broken.length > 0 ? `; ${broken.length} FAULTS?` : ""} | ${now.join(", ")}`;
}

function linesOf({
  logins,
  ends,
  refreshes,
  accepted,
  refused,
  unknown,
  unanswered,
  revenants,
  worst,
  excused,
}: Summary): readonly string[] {
  return [
    `${logins} logins, ${ends} ends, ${refreshes} refreshes at all nodes at once`,
    `${accepted} checks accepted, ${refused} refused (401), ${unknown} not to be known (503), ${unanswered} without an answer; ${revenants} by people who had ended before`,
    `the latest that anything was accepted after its end had been acknowledged: ${worst.toFixed(0)} ms, of ${BOUND}`,
    ...Object.entries(excused).map(([why, times]) => `${times} x ${why}`),
  ];
}
