// Checks that the lock file can be installed on every platform. npm leaves out what the machine that wrote it doesn't need when there is a
// node_modules beside it, and `npm ci` refuses such a file from npm 11 on (https://github.com/npm/cli/issues/4828).
import { placeOf, readPackages } from "./lock/packages.ts";
import type { Packages } from "./lock/packages.ts";

/** What is wrong with the packages of a lock file, one line each. */
function problems(packages: Packages): string[] {
  return Object.entries(packages).flatMap(([place, locked]) => [
    ...Object.keys(locked.optionalDependencies ?? {})
      .filter((name) => placeOf(packages, place, name) === null)
      .map((name) => `${place} has the optional dependency ${name}, which is not in the lock file`),
    ...(locked.resolved === undefined || locked.link === true ? [] : [`${place} records the address it was downloaded from`]),
  ]);
}

const found = problems(readPackages());
for (const problem of found) console.error(problem);
if (found.length > 0) {
  console.error("Mend: remove package-lock.json and node_modules, then npm install --package-lock-only, then npm ci.");
  process.exitCode = 1;
}
