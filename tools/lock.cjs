"use strict";
// One run at a time installs and builds in a folder.
const fs = require("node:fs");
const path = require("node:path");

const RETRY = 500;

/**
 * Waits until no other run in this folder holds the lock, and holds it during the work.
 * @template T
 * @param {string} root
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function whileLocked(root, work) {
  const lock = path.join(root, ".preparing");
  for (let tries = 1; !take(lock); tries += 1) {
    if (tries % 10 === 2) console.error(`Waiting for another run that installs or builds here (if there is none, delete ${lock}) …`);
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
  const release = () => fs.rmSync(lock, { force: true });
  process.on("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}

/** The lock is a file with its holder's process id. If that one is gone, the lock is removed: the next try may take it. */
function take(/** @type {string} */ lock) {
  try {
    fs.writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    if (isAbandoned(lock)) fs.rmSync(lock, { force: true });
    return false;
  }
}

function isAbandoned(/** @type {string} */ lock) {
  try {
    // Empty between its holder's making it and writing to it, unless that was long ago.
    const holder = Number(fs.readFileSync(lock, "utf8"));
    if (holder === 0) return Date.now() - fs.statSync(lock).mtimeMs > 10 * RETRY;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    // ENOENT: released meanwhile. EPERM: somebody else's process, alive.
    return errorCode(error) === "ESRCH";
  }
}

function errorCode(/** @type {unknown} */ error) {
  return /** @type {NodeJS.ErrnoException} */ (error).code;
}

module.exports = { whileLocked };
