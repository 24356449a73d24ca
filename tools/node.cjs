"use strict";
// Which Node the repository runs on: the one that it installs as a plain package, or the machine's own if that is new enough.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

/** The first that reads TypeScript as it stands (type stripping without a flag). */
const OLDEST = { major: 22, minor: 18 };
const PACKAGE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

function ownIsGood() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  return major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor);
}

/** @returns {string | null} The path of an executable. */
function findNode(/** @type {string} */ root) {
  // By its path and not by node_modules/.bin/node, which npm 10 does not link.
  const bundled = path.join(root, "node_modules", PACKAGE, "bin", process.platform === "win32" ? "node.exe" : "node");
  // It is there and does not start where the C library is another one, as on Alpine.
  if (fs.existsSync(bundled) && spawnSync(bundled, ["--version"]).status === 0) return bundled;
  return ownIsGood() ? process.execPath : null;
}

/** Whether there is a Node for this machine, or will be after an install. */
function mayFindNode(/** @type {string} */ root) {
  const { optionalDependencies = {} } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  return ownIsGood() || Object.hasOwn(optionalDependencies, PACKAGE);
}

const NO_NODE =
  `Coatcheck needs Node ${OLDEST.major}.${OLDEST.minor} or later: this is ${process.versions.node}, ` +
  `and the repository brings none that runs on this ${process.platform}-${process.arch}. Install Node 24 and try again.`;

module.exports = { findNode, mayFindNode, NO_NODE };
