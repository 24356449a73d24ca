// Checks that the lock file can be installed on every platform. npm leaves out what the machine that wrote it doesn't need when there is a
// node_modules beside it, and `npm ci` refuses such a file from npm 11 on (https://github.com/npm/cli/issues/4828).
import { readFileSync } from "node:fs";

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
  readonly link?: boolean;
}

/** What is wrong with the packages of a lock file, one line each. */
function problems(packages: Readonly<Record<string, Locked>>): string[] {
  return Object.entries(packages).flatMap(([place, locked]) => [
    ...Object.keys(locked.optionalDependencies ?? {})
      .filter((name) => !isLocked(packages, place, name))
      .map((name) => `${place} has the optional dependency ${name}, which is not in the lock file`),
    ...(locked.resolved === undefined || locked.link === true ? [] : [`${place} records the address it was downloaded from`]),
  ]);
}

/** Whether a package at a place finds another: in its own node_modules, or in one above. */
function isLocked(packages: Readonly<Record<string, Locked>>, place: string, name: string): boolean {
  if (`${place === "" ? "" : `${place}/`}node_modules/${name}` in packages) return true;
  return place !== "" && isLocked(packages, place.slice(0, Math.max(0, place.lastIndexOf("/node_modules/"))), name);
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { readonly packages: Readonly<Record<string, Locked>> };
const found = problems(lock.packages);
for (const problem of found) console.error(problem);
if (found.length > 0) {
  console.error("Mend: remove package-lock.json and node_modules, then npm install --package-lock-only, then npm ci.");
  process.exitCode = 1;
}
