"use strict";
// Children of tools/run.cjs: at most one at a time, which gets every signal that we get and never outlives us.
const { spawn } = require("node:child_process");
const { constants } = require("node:os");
const path = require("node:path");

/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const STEP = 5_000;

/** @type {import("node:child_process").ChildProcess | null} */
let current = null;
/** @type {NodeJS.Signals | null} */
let stopping = null;

const status = (/** @type {NodeJS.Signals} */ signal) => 128 + constants.signals[signal];

/** From now on a signal goes to the child; with no child it ends this process. */
function passSignals() {
  for (const signal of SIGNALS) process.on(signal, () => pass(signal));
  // npm's shell may die of a signal without passing it on.
  if (process.env["npm_lifecycle_event"] !== undefined) require("./orphan.cjs");
}

/** For the end of every step but the last, whose own status counts: a signal ends the whole run. */
function exitIfStopping() {
  if (stopping !== null) process.exit(status(stopping));
}

function pass(/** @type {NodeJS.Signals} */ signal) {
  const child = current;
  if (child === null) process.exit(status(signal));
  // What a terminal sends reaches its whole process group, and npm passes it on once more. A second Ctrl-C means "at once" to a child, so it
  // gets ours only if it did not notice; the server takes two that are so close for one.
  const byItself = signal !== "SIGTERM" && process.stdin.isTTY;
  if (stopping !== signal) setTimeout(() => child.kill(signal), byItself ? 300 : 0).unref();
  stopping = signal;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @param {(text: string) => void} [onOutput] Gets what it prints, which is passed through to ours otherwise.
 * @returns {Promise<number>} Exit status; 128 and the signal's number if it died of one.
 */
function start(command, args, options, onOutput) {
  exitIfStopping();
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: onOutput === undefined ? "inherit" : ["ignore", "pipe", "pipe"] });
    current = child;
    const end = (/** @type {number} */ code) => {
      current = null;
      resolve(code);
    };
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", onOutput ?? (() => {}));
    child.on("error", (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      end(1);
    });
    child.on("close", (code, signal) => end(signal === null ? (code ?? 1) : status(signal)));
  });
}

/** Runs Node in the foreground: its input and output are ours. */
function run(
  /** @type {string} */ node,
  /** @type {readonly string[]} */ args,
  /** @type {import("node:child_process").SpawnOptions} */ options,
) {
  return start(node, ["--require", path.join(__dirname, "orphan.cjs"), ...args], options);
}

/**
 * Runs a command whose output matters only if it fails, with a line every five seconds that says how long it has taken.
 * @param {string} what
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions} options
 * @returns {Promise<boolean>} Whether it succeeded; if not, the end of its output is on stderr.
 */
async function quietly(what, command, args, options) {
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1_000);
  let output = "";
  console.error(`${what} …`);
  const progress = setInterval(() => console.error(`${what} … ${seconds()} s`), STEP);
  const code = await start(command, args, options, (text) => (output = (output + text).slice(-4_000)));
  clearInterval(progress);
  exitIfStopping();
  if (code === 0) console.error(`${what}: done in ${seconds()} s`);
  else console.error(`${withoutHosts(output).trimEnd()}\n${what}: failed with status ${code} after ${seconds()} s`);
  return code === 0;
}

/** Which mirror or registry a machine uses is its own business: logs get copied into public places. */
function withoutHosts(/** @type {string} */ text) {
  const hosts = new Set(Array.from(text.matchAll(/\w+:\/\/([^\s/]+)/g), ([, host = ""]) => host));
  return [...hosts].reduce((rest, host) => rest.replaceAll(host, "…"), text);
}

module.exports = { passSignals, exitIfStopping, run, quietly };
