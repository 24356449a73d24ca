// `npm pack` of a package that is one door of the built tree runs this first: it takes from the build what that door reaches, and nothing else. What it writes is
// the same each time. Usage: cut.ts <folder of the package> <entry, below the build's folder>
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { reachableFrom } from "../doors/graph.ts";
import type { Reached } from "../doors/graph.ts";

const TREE = "packages/coatcheck";

/** Whatever is built of one source: the module with its map, and the types with theirs. */
const modulesOf = (path: string): readonly string[] => [`dist/${path}`, `dist/${path}.map`];

/** The files of the tree that a door's user needs: its modules, their types, and the source of either. @returns paths below the package. */
export function filesOf(folder: string, entry: string): ReadonlySet<string> {
  const modules = reachableFrom(folder, entry).map(({ path }) => path);
  const types = reachableFrom(folder, entry.replace(/\.js$/, ".d.ts"), typesAt).map(({ path }) => path);
  const sources = [...modules.map((path) => path.replace(/\.js$/, ".ts")), ...types.map((path) => path.replace(/\.d\.ts$/, ".ts"))];
  return new Set([...[...modules, ...types].flatMap(modulesOf), ...sources.map((path) => `src/${path}`)]);
}

/** Declarations name the sources that they were made from. */
const typesAt = (path: string): Reached["path"] => path.replace(/(?<!\.d)\.ts$/, ".d.ts");

function cut(place: string, entry: string): void {
  const files = filesOf(join(TREE, "dist"), entry);
  for (const old of globSync(["dist/**/*.*", "src/**/*.*"], { cwd: place }))
    if (!files.has(old.split(sep).join("/"))) rmSync(join(place, old), { recursive: true });
  for (const path of files) {
    const file = join(place, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, readFileSync(join(TREE, path)));
  }
}

if (import.meta.main) {
  const [place, entry] = process.argv.slice(2);
  if (place === undefined || entry === undefined) throw new Error("usage: cut.ts <folder of the package> <entry>");
  cut(place, entry);
}
