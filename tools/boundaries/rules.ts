import { posix } from "node:path";
import { isAbove, layerOf, TESTING } from "./layers.ts";
import type { Sighting, SourceFile } from "./source.ts";

/** One boundary: what crosses it, and why it stands. */
export interface Rule {
  readonly name: string;
  readonly why: string;
  /** Every sighting in `file` that breaks the rule. */
  readonly broken: (file: SourceFile) => readonly Sighting[];
}

/** The file of ours that an import names; null for a package or a builtin. */
const target = (file: SourceFile, { what }: Sighting): string | null =>
  what.startsWith(".") ? posix.join(posix.dirname(file.path), what) : null;

const isIn = (path: string, ...places: readonly string[]): boolean =>
  places.some((place) => path === place || path.startsWith(`${place}/`));

/** No file in `from` imports a file in `to`. */
const apart =
  (from: string, ...to: readonly string[]) =>
  (file: SourceFile): readonly Sighting[] =>
    isIn(file.path, from) ? file.imports.filter((seen) => isIn(target(file, seen) ?? "", ...to)) : [];

/** Only files in `places` import the package `name`. */
const packageOnlyIn =
  (name: string, ...places: readonly string[]) =>
  (file: SourceFile): readonly Sighting[] =>
    isIn(file.path, ...places) ? [] : file.imports.filter(({ what }) => isIn(what, name));

/** The adapters behind the ports Clock and Random, and what makes up values for tests: the only files that may ask the machine. */
const ADAPTERS: readonly string[] = [
  "compose.ts",
  "server/clock.ts",
  "server/random.ts",
  "stores/numbering.ts",
  "testing/storeContract/bench.ts",
  "verifier/machine.ts",
];

const SIMULATOR = `${TESTING}/simulator`;

export const RULES: readonly Rule[] = [
  {
    name: "every file in a layer",
    why: "a file that stands in no layer has no place in the order; add its folder to tools/boundaries/layers.ts where it belongs",
    broken: (file) => (layerOf(file.path) === null ? [{ line: 1, what: file.path }] : []),
  },
  {
    name: "imports can be seen",
    why: "an import with a computed name, or from outside the source folder, is in no graph and in no package",
    broken: (file) => file.imports.filter((seen) => seen.what.startsWith("(") || target(file, seen)?.startsWith("..")),
  },
  {
    name: "no import upwards",
    why: "each layer knows only what stands below it, so that it can be read, tested and reused without the rest",
    broken: (file) => {
      const layer = layerOf(file.path);
      if (layer === null) return [];
      return file.imports.filter((seen) => {
        const other = layerOf(target(file, seen) ?? "");
        return other !== null && isAbove(other, layer);
      });
    },
  },
  {
    name: "carriers are siblings",
    why: "two flows, one verdict: what both need stands beside them in carriers/",
    broken: (file) => [...apart("carriers/cookie", "carriers/token")(file), ...apart("carriers/token", "carriers/cookie")(file)],
  },
  {
    name: "accounts know no carrier",
    why: "accounts prove the person, the carrier issues afterwards: an application with users of its own leaves accounts/ out",
    broken: apart("accounts", "carriers", "http"),
  },
  {
    name: "testing is small",
    why: "it is published for people who write stores, or doubt the log: it knows those and the ports, nothing of HTTP or of a server",
    broken: (file) =>
      isIn(file.path, TESTING)
        ? file.imports.filter((seen) => {
            const path = target(file, seen);
            return path !== null && !isIn(path, TESTING, "core", "revocation", "stores");
          })
        : [],
  },
  {
    name: "the simulator runs what is shipped",
    why: "what it shows of the log, the lease and the table holds only if it runs those files and nothing written for it in their place",
    broken: (file) =>
      isIn(file.path, SIMULATOR)
        ? file.imports.filter((seen) => !isIn(target(file, seen) ?? "", SIMULATOR, "core", "revocation", "stores/numbering.ts"))
        : [],
  },
  {
    name: "SQLite in its place",
    why: "stores/ is the only place that knows SQL, and two drivers on one file break its locking",
    broken: packageOnlyIn("better-sqlite3", "stores", "compose.ts", "server"),
  },
  {
    name: "Argon2 in its place",
    why: "every hash goes through the bounded queue of accounts/, or it would starve the event loop's thread pool",
    broken: packageOnlyIn("@node-rs/argon2", "accounts"),
  },
  {
    name: "OpenTelemetry in its place",
    why: "it may not be installed: one file imports it when it is wanted, all others know our own port",
    broken: packageOnlyIn("@opentelemetry/api", "observe/open-telemetry.ts"),
  },
  {
    name: "pure layers",
    why: "core and revocation run on any runtime, a verifier's included: no builtin of Node and no package",
    broken: (file) => (isIn(file.path, "core", "revocation") ? file.imports.filter((seen) => target(file, seen) === null) : []),
  },
  {
    name: "time and randomness come in by ports",
    why: "policy gets `now` and random bytes as arguments (Clock and Random of core/ports.ts), so that a test can say what they are",
    broken: (file) => (ADAPTERS.includes(file.path) ? [] : file.ambient),
  },
  {
    name: "nobody asks which carrier it is",
    why: "a session is a session: what differs is a method of the carrier, or a row in a table keyed by its name",
    // What a client is handed over HTTP does differ, a header or a body: issued.ts is the one place that knows.
    broken: (file) => (isIn(file.path, "carriers", "compose.ts", "stores", "core", "http/issued.ts", TESTING) ? [] : file.carrierQuestions),
  },
];
