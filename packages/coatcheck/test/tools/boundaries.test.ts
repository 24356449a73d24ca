import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { findBreaches } from "../../../../tools/boundaries.ts";
import { RULES } from "../../../../tools/boundaries/rules.ts";
import { REPOSITORY } from "./project.ts";

/** The rules that made-up sources break, as `path:line rule`. */
function broken(sources: Readonly<Record<string, string>>): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-boundaries-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return findBreaches(folder).map(({ path, line, rule }) => `${path}:${line} ${rule}`);
}

/** Each rule: sources that break it, with the line; and the nearest ones that do not. */
const CASES: Readonly<
  Record<
    string,
    {
      readonly breaks: readonly (readonly [path: string, text: string, line?: number])[];
      readonly keeps: readonly (readonly [path: string, text: string])[];
    }
  >
> = {
  "every file in a layer": {
    breaks: [
      ["misc/a.ts", ""],
      ["helpers.ts", ""],
      ["cores/a.ts", ""],
    ],
    keeps: [
      ["core/a.ts", ""],
      ["compose.ts", ""],
      ["testing/a.ts", ""],
    ],
  },
  "imports can be seen": {
    breaks: [
      ["http/a.ts", "const name = './b.ts';\nawait import(name);", 2],
      ["core/a.ts", `import "../../test/a.ts";`],
    ],
    keeps: [["http/a.ts", "await import(`./b.ts`);"]],
  },
  "no import upwards": {
    breaks: [
      ["core/a.ts", `\n\nimport { b } from "../crypto/b.ts";`, 3],
      ["crypto/a.ts", `import type { B } from "../revocation/b.ts";`],
      ["revocation/a.ts", `export { b } from "../carriers/b.ts";`],
      ["carriers/a.ts", `export * from "../accounts/b.ts";`],
      ["accounts/a.ts", `export type { B } from "../stores/b.ts";`],
      ["stores/a.ts", `const b = await import("../http/b.ts");`],
      ["http/a.ts", `let b: import("../pages/b.ts").B;`],
      ["pages/a.ts", `import b = require("../verifier/b.ts");`],
      ["client/a.ts", `import "../compose.ts";`],
      ["stores/sqlite/a.ts", `import "../../testing/b.ts";`],
      ["compose.ts", `import "./cli/b.ts";`],
    ],
    keeps: [
      ["core/a.ts", `import "./b.ts";`],
      ["stores/a.ts", `import "../core/b.ts"; import "node:fs"; import "better-sqlite3";`],
      ["cli/a.ts", `import "../server/b.ts"; import "../index.ts"; import "../compose.ts";`],
      ["core/a.ts", `// import "../http/b.ts"\nexport const text = 'import "../http/b.ts"';`],
    ],
  },
  "carriers are siblings": {
    breaks: [
      ["carriers/cookie/a.ts", `import "../token/b.ts";`],
      ["carriers/token/a.ts", `import type { B } from "../cookie/b.ts";`],
    ],
    keeps: [
      ["carriers/token/a.ts", `import "../carrier.ts"; import "./b.ts";`],
      ["carriers/known.ts", `import "./cookie/a.ts"; import "./token/a.ts";`],
    ],
  },
  "accounts know no carrier": {
    breaks: [["accounts/a.ts", `import type { Issued } from "../carriers/carrier.ts";`]],
    keeps: [["accounts/a.ts", `import "../core/b.ts"; import "../crypto/b.ts";`]],
  },
  "testing is small": {
    breaks: [
      ["testing/a.ts", `import "../http/b.ts";`],
      ["testing/a.ts", `import "../compose.ts";`],
    ],
    keeps: [["testing/a.ts", `import "../core/b.ts"; import "../stores/b.ts"; import "./b.ts"; import "vitest";`]],
  },
  "the simulator runs what is shipped": {
    breaks: [
      ["testing/simulator/a.ts", `import { Follower } from "../follower.ts";`],
      ["testing/simulator/a.ts", `import { memory } from "../../stores/memory/index.ts";`],
      ["testing/simulator/a.ts", `import "vitest";`],
    ],
    keeps: [
      [
        "testing/simulator/a.ts",
        `import "./b.ts"; import "../../revocation/b.ts"; import "../../core/b.ts"; import "../../stores/numbering.ts";`,
      ],
      ["testing/a.ts", `import "../stores/memory/index.ts";`],
    ],
  },
  "SQLite in its place": {
    breaks: [
      ["http/a.ts", `import Database from "better-sqlite3";`],
      ["cli/a.ts", `import type { Database } from "better-sqlite3";`],
    ],
    keeps: ["stores/sqlite/a.ts", "server/a.ts", "compose.ts"].map((path) => [path, `import "better-sqlite3";`] as const),
  },
  "Argon2 in its place": {
    breaks: [
      ["http/a.ts", `import { hash } from "@node-rs/argon2";`],
      ["stores/a.ts", `await import("@node-rs/argon2");`],
    ],
    keeps: [["accounts/passwords.ts", `import { hash } from "@node-rs/argon2";`]],
  },
  "OpenTelemetry in its place": {
    breaks: [
      ["http/a.ts", `import { trace } from "@opentelemetry/api";`],
      ["observe/a.ts", `import type { Span } from "@opentelemetry/api";`],
    ],
    keeps: [["observe/open-telemetry.ts", `const api = await import("@opentelemetry/api");`]],
  },
  "pure layers": {
    breaks: [
      ["core/a.ts", `import { readFileSync } from "node:fs";`],
      ["core/a.ts", `import { join } from "path";`],
      ["revocation/a.ts", `import { SignJWT } from "jose";`],
    ],
    keeps: [["crypto/a.ts", `import { createHash } from "node:crypto";`]],
  },
  "time and randomness come in by ports": {
    breaks: [
      ["http/a.ts", "const now = Date.now();"],
      ["http/a.ts", "const { clock = Date.now } = options;"],
      ["http/a.ts", `const now = globalThis.Date["now"]();`],
      ["http/a.ts", "const now = new Date();"],
      ["http/a.ts", "const now = new Date;"],
      ["http/a.ts", "const now = Date();"],
      ["http/a.ts", "const now = performance.now();"],
      ["http/a.ts", "const now = Math.random();"],
      ["crypto/a.ts", "const id = crypto.randomUUID();"],
      ["crypto/a.ts", "crypto.getRandomValues(bytes);"],
    ],
    keeps: [
      ["http/a.ts", "const at = new Date(now).toISOString(); const latest = Math.max(clock.now(), Date.parse(text));"],
      ["server/clock.ts", "const now = Date.now();"],
      ["server/random.ts", `const { randomBytes } = await import("node:crypto");`],
    ],
  },
  "nobody asks which carrier it is": {
    breaks: [
      ["http/a.ts", `if (session.carrier === "token") end();`],
      ["http/a.ts", `if ("cookie" !== carrier) end();`],
      ["index.ts", `if (carrier == \`token\`) end();`],
      ["pages/a.ts", `switch (carrier) {\n  case "cookie": end();\n}`, 2],
    ],
    keeps: [
      ["http/a.ts", `const carrier = input.carrier ?? "cookie"; carriers["token"].issue(); if (kind === "tokens") end();`],
      ["carriers/a.ts", `if (session.carrier === "token") end();`],
      ["compose.ts", `if (session.carrier === "token") end();`],
    ],
  },
};

describe("the boundaries", () => {
  it("are each tried here", () => {
    expect(Object.keys(CASES)).toEqual(RULES.map(({ name }) => name));
  });

  it.for(Object.entries(CASES))("see when '%s' is broken, and only then", ([rule, { breaks, keeps }]) => {
    for (const [path, text, line = 1] of breaks) expect(broken({ [path]: text }), text).toContain(`${path}:${line} ${rule}`);
    for (const [path, text] of keeps) expect(broken({ [path]: text }), text).toEqual([]);
  });

  it("refuse a file that can't be read", () => {
    expect(() => broken({ "core/a.ts": "import {" })).toThrow(/core\/a\.ts/);
  });

  it("hold in this repository", () => {
    const breaches = findBreaches(join(REPOSITORY, "packages/coatcheck/src"));
    expect(breaches.map(({ path, line, what, rule }) => `${path}:${line}: ${what}: ${rule}`)).toEqual([]);
  });
});
