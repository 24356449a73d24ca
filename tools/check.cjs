"use strict";
// `npm run check`: everything that a machine can say about the code without running it. The build before it checks the types of src.

/** @type {readonly (readonly [what: string, command: readonly string[]])[]} */
const CHECKS = [
  ["format (mend: npm run format)", ["node_modules/oxfmt/bin/oxfmt", "--check"]],
  ["lint", ["node_modules/oxlint/bin/oxlint"]],
  ["types of the tests", ["node_modules/typescript/bin/tsc", "-p", "packages/coatcheck/test"]],
  [
    "types of the verifier, by the standards of the web alone",
    ["node_modules/typescript/bin/tsc", "-p", "packages/coatcheck/tsconfig.web.json"],
  ],
  ["types of tools and bench", ["node_modules/typescript/bin/tsc", "-p", "."]],
  ["unused code and dependencies", ["node_modules/knip/bin/knip.js", "--no-progress"]],
  ["boundaries between the layers", ["tools/boundaries.ts"]],
  ["codes of errors: thrown, documented and in the tables", ["tools/codes.ts"]],
  ["documents made from the code (mend: npm run docs)", ["tools/docs.ts", "--check"]],
  ["what each public door pulls in", ["tools/doors.ts"]],
  ["licences of what is shipped", ["tools/pack/sbom.ts"]],
  ["lock file for every platform", ["tools/lockfile.ts"]],
];

/** @type {import("./run.cjs").Script} */
module.exports = async function check({ node }) {
  const failed = [];
  for (const [what, command] of CHECKS) {
    console.log(`\n${what}`);
    if ((await node(command)) !== 0) failed.push(what);
  }
  console.log(failed.length === 0 ? "\nAll checks passed." : `\nFailed: ${failed.join("; ")}.`);
  return failed.length === 0 ? 0 : 1;
};
