"use strict";
// Gets an nginx where there is none: the package of Debian or Ubuntu, unpacked into a folder of ours and not installed.
const fs = require("node:fs");
const path = require("node:path");
const { quietly } = require("./child.cjs");
const findNginx = require("./nginx.cjs");

const FOLDER = path.join(__dirname, "..", "node_modules", ".cache", "coatcheck-nginx");

function mayFetch() {
  const release = process.platform === "linux" && fs.existsSync("/etc/os-release") ? fs.readFileSync("/etc/os-release", "utf8") : "";
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/** Needs no right of root's, unless the lists of packages are missing. */
async function fetchNginx() {
  const options = { cwd: FOLDER, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const download = () => quietly("Fetching nginx for the tests of deploy/ (apt-get download)", "apt-get", ["download", "nginx"], options);
  const update = () => quietly("Looking for nginx (apt-get update)", "apt-get", ["update"], options);
  fs.mkdirSync(FOLDER, { recursive: true });
  if (!(await download()) && !(process.getuid?.() === 0 && (await update()) && (await download()))) return false;
  const archive = fs.readdirSync(FOLDER).find((name) => name.endsWith(".deb"));
  return archive !== undefined && (await quietly("Unpacking nginx (dpkg)", "dpkg", ["-x", archive, "."], options));
}

/** @returns {Promise<string | null>} The path of an nginx, or null if there is none and none could be had. */
module.exports = async function ensureNginx() {
  const found = findNginx();
  if (found !== null || !mayFetch()) return found;
  return (await fetchNginx()) ? findNginx() : null;
};
