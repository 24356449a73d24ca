"use strict";
// The one door of every npm script: installs what is missing, finds a Node that is new enough, builds, and runs the script under that Node.
// It and what it requires are CommonJS without any dependency and run on Node 18 and up, since they run before anything is installed.
const fs = require("node:fs");
const path = require("node:path");
const { exitIfStopping, passSignals, run } = require("./child.cjs");
const check = require("./check.cjs");
const { install, needsInstall } = require("./install.cjs");
const { whileLocked } = require("./lock.cjs");
const { findNode, mayFindNode, NO_NODE } = require("./node.cjs");
const test = require("./test.cjs");

/**
 * What a script gets to work with.
 * @typedef {{ root: string, node: (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<number> }} Project
 * @typedef {(project: Project, args: readonly string[]) => Promise<number>} Script Resolves with the exit status.
 */

const TSC = "node_modules/typescript/bin/tsc";

/** @type {Record<string, { needsBuild: boolean, run: Script }>} */
const SCRIPTS = {
  start: { needsBuild: true, run: ({ node }, args) => node(["packages/coatcheck/bin/coatcheck.cjs", "serve", ...args]) },
  test: { needsBuild: true, run: test },
  build: { needsBuild: true, run: async () => 0 },
  check: { needsBuild: true, run: check },
  format: { needsBuild: false, run: ({ node }, args) => node(["node_modules/oxfmt/bin/oxfmt", ...args]) },
  docs: { needsBuild: true, run: ({ node }, args) => node(["tools/docs.ts", ...args]) },
  prepack: { needsBuild: true, run: program("tools/pack/prepare.ts") },
  cut: { needsBuild: true, run: program("tools/pack/cut.ts") },
  soak: { needsBuild: true, run: program("packages/coatcheck/test/soak/index.ts") },
  bench: { needsBuild: true, run: program("bench/index.ts") },
};

/** @returns {Script} */
function program(/** @type {string} */ file) {
  return async ({ root, node }, args) => {
    if (fs.existsSync(path.join(root, file))) return node([file, ...args]);
    console.error(`There is nothing to run yet: ${file} is missing.`);
    return 1;
  };
}

/** Installs and builds, one run at a time in this folder. @returns {Promise<Project | null>} null after saying what failed. */
async function prepare(/** @type {string} */ root, /** @type {boolean} */ needsBuild) {
  return whileLocked(root, async () => {
    // Asked first, so that nobody waits for an install that can't help.
    const hope = mayFindNode(root);
    if (hope && needsInstall(root) && !(await install(root))) return null;
    const executable = hope ? findNode(root) : null;
    if (executable === null) {
      console.error(NO_NODE);
      return null;
    }
    const PATH = path.dirname(executable) + path.delimiter + (process.env["PATH"] ?? "");
    /** @type {Project["node"]} */
    const node = (args, env = {}) => run(executable, args, { cwd: root, env: { ...process.env, ...env, PATH } });
    if (needsBuild && (await node([TSC, "-b", "packages/coatcheck"])) !== 0) return null;
    return { root, node };
  });
}

async function main(/** @type {readonly string[]} */ [name = "", ...args]) {
  const script = Object.hasOwn(SCRIPTS, name) ? SCRIPTS[name] : undefined;
  if (script === undefined) {
    console.error(`Usage: node tools/run.cjs ${Object.keys(SCRIPTS).join("|")} [arguments]`);
    return 2;
  }
  const project = await prepare(path.dirname(__dirname), script.needsBuild);
  if (project !== null) return script.run(project, args);
  exitIfStopping();
  return 1;
}

passSignals();
void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});
