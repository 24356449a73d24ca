// Holds the tables of errors against the code, both ways: what is thrown or answered is in a table, what is in a table is thrown or answered
// somewhere, and a `@throws {code}` names what its function can throw.
import { globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { ERRORS } from "../packages/coatcheck/src/core/errors.ts";
import { OAUTH_ERRORS } from "../packages/coatcheck/src/http/oauth-errors.ts";
import { readThrows } from "./codes/source.ts";
import type { Made, Throws } from "./codes/source.ts";

/** The two tables: the class that carries a code, and the codes that there are. */
export interface Tables {
  readonly [errorClass: string]: readonly string[];
}

/** What does not fit, one line each. */
export function findMismatches(files: readonly Throws[], tables: Tables): readonly string[] {
  const known = new Set(Object.values(tables).flat());
  return [
    ...Object.entries(tables).flatMap(([errorClass, codes]) => againstTable(files, errorClass, codes)),
    ...files.flatMap(({ path, tags }) =>
      tags.filter(({ code }) => !known.has(code)).map(({ line, code }) => `${path}:${line}: @throws {${code}} names no code of ours`),
    ),
    ...files.flatMap(({ path, untold }) =>
      untold
        .filter(({ code }) => known.has(code))
        .map(({ line, name, code }) => `${path}:${line}: ${name} throws ${code} and does not say so: add @throws {${code}}`),
    ),
  ];
}

function againstTable(files: readonly Throws[], errorClass: string, codes: readonly string[]): readonly string[] {
  const made = reachable(files, errorClass);
  return codes
    .filter((code) => !made.has(code))
    .map((code) => `${code} is in the table of ${errorClass}, and nothing throws or answers it`);
}

/**
 * Every text that a `new errorClass(…)` may get as its code, through the constants, functions and parameters that its argument names. That each is in
 * the table is for the types to say.
 */
function reachable(files: readonly Throws[], errorClass: string): ReadonlySet<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const left: (Made & { readonly path: string })[] = files.flatMap(({ path, made }) =>
    made.filter((it) => it.errorClass === errorClass).map((it) => ({ path, ...it })),
  );
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    for (const text of at.texts) found.add(text);
    for (const name of at.names) {
      if (seen.has(`${at.path} ${name}`)) continue;
      seen.add(`${at.path} ${name}`);
      left.push(...meanings(files, at.path, name));
    }
  }
  return found;
}

/** What a name in a file may stand for: the file's own, or what another exports. */
function meanings(files: readonly Throws[], where: string, name: string): readonly (Made & { readonly path: string })[] {
  const own = files.filter(({ path, values }) => path === where && values.has(name));
  const held = (own.length > 0 ? own : files.filter(({ values }) => values.has(name))).map(({ path, values }) => ({
    path,
    ...(values.get(name) as Made),
  }));
  return [...held, ...files.filter(({ path }) => path === where).flatMap(({ parameters }) => given(files, parameters, name))];
}

/** What the functions of a file are called with, where they have a parameter of that name. */
function given(files: readonly Throws[], parameters: Throws["parameters"], name: string): readonly (Made & { readonly path: string })[] {
  return [...parameters].flatMap(([called, names]) => {
    const at = names.indexOf(name);
    if (at === -1) return [];
    return files.flatMap(({ path, calls }) =>
      calls.filter((call) => call.name === called).flatMap((call) => (call.given[at] === undefined ? [] : [{ path, ...call.given[at] }])),
    );
  });
}

if (import.meta.main) {
  const folder = "packages/coatcheck/src";
  const files = globSync("**/*.ts", { cwd: folder }).map((name) =>
    readThrows(name.split(sep).join("/"), readFileSync(join(folder, name), "utf8")),
  );
  const mismatches = findMismatches(files, { CoatcheckError: Object.keys(ERRORS), OAuthError: Object.keys(OAUTH_ERRORS) });
  for (const mismatch of mismatches) console.error(mismatch);
  process.exitCode = mismatches.length === 0 ? 0 : 1;
}
