import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestCase, TestModule, TestRunEndReason, Vitest } from "vitest/node";

/** What a test run came to. */
export interface Counts {
  readonly passed: number;
  /** Tests that failed or did not finish, and everything else that went wrong: a file that does not load, a hook, an error outside any test. */
  readonly failed: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** Writes the counts of the run into the file that TEST_COUNTS names: tools/test.cjs prints them when all else has been said. */
export default class CountsReporter implements Reporter {
  #selects = false;

  onInit(vitest: Vitest): void {
    this.#selects = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[], _reason: TestRunEndReason): void {
    const file = process.env["TEST_COUNTS"];
    if (file !== undefined) writeFileSync(file, JSON.stringify(count(modules, unhandled, this.#selects)));
  }
}

function count(modules: readonly TestModule[], unhandled: readonly SerializedError[], selects: boolean): Counts {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const groups = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const passed = tests.filter((test) => test.result().state === "passed").length;
  const skipped = tests.filter((test) => test.result().state === "skipped");
  const broken = groups.filter((group) => group.errors().length > 0).length;
  return {
    passed,
    failed: tests.length - passed - skipped.length + broken + unhandled.length,
    // With -t, what is not selected is not worth a line.
    skipped: skipped
      .map((test) => ({ name: test.fullName, reason: reasonOf(test) }))
      .filter(({ reason }) => !selects || reason !== NO_REASON),
  };
}

const NO_REASON = "no reason given";

function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  return note ?? (test.options.mode === "todo" ? "still to be written" : NO_REASON);
}
