import { spawn } from "node:child_process";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FakeProject, REPOSITORY, running, WINDOWS } from "./project.ts";
import type { Environment, Outcome } from "./project.ts";

const BROWSER = "/somewhere/chromium";

/** What could be had, or null. */
interface Programs {
  readonly chromium?: string | null;
  readonly nginx?: string | null;
}

/** The runner is a program of ours, or the real one if that is null. */
function projectWith(runner: string | null, { chromium = BROWSER, nginx = "/somewhere/nginx" }: Programs = {}): FakeProject {
  const project = new FakeProject();
  project.write("tools/chromium.cjs", `module.exports = async () => ${JSON.stringify(chromium)};`);
  project.write("tools/fetch-nginx.cjs", `module.exports = async () => ${JSON.stringify(nginx)};`);
  if (runner !== null) project.write("node_modules/vitest/vitest.mjs", runner);
  else symlinkSync(join(REPOSITORY, "node_modules", "vitest"), join(project.root, "node_modules", "vitest"), "junction");
  return project;
}

const lastLine = ({ stdout }: Outcome): string | undefined => stdout.trimEnd().split("\n").at(-1);

describe("npm test", () => {
  const ONE_PASSED = `
    import { writeFileSync } from "node:fs";
    console.log(process.argv.slice(2).join(" "), process.env.TEST_CHROMIUM, process.env.TEST_NGINX);
    writeFileSync(process.env.TEST_COUNTS, JSON.stringify({ passed: 1, failed: 0, skipped: [] }));
  `;

  it("counts what passed, a failing test, a file that does not load, a broken hook, an error outside any test, and skips with their reasons", async () => {
    const project = projectWith(null);
    const files = {
      good: `import { expect, it } from "vitest"; it("holds", () => expect(1).toBe(1));`,
      bad: `import { expect, it } from "vitest"; it("does not hold", () => expect(1).toBe(2)); it("holds", () => expect(1).toBe(1));`,
      unloadable: `import "./missing.ts"; import { it } from "vitest"; it("never runs", () => {});`,
      hook: `import { afterAll, describe, it } from "vitest"; describe("group", () => { afterAll(() => { throw new Error("no"); }); it("runs", () => {}); });`,
      stray: `import { it } from "vitest"; it("leaves a promise", async () => { void Promise.reject(new Error("stray")); await new Promise(setImmediate); });`,
      skips: `import { describe, it } from "vitest";
        describe("group", () => it("noted", ({ skip }) => skip("the moon is full")));
        it.skip("plain", () => {});
        it.todo("later");`,
    };
    for (const [name, text] of Object.entries(files)) project.write(`test/${name}.test.ts`, text);
    const { status, stdout } = await project.run(["test", "--no-isolate"]);
    expect(stdout.split("\n").slice(-5)).toEqual([
      "Skipped: group > noted (the moon is full)",
      "Skipped: plain (no reason given)",
      "Skipped: later (still to be written)",
      "4 passed, 4 failed, 3 skipped",
      "",
    ]);
    expect(status).toBe(1);
  });

  it("says nothing of tests that -t does not select", async () => {
    const project = projectWith(null);
    project.write("test/two.test.ts", `import { it } from "vitest"; it("one", () => {}); it("other", () => {});`);
    const { status, stdout } = await project.run(["test", "-t", "other"]);
    expect(stdout.endsWith("\n1 passed, 0 failed\n")).toBe(true);
    expect(status).toBe(0);
  });

  it("passes arguments on to the runner, and tells the tests where the browser and nginx are", async () => {
    const { status, stdout } = await projectWith(ONE_PASSED).run(["test", "--bail", "1", "a folder"]);
    expect(stdout).toMatch(
      /^Fuzzing from seed (\d+) \(again: FUZZ_SEED=\1 npm test -- fuzz\)\nrun --reporter=default \S.*counts-reporter\.ts --no-color --bail 1 a folder \/somewhere\/chromium \/somewhere\/nginx\n1 passed, 0 failed\n$/,
    );
    expect(status).toBe(0);
  });

  it.for([
    ["ends without counts", "process.exit(3);", 3, "0 passed, 1 failed"],
    ["fails though no test did", `${ONE_PASSED} process.exit(1);`, 1, "1 passed, 1 failed"],
    ["forgets its exit status", ONE_PASSED.replace("failed: 0", "failed: 2"), 1, "1 passed, 2 failed"],
  ] as const)("fails when the runner %s", async ([, runner, status, last]) => {
    const outcome = await projectWith(runner).run(["test"]);
    expect({ status: outcome.status, last: lastLine(outcome) }).toEqual({ status, last });
  });

  it.for([
    ["found what was planted and nothing else", 0, "1 passed, 0 failed"],
    ["found a secret, or not what was planted", 1, "1 passed, 1 failed"],
  ] as const)("has all that the tests wrote searched for secrets, before the counts: %s", async ([, status, last]) => {
    const project = projectWith(ONE_PASSED);
    project.write(
      "packages/coatcheck/test/canary/search.ts",
      `console.log("canary in", process.env.TEST_CANARY); process.exit(${status});`,
    );
    const outcome = await project.run(["test"]);
    expect(outcome.stdout).toMatch(/\ncanary in \S+canary\n1 passed/);
    expect({ status: outcome.status, last: lastLine(outcome) }).toEqual({ status, last });
  });

  it.for<[string, Environment, string, number]>([
    ["a note on a person's machine", {}, "1 passed, 0 failed", 0],
    ["a failure on a build server", { CI: "true" }, "1 passed, 2 failed", 1],
  ])("makes a missing program %s", async ([, environment, last, status]) => {
    const outcome = await projectWith(ONE_PASSED, { chromium: null, nginx: null }).run(["test"], environment);
    expect(outcome.stdout).toMatch(/\nNot run: what needs a browser\. Mend: install Chromium/);
    expect(outcome.stdout).toMatch(/\nNot run: what needs nginx\. Mend: install it/);
    expect({ status: outcome.status, last: lastLine(outcome) }).toEqual({ status, last });
  });
});

describe(".ci/run", () => {
  /** Runs it with an npm that does what the programs say. */
  function ci(check: string, test: string): Promise<Outcome> {
    const project = new FakeProject();
    cpSync(join(REPOSITORY, ".ci", "run"), join(project.root, ".ci", "run"));
    project.npm(`
      console.log("npm", ...process.argv.slice(2), process.env.CI);
      if (process.argv[2] === "test") { ${test} } else { ${check} }
    `);
    return running(spawn("bash", [join(project.root, ".ci", "run")], { env: project.environment() })).ended;
  }

  const COUNTS = `console.log("12 passed, 0 failed");`;

  it.for<[string, string, string, number, string]>([
    ["passes when both do", "", COUNTS, 0, "12 passed, 0 failed"],
    ["fails with the checks, and runs the tests all the same", "process.exit(1);", COUNTS, 1, "12 passed, 0 failed"],
    [
      "fails with the tests, whose line is last whatever npm says",
      "",
      `console.log("1 passed, 1 failed"); console.error("npm error!"); process.exit(1);`,
      1,
      "1 passed, 1 failed",
    ],
    ["knows skips", "", `console.log("1 passed, 0 failed, 2 skipped");`, 0, "1 passed, 0 failed, 2 skipped"],
    ["says that something failed when there is no count", "", "process.exit(1);", 1, "0 passed, 1 failed"],
  ])("%s", async ([, check, test, status, last], { skip }) => {
    skip(WINDOWS, "Windows has no bash");
    const outcome = await ci(check, test);
    expect(outcome.stdout).toContain("npm run check true\n");
    expect(outcome.stdout).toContain("npm test true\n");
    expect({ status: outcome.status, last: lastLine(outcome) }).toEqual({ status, last });
  });
});
