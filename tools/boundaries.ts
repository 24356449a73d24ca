import { globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { RULES } from "./boundaries/rules.ts";
import { readSource } from "./boundaries/source.ts";

/** A place where a rule is broken. */
export interface Breach {
  /** Below the source folder, with `/`. */
  readonly path: string;
  readonly line: number;
  /** The import, the call or the comparison. */
  readonly what: string;
  readonly rule: string;
  readonly why: string;
}

/** Reads every TypeScript file below `folder` and holds it against every rule. @throws SyntaxError if one can't be read. */
export function findBreaches(folder: string): readonly Breach[] {
  const files = globSync("**/*.ts", { cwd: folder }).map((name) =>
    readSource(name.split(sep).join("/"), readFileSync(join(folder, name), "utf8")),
  );
  return files.flatMap((file) =>
    RULES.flatMap(({ name, why, broken }) => broken(file).map(({ line, what }) => ({ path: file.path, line, what, rule: name, why }))),
  );
}

if (import.meta.main) {
  const folder = "packages/coatcheck/src";
  const breaches = findBreaches(folder);
  for (const { path, line, what, rule, why } of breaches) console.error(`${folder}/${path}:${line}: ${what}: ${rule}: ${why}`);
  process.exitCode = breaches.length === 0 ? 0 : 1;
}
