/** What one way into the package may pull in. */
export interface Door {
  /** As a user imports it; in brackets what is no door yet, and is held to its promise all the same. */
  readonly name: string;
  /** Below the build's folder. */
  readonly entry: string;
  /** At most so many modules of ours, and so many kB of them as built, comments and all. Raised only in the commit that needs it. */
  readonly files: number;
  readonly kilobytes: number;
  /** At most so many kB of it once it is bundled, minified and gzipped, where somebody has to carry it. */
  readonly bundled?: number;
  /** The packages and builtins of Node that are imported on the way, every one of them. */
  readonly packages: readonly string[];
  /** What no module on the way may say: the words of a part that has no business there. */
  readonly words: readonly string[];
}

const SQL = ["better-sqlite3", "PRAGMA ", "SELECT ", "INSERT INTO "];
const TERMINAL = ["commander", "process.argv", "process.stdout", "process.exit"];
const SERVER = ["@hono/node-server", "createServer", "<!doctype"];
const WEB = ["node:", "Buffer"];
const SIGNING = ["crypto/signing", "createPrivateKey", "subtle.sign", "generateKey", "deriveKey"];
const TESTING = ["node:assert", "storeContract", "brokenStores", "fakeClock"];

export const DOORS: readonly Door[] = [
  {
    name: "coatcheck",
    entry: "index.js",
    files: 230,
    kilobytes: 700,
    packages: [
      "@node-rs/argon2",
      "@valibot/to-json-schema",
      "better-sqlite3",
      "node:crypto",
      "node:fs",
      "node:net",
      "node:os",
      "node:path",
      "node:perf_hooks",
      "node:tls",
      "node:url",
      "node:zlib",
      "pino",
      "valibot",
    ],
    words: [...TERMINAL, ...SERVER, ...TESTING],
  },
  {
    // For people who write stores of their own: it needs none of ours, nor what they need.
    name: "coatcheck/testing",
    entry: "testing/index.js",
    // The simulator is in it, and what it runs: the log, the lease and the table as they are shipped.
    files: 60,
    kilobytes: 235,
    packages: ["node:assert/strict", "node:crypto"],
    words: [...SQL, ...TERMINAL, ...SERVER, "argon2", "node:http", "node:net", "Set-Cookie"],
  },
  {
    // For services that have no store, on any runtime with the standards of the web, and must never be able to make what they check.
    name: "coatcheck/verifier",
    entry: "verifier.js",
    files: 60,
    kilobytes: 160,
    bundled: 20,
    packages: [],
    words: [...SQL, ...TERMINAL, ...SERVER, ...TESTING, ...SIGNING, ...WEB, "process.stderr", "argon2", "Set-Cookie", "COATCHECK_STORE"],
  },
  {
    name: "(carriers: sessions without a store of their own, without HTTP)",
    entry: "carriers/sessions.js",
    files: 15,
    kilobytes: 30,
    packages: [],
    words: [...SQL, ...TERMINAL, ...SERVER, ...TESTING, "argon2", "Set-Cookie"],
  },
  {
    name: "(http: any store, no server)",
    entry: "http/index.js",
    files: 75,
    kilobytes: 180,
    packages: ["@valibot/to-json-schema", "node:fs", "node:net", "valibot"],
    words: [...SQL, ...TERMINAL, ...SERVER, ...TESTING],
  },
  {
    name: "(revocation: any runtime)",
    entry: "revocation/revocations.js",
    files: 20,
    kilobytes: 60,
    packages: [],
    words: [...SQL, ...TERMINAL, ...SERVER, ...TESTING, ...WEB],
  },
];
