import { readFileSync } from "node:fs";

/** What the lock file says of the package at one place. */
export interface Locked {
  /** Of a workspace; what is installed is named by its place. */
  readonly name?: string;
  readonly version?: string;
  /** An SPDX expression, as its author wrote it. */
  readonly license?: string;
  /** Subresource Integrity: `sha512-` and base64. */
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** By place: `node_modules/pino`, `packages/coatcheck`, and the empty place for the repository itself. */
export type Packages = Readonly<Record<string, Locked>>;

export function readPackages(file = "package-lock.json"): Packages {
  return (JSON.parse(readFileSync(file, "utf8")) as { readonly packages: Packages }).packages;
}

/** Where a package at a place finds another: in its own node_modules, or in one above. Null if it finds none. */
export function placeOf(packages: Packages, from: string, name: string): string | null {
  const place = `${from === "" ? "" : `${from}/`}node_modules/${name}`;
  if (place in packages) return place;
  return from === "" ? null : placeOf(packages, from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))), name);
}
