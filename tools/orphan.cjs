"use strict";
// Preloaded: ends this process, as SIGTERM would, once whoever started it is gone without having passed a signal on.
const fs = require("node:fs");
const { isMainThread } = require("node:worker_threads");

const script = process.env["npm_lifecycle_script"];

/** Our parent; and npm, if our parent is the shell in between, which outlives an npm that was killed outright. */
function ancestors() {
  const parent = process.ppid;
  const isShellOfNpm = script !== undefined && proc(parent, "cmdline").includes(script);
  return isShellOfNpm ? `${parent} of ${parentOf(parent)}` : `${parent}`;
}

/** The fourth field of /proc/<pid>/stat; the second is the program's name, in parentheses, and may hold anything. */
function parentOf(/** @type {number} */ pid) {
  return proc(pid, "stat").split(")").at(-1)?.trim().split(" ")[1];
}

function proc(/** @type {number} */ pid, /** @type {string} */ file) {
  try {
    return fs.readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return ""; // No such process any more, or a system without /proc.
  }
}

// On Windows Node's children end with their parent anyway, and to ask for it is slow.
if (isMainThread && process.platform !== "win32") {
  const first = ancestors();
  setInterval(() => ancestors() === first || process.kill(process.pid, "SIGTERM"), 200).unref();
}
