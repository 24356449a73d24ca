import { readFileSync } from "node:fs";

interface Manifest {
  readonly version: string;
}

/** The version in the package's own manifest, which lies as far from the source as from the build. */
export const VERSION = (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as Manifest).version;
