import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Composed } from "../../src/compose.ts";
import type { Carrier } from "../../src/carriers/carrier.ts";
import type { MaybePromise } from "../../src/core/maybe.ts";
import type { Verdict } from "../../src/core/verdict.ts";
import type { Engine } from "../../src/http/index.ts";
import { brokenStores } from "../../src/testing/index.ts";
import { ONE_ON_MEMORY, openWorld, TWO_ON_SQLITE } from "./model-world.ts";
import type { Defect, SetUp } from "./model-world.ts";
import { stories } from "./model-steps.ts";
import { SEED, TIMEOUT, tries } from "./runs.ts";

async function check(
  setUp: SetUp,
  how: { readonly seed: number; readonly numRuns: number; readonly endOnFailure?: boolean },
  defect: Defect = {},
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(stories(40), async (steps) => {
      const world = await openWorld(setUp, defect);
      try {
        await fc.asyncModelRun(() => world, steps);
      } finally {
        await world.real.close();
      }
    }),
    how,
  );
}

describe(`who must be let in now (FUZZ_SEED=${SEED})`, () => {
  it("is let in, and nobody else, by one server on memory", async () => check(ONE_ON_MEMORY, tries(0.06)), TIMEOUT);

  it("is let in, and nobody else, by each of two servers on one file", async () => check(TWO_ON_SQLITE, tries(0.02)), TIMEOUT);
});

/** A check that believes for ever what it once found: no log, no clock. */
const remembering = ({ engine }: Composed): Engine => {
  const remembered = new Map<string, MaybePromise<Verdict>>();
  const carrier = (it: Carrier): Carrier => ({
    ...it,
    check: (credential, now) => {
      const verdict = remembered.get(credential) ?? it.check(credential, now);
      remembered.set(credential, verdict);
      return verdict;
    },
  });
  return { ...engine, carriers: { cookie: carrier(engine.carriers.cookie), token: carrier(engine.carriers.token) } };
};

const stores = new Map(brokenStores.map((twin) => [twin.defect, twin.of]));
const store = (name: string): readonly [string, Defect] => [name, { store: stores.get(name) ?? missing(name) }];

describe("the model sees", () => {
  it.each([
    ["verdicts that are never judged again", { engine: remembering }],
    store("ending does nothing"),
    store("ending one ends all of the user's"),
    store("caches are not told of the new secret"),
    store("disabling ends nothing"),
    store("the kept session is not spared"),
    store("a reuse is reported and not punished"),
  ] as const)(
    "%s",
    async (_, defect) => {
      // From one seed: what it finds once it always finds.
      await expect(check(ONE_ON_MEMORY, { seed: 1, numRuns: 60, endOnFailure: true }, defect)).rejects.toThrow(/Counterexample/);
    },
    TIMEOUT,
  );
});

function missing(name: string): never {
  throw new Error(`no broken store is called "${name}"`);
}
