import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { walkDoor } from "../../../../tools/doors.ts";
import type { Walked } from "../../../../tools/doors.ts";
import { DOORS } from "../../../../tools/doors/table.ts";
import type { Door } from "../../../../tools/doors/table.ts";
import { REPOSITORY } from "./project.ts";

/** A build of our own making, seen through one door of it: `index.js`, which may import node:fs and must not say "secret". */
function walk(modules: Readonly<Record<string, string>>, door: Partial<Door> = {}): Walked {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-doors-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, text] of Object.entries(modules)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return walkDoor(folder, { name: "door", entry: "index.js", files: 9, kilobytes: 9, packages: ["node:fs"], words: ["secret"], ...door });
}

const FS = `import "node:fs";`;

describe("a door", () => {
  it("may pull in what its row allows, by whatever way", () => {
    const modules = {
      "index.js": `export * from "./a/b.js"; export { x } from "./a/c.js";`,
      "a/b.js": FS,
      "a/c.js": `import "../index.js"; ${FS} export const x = 1;`,
    };
    expect(walk(modules)).toEqual({ files: 3, kilobytes: 1, faults: [] });
  });

  it("names a package that leaked in, and the shortest way", () => {
    const modules = {
      "index.js": `${FS} import "./a.js"; import "./b.js";`,
      "a.js": `import "./b.js";`,
      "b.js": `import c from "commander";`,
    };
    expect(walk(modules).faults).toEqual(["imports commander, by index.js → b.js"]);
  });

  it("names a word that leaked in", () => {
    const modules = {
      "index.js": `${FS} export { x } from "./a.js";`,
      "a.js": `export * from "./b.js";`,
      "b.js": `export const x = "a secret";`,
    };
    expect(walk(modules).faults).toEqual([`says "secret", in index.js → a.js → b.js`]);
  });

  it("does not look at what is loaded only when it is used", () => {
    expect(walk({ "index.js": `${FS} export const later = () => import("./secret.js");` }, { words: ["nobody"] }).faults).toEqual([]);
  });

  it("says which part has grown past the ceiling, in files or in size", () => {
    const modules = { "index.js": `${FS} import "./a/b.js"; import "./a/c.js";`, "a/b.js": "", "a/c.js": `"${"x".repeat(2_000)}"` };
    const [fault] = walk(modules, { files: 2 }).faults;
    expect(fault).toMatch(/^pulls in 3 files and 3 kB, at most 2 files and 9 kB: a 2, index\.js 1;/);
    expect(walk(modules, { kilobytes: 2 }).faults).toHaveLength(1);
    expect(walk(modules, { files: 3, kilobytes: 3 }).faults).toEqual([]);
  });

  it("does not keep a package on its list that nothing imports any more", () => {
    expect(walk({ "index.js": "" }).faults).toEqual(["does not import node:fs any more: take it off its list"]);
  });
});

describe("the doors of the package", () => {
  it("are in the table, each", () => {
    const { exports } = JSON.parse(readFileSync(join(REPOSITORY, "packages/coatcheck/package.json"), "utf8")) as {
      readonly exports: Readonly<Record<string, unknown>>;
    };
    const published = Object.keys(exports).filter((path) => path !== "./package.json");
    expect(DOORS.map(({ name }) => name)).toEqual(expect.arrayContaining(published.map((path) => path.replace(/^\./, "coatcheck"))));
  });

  it.each(DOORS)("$name lets in what it should and nothing else", (door) => {
    const { files, faults } = walkDoor(join(REPOSITORY, "packages/coatcheck/dist"), door);
    expect(faults).toEqual([]);
    expect(files).toBeGreaterThan(1);
  });
});
