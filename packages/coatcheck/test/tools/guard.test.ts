import { spawn } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FakeProject, REPOSITORY, running } from "./project.ts";
import type { Outcome } from "./project.ts";

/** Runs the command's entry in front of a program that says its arguments. */
function coatcheck(args: readonly string[], oldNode: boolean): Promise<Outcome> {
  const project = new FakeProject();
  const entry = join(project.root, "packages", "coatcheck", "bin", "coatcheck.cjs");
  cpSync(join(REPOSITORY, "packages", "coatcheck", "bin", "coatcheck.cjs"), entry);
  project.write("packages/coatcheck/package.json", `{ "type": "module" }`);
  project.write("packages/coatcheck/dist/cli/index.js", "console.log(...process.argv.slice(2)); process.exitCode = 2;");
  return running(spawn(process.execPath, [entry, ...args], { env: project.environment({ oldNode }) })).ended;
}

describe("the command's guard", () => {
  it("goes on to the command on a Node that is new enough", async () => {
    expect(await coatcheck(["user", "list"], false)).toEqual({ status: 2, stdout: "user list\n", stderr: "" });
  });

  it("says in one line what to do on one that is not, and imports nothing", async () => {
    expect(await coatcheck(["user", "list"], true)).toEqual({
      status: 1,
      stdout: "",
      stderr: "coatcheck needs Node 22.18 or later, and this is 20.11.0: install Node 24 and run it with that.\n",
    });
  });
});
