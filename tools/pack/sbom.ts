// The bill of materials of the package: everything that installing it brings along, from the lock file alone. The same lock file makes the same
// bytes, so there is no serial number and no time in it.
import { placeOf, readPackages } from "../lock/packages.ts";
import type { Locked, Packages } from "../lock/packages.ts";

/** CycloneDX 1.5, as far as we fill it in (https://cyclonedx.org/docs/1.5/json/). */
export interface Bill {
  readonly $schema: string;
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.5";
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

export interface Component {
  readonly type: "library";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  /** `optional`: binaries for one platform each, of which a machine installs its own. */
  readonly scope: "required" | "optional";
  readonly purl: string;
  readonly hashes: readonly { readonly alg: "SHA-512"; readonly content: string }[];
  readonly licenses: readonly ({ readonly license: { readonly id: string } } | { readonly expression: string })[];
}

/** Places by their package's place, with what each depends on. */
type Tree = Map<string, { readonly optional: boolean; readonly dependsOn: readonly string[] }>;

/** @param place of the package in the lock file. @throws Error if something that it needs is not in there. */
export function billOfMaterials(packages: Packages, place: string, name: string): Bill {
  const tree: Tree = new Map();
  walk(packages, tree, place, false);
  const component = (at: string): Component =>
    describe(at === place ? name : nameAt(at), packages[at] as Locked, tree.get(at)?.optional ?? false);
  const all = [...tree.keys()].map((at) => ({ at, component: component(at) }));
  all.sort((a, b) => (a.component["bom-ref"] < b.component["bom-ref"] ? -1 : 1));
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.5.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: component(place) },
    components: all.filter(({ at }) => at !== place).map((entry) => entry.component),
    dependencies: all.map(({ at, component: { "bom-ref": ref } }) => ({
      ref,
      dependsOn: (tree.get(at)?.dependsOn ?? []).map((needed) => component(needed)["bom-ref"]).sort(),
    })),
  };
}

function walk(packages: Packages, tree: Tree, place: string, optional: boolean): void {
  const seen = tree.get(place);
  // Once more for what was optional on the way there and is required on another.
  if (seen !== undefined && (!seen.optional || optional)) return;
  const { dependencies, peerDependencies, peerDependenciesMeta, optionalDependencies } = packages[place] as Locked;
  const peers = Object.keys(peerDependencies ?? {}).filter((name) => peerDependenciesMeta?.[name]?.optional !== true);
  const find = (name: string): string => placeOf(packages, place, name) ?? missing(place, name);
  const needed = [...Object.keys(dependencies ?? {}), ...peers].map(find);
  const able = Object.keys(optionalDependencies ?? {}).map(find);
  tree.set(place, { optional, dependsOn: [...needed, ...able] });
  for (const other of needed) walk(packages, tree, other, optional);
  for (const other of able) walk(packages, tree, other, true);
}

function missing(place: string, name: string): never {
  throw new Error(`${place} needs ${name}, which is not in the lock file: npm install --package-lock-only`);
}

function nameAt(place: string): string {
  return place.slice(place.lastIndexOf("node_modules/") + "node_modules/".length);
}

function describe(name: string, { version = "0.0.0", integrity, license }: Locked, optional: boolean): Component {
  return {
    type: "library",
    "bom-ref": `${name}@${version}`,
    name,
    version,
    scope: optional ? "optional" : "required",
    // https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    hashes: integrity?.startsWith("sha512-") === true ? [{ alg: "SHA-512", content: hex(integrity.slice("sha512-".length)) }] : [],
    licenses: license === undefined ? [] : [/[ ()]/.test(license) ? { expression: license } : { license: { id: license } }],
  };
}

const hex = (base64: string): string => Buffer.from(base64, "base64").toString("hex");

/** What may be shipped with an MIT package and used by anybody. */
const LICENCES: ReadonlySet<string> = new Set(["MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC"]);

/** One line for each component whose licence is none of those, or not said. */
export function unfitLicences({ components }: Bill): string[] {
  return components
    .map(({ "bom-ref": ref, licenses }) => ({
      ref,
      said: licenses.map((entry) => ("license" in entry ? entry.license.id : entry.expression)),
    }))
    .filter(({ said }) => said.length === 0 || !said.every(isFit))
    .map(
      ({ ref, said }) => `${ref} comes under ${said.join(", ") || "no licence that it says"}: ship none but ${[...LICENCES].join(", ")}`,
    );
}

/** Every licence that the expression names, whether all of them hold or one may be chosen: simple, and on the safe side. */
const isFit = (expression: string): boolean => expression.split(/[ ()]+|\b(?:AND|OR)\b/).every((part) => part === "" || LICENCES.has(part));

if (import.meta.main) {
  const unfit = unfitLicences(billOfMaterials(readPackages(), "packages/coatcheck", "coatcheck"));
  for (const line of unfit) console.error(line);
  process.exitCode = unfit.length === 0 ? 0 : 1;
}
