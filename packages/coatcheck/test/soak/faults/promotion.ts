import { pause } from "../../faults/request.ts";
import type { Dice } from "../../../src/testing/simulator/dice.ts";
import { hasBegun, lifeOf, lossesOf, wrongWith } from "./lives.ts";
import type { Life } from "./lives.ts";
import type { World } from "./world.ts";

export interface Promotion {
  readonly how: string;
  /** What was written in the old life and is not in the new one, acknowledged or not; and how many nodes had heard of such an end. */
  readonly lost: { readonly logins: number; readonly refreshes: number; readonly ends: number; readonly heardBy: number };
  readonly faults: readonly string[];
  /** The nodes that knew of an end which was lost, and have not noticed. To be asked when all has been mended. */
  unaware(): readonly string[];
}

/** How long the new primary may take until a node has written to it. */
const BEGINS_WITHIN = 30_000;

/** The standby takes over, as an operator has it do. */
export async function promote(world: World, dice: Dice): Promise<Promotion> {
  const how = world.isInStep ? await (dice.chance(0.5) ? dies(world) : isDeposed(world, dice)) : await lags(world, dice);
  const { standby, database, traffic } = world;
  // It comes back for us alone, who read what it had written last.
  await world.primary.start();
  const before = await lifeOf(world.primary, database);
  await world.primary.kill();
  const after = await begun(world, before);
  const losses = lossesOf(before, after);
  // With a standby in step nothing may be lost that anybody was told of: then nothing is excused.
  if (!world.isInStep) await traffic.lost(losses);
  const nodes = world.nodes.filter(({ url }) => traffic.knowing(losses.ends).has(url));
  const { sessions, refreshes, ends } = losses;
  return {
    how,
    lost: { logins: sessions.size, refreshes: refreshes.size, ends: ends.size, heardBy: nodes.length },
    faults: wrongWith(before, await lifeOf(standby, database)),
    unaware: () =>
      nodes.filter(({ url, errors }) => traffic.knowing(ends).has(url) && !errors.has("store_rolled_back")).map(({ url }) => url),
  };
}

async function dies({ primary, standby, leadTo }: World): Promise<string> {
  await primary.kill();
  await standby.query("SELECT pg_promote()");
  leadTo(standby);
  return "the primary was killed, and its standby, which was in step, took over";
}

/** Some still find the old primary, which doesn't know that it was deposed. */
async function isDeposed({ primary, standby, ways, leadTo }: World, dice: Dice): Promise<string> {
  const ms = dice.between(3_000, 12_000);
  await standby.query("SELECT pg_promote()");
  leadTo(standby);
  const misled = ways.map((_, nth) => nth).filter(() => dice.chance(0.5));
  for (const nth of misled) leadTo(primary, nth);
  for (const [nth, way] of ways.entries()) {
    if (misled.includes(nth)) continue;
    way.set("cut");
    way.set("open");
  }
  await pause(ms);
  await primary.kill();
  leadTo(standby);
  return `the standby, which was in step, took over; ${misled.length} nodes found the old primary for ${(ms / 1_000).toFixed(1)} s more`;
}

async function lags({ primary, standby, replication, leadTo }: World, dice: Dice): Promise<string> {
  const ms = dice.between(3_000, 8_000);
  replication.set("stalled");
  await pause(ms);
  await primary.kill();
  await standby.query("SELECT pg_promote()");
  leadTo(standby);
  return `the primary was killed, and a standby that was ${(ms / 1_000).toFixed(1)} s behind took over`;
}

/** The new life, as soon as it has written anything. */
async function begun({ standby, database }: World, before: Life): Promise<Life> {
  for (const until = performance.now() + BEGINS_WITHIN; ; await pause(50)) {
    const after = await lifeOf(standby, database);
    if (hasBegun(before, after) || performance.now() > until) return after;
  }
}
