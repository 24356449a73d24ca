import { describe, expect, it } from "vitest";
import type { Store } from "../../src/core/ports.ts";
import { brokenStores, storeContract } from "../../src/testing/index.ts";
import type { Runner, Twin } from "../../src/testing/index.ts";
import { openMemory } from "./open.ts";

/** The contract's cases for one store, by their sentences, to be run one at a time. */
function casesOf(defect: (store: Store) => Store): ReadonlyMap<string, () => Promise<void>> {
  const cases = new Map<string, () => Promise<void>>();
  const runner: Runner = {
    describe: (_, body) => body(),
    it: (sentence, body) => {
      expect(cases.has(sentence), `two cases are called "${sentence}"`).toBe(false);
      cases.set(sentence, body);
    },
  };
  const open = async (): ReturnType<typeof openMemory> => {
    const { store, close } = await openMemory();
    return { store: defect(store), close };
  };
  storeContract("broken", open, runner);
  return cases;
}

async function fails(twin: Twin): Promise<boolean> {
  const check = casesOf(twin.of).get(twin.breaks);
  if (check === undefined) throw new Error(`the contract has no sentence "${twin.breaks}"`);
  return await check().then(
    () => false,
    () => true,
  );
}

describe("the contract sees a store that is broken:", () => {
  it.each(brokenStores.map((twin) => [twin.defect, twin] as const))("%s", async (_, twin) => {
    expect(await fails(twin)).toBe(true);
  });
});

describe("the contract", () => {
  it("says nothing that no broken store breaks", () => {
    const broken = new Set(brokenStores.map(({ breaks }) => breaks));
    const sentences = [...casesOf((store) => store).keys()];
    expect(sentences.filter((sentence) => !broken.has(sentence))).toEqual([]);
  });

  it("passes on the store that the broken ones are made from", async () => {
    for (const check of casesOf((store) => store).values()) await check();
  });
});
