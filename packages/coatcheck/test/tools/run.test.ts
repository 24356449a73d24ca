import { spawn } from "node:child_process";
import { delimiter } from "node:path";
import { describe, expect, it } from "vitest";
import type { TestContext } from "vitest";
import { FakeProject, isAlive, NODE_PACKAGE, running, WINDOWS } from "./project.ts";
import type { Running } from "./project.ts";

/** An npm that installs as far as the tools look, and notes its arguments. */
const INSTALLING_NPM = `
const fs = require("node:fs");
fs.appendFileSync("npm-calls", process.argv.slice(2).join(" ") + "\\n");
fs.mkdirSync("node_modules/typescript/bin", { recursive: true });
fs.writeFileSync("node_modules/typescript/bin/tsc", "");
fs.writeFileSync("node_modules/.package-lock.json", "{}");
`;

interface Ready {
  readonly pid: number;
  readonly args: readonly string[];
  readonly path: string;
}

async function ready(run: Running): Promise<Ready> {
  const [, json = ""] = await run.printed(/^ready (.*)$/m);
  return JSON.parse(json) as Ready;
}

const needsSignals = ({ skip }: TestContext): void => skip(WINDOWS, "Windows has no signals to pass on");

describe("starting", () => {
  it("passes arguments on and puts the Node that it runs first on the PATH", async () => {
    const project = new FakeProject();
    const folder = project.bundleNode();
    const run = project.start(["start", "--port", "4000", "an argument"]);
    const { args, path } = await ready(run);
    expect(args).toEqual(["serve", "--port", "4000", "an argument"]);
    expect(path.split(delimiter)[0]).toBe(folder);
  });

  it("builds first, and starts nothing when that fails", async () => {
    const project = new FakeProject();
    project.write("node_modules/typescript/bin/tsc", `console.log("tsc " + process.argv.slice(2).join(" ")); process.exit(2);`);
    expect(await project.run(["start"])).toEqual({ status: 1, stdout: "tsc -b packages/coatcheck\n", stderr: "" });
  });

  it("passes the exit status on", async () => {
    const project = new FakeProject();
    project.write("packages/coatcheck/bin/coatcheck.cjs", "process.exit(23);");
    expect(await project.run(["start"])).toEqual({ status: 23, stdout: "", stderr: "" });
  });

  it("says what there is, to a name that it does not know", async () => {
    for (const args of [[], ["sing"], ["constructor"]]) {
      const { status, stderr } = await new FakeProject().run(args);
      expect({ status, stderr }).toEqual({
        status: 2,
        stderr: "Usage: node tools/run.cjs start|test|build|check|format|docs|prepack|cut|soak|bench [arguments]\n",
      });
    }
  });

  it("says that a program is missing instead of passing it by", async () => {
    const { status, stderr } = await new FakeProject().run(["soak"]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "There is nothing to run yet: packages/coatcheck/test/soak/index.ts is missing.\n",
    });
  });
});

describe("ending", () => {
  it.for(["SIGTERM", "SIGINT"] as const)("passes %s on, waits, and leaves no process", async (signal, context) => {
    needsSignals(context);
    const run = new FakeProject().start(["start"]);
    const { pid } = await ready(run);
    run.process.kill(signal);
    const { status, stdout } = await run.ended;
    expect(stdout).toContain(`got ${signal}`);
    expect(status).toBe(7);
    expect(isAlive(pid)).toBe(false);
  });

  it("gives the status of a shell for a child that died of a signal", async (context) => {
    needsSignals(context);
    const run = new FakeProject().start(["start"]);
    process.kill((await ready(run)).pid, "SIGKILL");
    expect((await run.ended).status).toBe(128 + 9);
  });

  it.for([
    ["dies of it", ""],
    ["finishes all the same", `process.on("SIGTERM", () => process.exit(0));`],
  ] as const)("ends by a signal during the build, and starts nothing after, when the compiler %s", async ([, handler], context) => {
    needsSignals(context);
    const project = new FakeProject();
    project.write("node_modules/typescript/bin/tsc", `${handler} setInterval(() => {}, 1_000); console.log("building");`);
    const run = project.start(["start"]);
    await run.printed(/building/);
    run.process.kill("SIGTERM");
    expect(await run.ended).toEqual({ status: 128 + 15, stdout: "building\n", stderr: "" });
    expect(project.read(".preparing")).toBeNull();
  });

  it("ends by a signal during the install, and the next run installs anew", async (context) => {
    needsSignals(context);
    const project = new FakeProject();
    project.remove("node_modules");
    project.npm("setInterval(() => {}, 1_000);");
    const run = project.start(["start"]);
    await run.printed(/Installing/);
    run.process.kill("SIGTERM");
    expect(await run.ended).toEqual({ status: 128 + 15, stdout: "", stderr: "Installing packages (npm ci) …\n" });
    project.npm(INSTALLING_NPM);
    expect((await project.run(["build"])).status).toBe(0);
    expect(project.read("npm-calls")).not.toBeNull();
  });

  it("leaves no process when it is killed outright", async (context) => {
    needsSignals(context);
    const run = new FakeProject().start(["start"]);
    await ready(run);
    run.process.kill("SIGKILL");
    // Comes only when the server, which shares its output, is gone as well.
    expect((await run.ended).stdout).toContain("got SIGTERM");
  });

  it("leaves no process when the npm that started it is killed outright, though npm's shell lives on", async (context) => {
    needsSignals(context);
    const project = new FakeProject();
    const script = "node tools/run.cjs start";
    const program = `require("node:child_process").spawn("sh", ["-c", "${script}"], { stdio: "inherit" }).unref();`;
    const env = project.environment({ npm_lifecycle_event: "start", npm_lifecycle_script: script });
    const npm = running(spawn(process.execPath, ["-e", `${program} setInterval(() => {}, 1_000);`], { cwd: project.root, env }));
    await ready(npm);
    npm.process.kill("SIGKILL");
    expect((await npm.ended).stdout).toContain("got SIGTERM");
  });
});

describe("installing", () => {
  const CALL = "ci --ignore-scripts --include=dev --include=optional --engine-strict=false --no-audit --no-fund --loglevel=error\n";

  it("does not, when node_modules is as new as the lock file", async () => {
    expect(await new FakeProject().run(["build"])).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it.for([
    ["node_modules is missing", (project: FakeProject) => project.remove("node_modules")],
    ["an install was cut off", (project: FakeProject) => project.remove("node_modules/.package-lock.json")],
    ["the lock file is newer", (project: FakeProject) => project.date("package-lock.json", "2026-11-03")],
  ] as const)("does, without scripts, when %s", async ([, change]) => {
    const project = new FakeProject();
    project.npm(INSTALLING_NPM);
    change(project);
    const { status, stderr } = await project.run(["build"], { NODE_ENV: "production" });
    expect(status).toBe(0);
    expect(project.read("npm-calls")).toBe(CALL);
    expect(stderr).toMatch(/^Installing packages \(npm ci\) …\nInstalling packages \(npm ci\): done in \d+ s\n$/);
    expect((await project.run(["build"])).stderr).toBe("");
  });

  it("uses the npm that started it", async () => {
    const project = new FakeProject();
    project.remove("node_modules");
    project.write("elsewhere/npm-cli.js", INSTALLING_NPM);
    expect((await project.run(["build"], { npm_execpath: `${project.root}/elsewhere/npm-cli.js` })).status).toBe(0);
    expect(project.read("npm-calls")).toBe(CALL);
  });

  it("shows why it failed, without the host that it asked, and goes no further", async () => {
    const project = new FakeProject();
    project.remove("node_modules");
    project.npm(
      `console.error("npm error request to https://packages.example.org/jose failed: ENOTFOUND packages.example.org"); process.exit(1);`,
    );
    const { status, stdout, stderr } = await project.run(["start"]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("npm error request to https://…/jose failed: ENOTFOUND …");
    expect(stderr).not.toContain("example.org");
  });

  it("is done once when two runs need it at once", async () => {
    const project = new FakeProject();
    project.remove("node_modules");
    project.npm(`${INSTALLING_NPM} const wait = setInterval(() => fs.existsSync("go") && clearInterval(wait), 20);`);
    const runs = [project.start(["build"]), project.start(["build"])];
    await Promise.race(runs.map((run) => run.printed(/Waiting for another run that installs or builds here/)));
    project.write("go", "");
    expect((await Promise.all(runs.map((run) => run.ended))).map(({ status }) => status)).toEqual([0, 0]);
    expect(project.read("npm-calls")).toBe(CALL);
    expect(project.read(".preparing")).toBeNull();
  });

  it("does not wait for a run that died", async () => {
    const project = new FakeProject();
    const dead = spawn(process.execPath, ["-e", ""]);
    await running(dead).ended;
    project.write(".preparing", String(dead.pid));
    expect((await project.run(["build"])).status).toBe(0);
  });
});

describe("choosing a Node", () => {
  const ON = `${process.platform}-${process.arch}`;
  const MESSAGE = `Coatcheck needs Node 22.18 or later: this is 20.11.0, and the repository brings none that runs on this ${ON}. Install Node 24 and try again.\n`;

  it("takes the bundled one on a machine whose own is too old", async () => {
    const project = new FakeProject();
    const folder = project.bundleNode();
    const { path } = await ready(project.start(["start"], { oldNode: true }));
    expect(path.split(delimiter)[0]).toBe(folder);
  });

  it("refuses in one line, before installing, where none is bundled", async () => {
    const project = new FakeProject();
    project.remove("node_modules");
    project.write("package.json", JSON.stringify({ optionalDependencies: { "node-other-cpu": "24.0.0" } }));
    expect(await project.run(["start"], { oldNode: true })).toEqual({ status: 1, stdout: "", stderr: MESSAGE });
  });

  it("refuses in the same line where the bundled one did not come or does not start", async () => {
    const project = new FakeProject();
    expect(await project.run(["start"], { oldNode: true })).toEqual({ status: 1, stdout: "", stderr: MESSAGE });
    project.write(`node_modules/${NODE_PACKAGE}/bin/${WINDOWS ? "node.exe" : "node"}`, "not a program");
    expect(await project.run(["start"], { oldNode: true })).toEqual({ status: 1, stdout: "", stderr: MESSAGE });
  });
});
