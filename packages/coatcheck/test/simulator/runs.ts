import { rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Outcome, Schedule } from "../../src/testing/simulator/simulate.ts";
import { mutate } from "./mutate.ts";
import type { Mutant } from "./mutants.ts";

type Simulate = (schedule: Schedule) => Outcome;

/** What a mutant did first that was promised not to happen, and in which schedule; null if it did not in any. */
export async function catchMutant(
  mutant: Mutant,
  schedules: number,
): Promise<{ readonly seed: number; readonly violation: string } | null> {
  const folder = mutate(mutant);
  try {
    const { simulate } = (await import(pathToFileURL(join(folder, "testing/simulator/simulate.ts")).href)) as { simulate: Simulate };
    for (let seed = 1; seed <= schedules; seed += 1) {
      const [violation] = simulate({ seed }).violations;
      if (violation !== undefined) return { seed, violation };
    }
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
