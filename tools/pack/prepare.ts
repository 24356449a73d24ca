// `npm pack` runs this first, after the build: puts beside the package's own files what stands at the root of the repository, and leaves in the
// build only what has a source. Everything it writes is the same each time, so that two packs at once do not disturb each other.
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { readPackages } from "../lock/packages.ts";
import { billOfMaterials, unfitLicences } from "./sbom.ts";

const PACKAGE = "packages/coatcheck";

function put(path: string, text: string): void {
  const file = join(PACKAGE, path);
  mkdirSync(dirname(file), { recursive: true });
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) writeFileSync(file, text);
}

/** The compiler leaves what it made of a source that is gone. */
function removeOrphans(): void {
  const sources = new Set(globSync("**/*.ts", { cwd: join(PACKAGE, "src") }).map((name) => name.replace(/\.ts$/, "")));
  for (const made of globSync("**/*.{js,d.ts,js.map,d.ts.map}", { cwd: join(PACKAGE, "dist") })) {
    if (!sources.has(made.replace(/\.(js|d\.ts)(\.map)?$/, ""))) rmSync(join(PACKAGE, "dist", made));
  }
}

/** Where something is tested is said for those who have the repository: in the package it is a name, and no link to what did not come along. */
function packed(text: string): string {
  return text.replaceAll(/\[([^\]]+)\]\(\.\.\/packages\/[^)]*\)/g, "`$1`");
}

const bill = billOfMaterials(readPackages(), PACKAGE, "coatcheck");
const unfit = unfitLicences(bill);
for (const line of unfit) console.error(line);
if (unfit.length > 0) process.exit(1);

removeOrphans();
const documents = globSync(["README.md", "CHANGELOG.md", "SECURITY.md", "docs/*.md"]);
for (const path of documents) put(path, packed(readFileSync(path, "utf8")));
for (const old of globSync("docs/*.md", { cwd: PACKAGE })) if (!documents.includes(old)) rmSync(join(PACKAGE, old));
put("sbom.cdx.json", `${JSON.stringify(bill, null, 2)}\n`);
