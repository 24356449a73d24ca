"use strict";
// The nginx for the tests of deploy/: the machine's own, else the one that tools/fetch-nginx.cjs has unpacked.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

const PROGRAM = path.join("usr", "sbin", "nginx");
const UNPACKED = path.join(__dirname, "..", "node_modules", ".cache", "coatcheck-nginx");

function works(/** @type {string} */ file) {
  return process.platform !== "win32" && fs.existsSync(file) && spawnSync(file, ["-v"]).status === 0;
}

/** @returns {string | null} The path of an nginx, or null if there is none. */
module.exports = function findNginx() {
  const given = process.env["TEST_NGINX"];
  const onPath = (process.env["PATH"] ?? "").split(path.delimiter).map((folder) => path.join(folder, "nginx"));
  return [...(given ? [given] : []), ...onPath, path.join(path.sep, PROGRAM), path.join(UNPACKED, PROGRAM)].find(works) ?? null;
};
