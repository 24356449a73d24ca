"use strict";
// The browser for the tests: the machine's own Chromium (or Chrome, or Edge), installed on Debian and Ubuntu where we may.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { quietly } = require("./child.cjs");

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Where it stands when it is not on the PATH. */
function usualPlaces() {
  const programs = [process.env["ProgramFiles"], process.env["ProgramFiles(x86)"]].filter((folder) => folder !== undefined);
  switch (process.platform) {
    case "win32":
      return ["Google\\Chrome\\Application\\chrome.exe", "Microsoft\\Edge\\Application\\msedge.exe"].flatMap((place) =>
        programs.map((folder) => path.join(folder, place)),
      );
    case "darwin":
      return ["Google Chrome", "Chromium", "Microsoft Edge"].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
    default:
      return ["/usr/lib/chromium/chromium", "/usr/bin/chromium"];
  }
}

function findChromium() {
  const given = process.env["TEST_CHROMIUM"];
  const onPath = (process.env["PATH"] ?? "").split(path.delimiter).flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  return [...(given ? [given] : []), ...onPath, ...usualPlaces()].find(works) ?? null;
}

/** Ubuntu's package is a script that asks for a snap. On Windows the question would open a window. */
function works(/** @type {string} */ file) {
  return fs.existsSync(file) && (process.platform === "win32" || spawnSync(file, ["--version"]).status === 0);
}

function mayInstall() {
  const release = process.platform === "linux" && fs.existsSync("/etc/os-release") ? fs.readFileSync("/etc/os-release", "utf8") : "";
  return process.getuid?.() === 0 && /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

/** @returns {Promise<string | null>} The path of a Chromium, or null if there is none and none could be had. */
module.exports = async function ensureChromium() {
  const found = findChromium();
  if (found !== null || !mayInstall()) return found;
  const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
  const installed =
    (await quietly("Looking for Chromium for the browser tests (apt-get update)", "apt-get", ["update"], options)) &&
    (await quietly("Installing Chromium (apt-get install)", "apt-get", ["install", "-y", "--no-install-recommends", "chromium"], options));
  return installed ? findChromium() : null;
};
