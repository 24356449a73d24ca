/** The layers of packages/coatcheck/src, lowest first: each imports only itself and what stands before it. Folders, and the files beside them. */
const LAYERS = [
  "core",
  "observe",
  "crypto",
  "revocation",
  "carriers",
  "accounts",
  "stores",
  "http",
  "pages",
  "verifier",
  "frameworks",
  "client",
  "config",
  "housekeeping.ts",
  // The verifier's door: it brings ports of its own, for a machine of any kind.
  "verifier.ts",
  "compose.ts",
  "auth.ts",
  "server",
  // The library's door: it takes the machine's clock, randomness and log from server/, and serves nothing.
  "index.ts",
  "cli",
] as const;

/** Published for tests of stores and carriers: nothing else imports it, and what it imports has a rule of its own. */
export const TESTING = "testing";

type Layer = (typeof LAYERS)[number] | typeof TESTING;

const ALL: readonly Layer[] = [...LAYERS, TESTING];

/** @returns null for a file that stands in no layer. */
export function layerOf(path: string): Layer | null {
  const [first] = path.split("/");
  return ALL.find((layer) => layer === first) ?? null;
}

export function isAbove(layer: Layer, other: Layer): boolean {
  return ALL.indexOf(layer) > ALL.indexOf(other);
}
