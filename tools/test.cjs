"use strict";
// `npm test`: gets what the tests need, runs them, and says last how many passed and failed.
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const ensureChromium = require("./chromium.cjs");
const ensureNginx = require("./fetch-nginx.cjs");
const postgresPrograms = require("./postgres.cjs");

/** @typedef {import("./counts-reporter.ts").Counts} Counts */

const NO_CHROMIUM =
  "Not run: what needs a browser. Mend: install Chromium (Debian, Ubuntu: apt-get install chromium), or set TEST_CHROMIUM to its path.";

const NO_POSTGRES =
  "Not run: what needs a PostgreSQL server. Mend: install one (Debian, Ubuntu: apt-get install postgresql), or set TEST_POSTGRES to the folder of its programs.";

const NO_NGINX = "Not run: what needs nginx. Mend: install it (Debian, Ubuntu: apt-get install nginx), or set TEST_NGINX to its path.";

/** Looks for every secret that the tests minted in everything that they wrote. */
const CANARY = "packages/coatcheck/test/canary/search.ts";

/** @type {import("./run.cjs").Script} */
module.exports = async function test({ root, node }, args) {
  const chromium = await ensureChromium();
  const nginx = await ensureNginx();
  const had = /** @type {const} */ ([
    [chromium, NO_CHROMIUM],
    [postgresPrograms(), NO_POSTGRES],
    [nginx, NO_NGINX],
  ]);
  const missing = had.filter(([program]) => program === null).map(([, mend]) => mend);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "coatcheck-test-"));
  try {
    const file = path.join(folder, "counts.json");
    const collected = path.join(folder, "canary");
    fs.mkdirSync(collected);
    const reporter = path.join(root, "tools", "counts-reporter.ts");
    // One seed for everything that is tried at random, so that a failure can be had again.
    const seed = process.env["FUZZ_SEED"] ?? String(Date.now() % 2 ** 31);
    console.log(`Fuzzing from seed ${seed} (again: FUZZ_SEED=${seed} npm test -- fuzz)`);
    const options = ["--reporter=default", `--reporter=${reporter}`, ...(process.stdout.isTTY ? [] : ["--no-color"])];
    const status = await node(["node_modules/vitest/vitest.mjs", "run", ...options, ...args], {
      TEST_COUNTS: file,
      FUZZ_SEED: seed,
      ...(chromium === null ? {} : { TEST_CHROMIUM: chromium }),
      ...(nginx === null ? {} : { TEST_NGINX: nginx }),
      TEST_CANARY: collected,
    });
    const leaks = fs.existsSync(path.join(root, CANARY)) ? await node([CANARY], { TEST_CANARY: collected }) : 0;
    const counts = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : null;
    return conclude(status, counts, { missing, leaked: leaks !== 0 });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
};

/** Prints what was not run, and the counts as the very last line. @returns the exit status. */
function conclude(
  /** @type {number} */ status,
  /** @type {Counts | null} */ counts,
  /** @type {{ missing: readonly string[], leaked: boolean }} */ { missing, leaked },
) {
  const { passed, skipped } = counts ?? { passed: 0, skipped: [] };
  let failed = counts?.failed ?? 0;
  if (status !== 0 && failed === 0) {
    console.log(`The test runner itself failed, with status ${status}.`);
    failed = 1;
  }
  if (leaked) failed += 1;
  // On a build server nobody reads what was not run: there it is a failure.
  if (process.env["CI"] === "true") failed += missing.length;
  for (const { name, reason } of skipped) console.log(`Skipped: ${name} (${reason})`);
  for (const line of missing) console.log(line);
  console.log(`${passed} passed, ${failed} failed${skipped.length === 0 ? "" : `, ${skipped.length} skipped`}`);
  return failed === 0 ? 0 : status || 1;
}
