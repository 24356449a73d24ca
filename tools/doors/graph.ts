import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { parseSync } from "oxc-parser";

/** A built module that a door pulls in, whether its user wants it or not. */
export interface Reached {
  /** Below the build's folder, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Packages and builtins that it imports. */
  readonly packages: readonly string[];
  /** The shortest way here from the door, itself included. */
  readonly chain: readonly string[];
}

/**
 * Everything that importing `entry` loads, by its static imports: what is imported only when it is used costs its user nothing before.
 * @param at where the file lies that an import names.
 */
export function reachableFrom(folder: string, entry: string, at: (path: string) => string = (path) => path): readonly Reached[] {
  const reached = new Map<string, Reached>();
  const queue: (readonly string[])[] = [[entry]];
  for (let chain = queue.shift(); chain !== undefined; chain = queue.shift()) {
    const path = chain.at(-1) as string;
    if (reached.has(path)) continue;
    const text = readFileSync(join(folder, path), "utf8");
    const imports = importsOf(path, text);
    reached.set(path, { path, text, chain, packages: imports.filter((name) => !name.startsWith(".")) });
    for (const name of imports) if (name.startsWith(".")) queue.push([...chain, at(posix.join(posix.dirname(path), name))]);
  }
  return [...reached.values()];
}

function importsOf(path: string, text: string): readonly string[] {
  const { module, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`${path}: ${error.message}`);
  const exported = module.staticExports.flatMap(({ entries }) => entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []));
  return [...new Set([...module.staticImports.map(({ moduleRequest }) => moduleRequest.value), ...exported])];
}
