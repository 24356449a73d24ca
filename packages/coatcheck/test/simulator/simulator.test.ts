import { describe, expect, it } from "vitest";
import { simulate } from "../../src/testing/index.ts";
import { MUTANTS } from "./mutants.ts";
import { catchMutant } from "./runs.ts";

/** The soak runs twenty thousand. */
const SCHEDULES = 400;
/** Each mutant has to be caught within so many; most are within ten. */
const ENOUGH = 4_000;

describe("the shipped log, lease and table", () => {
  it("break no promise on bad machines, over bad networks, on stores that fail over and are put back", () => {
    let accepted = 0;
    for (let seed = 1; seed <= SCHEDULES; seed += 1) {
      const outcome = simulate({ seed });
      expect(outcome.violations, `schedule ${seed}`).toEqual([]);
      accepted += outcome.accepted;
    }
    // A lease that is never given breaks no promise either.
    expect(accepted).toBeGreaterThan(100 * SCHEDULES);
  });

  it("keep a bound of one second too", () => {
    for (let seed = 1; seed <= 50; seed += 1) expect(simulate({ seed, bound: 1_000 }).violations, `schedule ${seed}`).toEqual([]);
  });

  it("do the same again with the same seed", () => {
    expect(simulate({ seed: 77 })).toEqual(simulate({ seed: 77 }));
  });
});

describe("the simulator catches whoever does it otherwise:", () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    "%s",
    async (_, mutant) => {
      expect(await catchMutant(mutant, ENOUGH)).not.toBeNull();
    },
    300_000,
  );
});
