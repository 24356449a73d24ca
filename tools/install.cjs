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

/** @returns {Promise<boolean>} */
function install(/** @type {string} */ root) {
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
  // The npm that started us, run by its path: Windows has no npm that can be started without a shell.
  const npm = process.env["npm_execpath"];
  if (npm?.endsWith("npm-cli.js")) return quietly("Installing packages (npm ci)", process.execPath, [npm, ...args], options);
  return quietly("Installing packages (npm ci)", "npm", args, { ...options, shell: process.platform === "win32" });
}

module.exports = { needsInstall, install };
