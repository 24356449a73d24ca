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
function walk(modules: Readonly<Record<string, string>>, door: Partial<Door> = {}): Promise<Walked> {
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
  it("may pull in what its row allows, by whatever way", async () => {
    const modules = {
      "index.js": `export * from "./a/b.js"; export { x } from "./a/c.js";`,
      "a/b.js": FS,
      "a/c.js": `import "../index.js"; ${FS} export const x = 1;`,
    };
    expect(await walk(modules)).toEqual({ files: 3, kilobytes: 1, bundled: null, faults: [] });
  });

  it("names a package that leaked in, and the shortest way", async () => {
    const modules = {
      "index.js": `${FS} import "./a.js"; import "./b.js";`,
      "a.js": `import "./b.js";`,
      "b.js": `import c from "commander";`,
    };
    expect((await walk(modules)).faults).toEqual(["imports commander, by index.js → b.js"]);
  });

  it("names a word that leaked in", async () => {
    const modules = {
      "index.js": `${FS} export { x } from "./a.js";`,
      "a.js": `export * from "./b.js";`,
      "b.js": `export const x = "a secret";`,
    };
    expect((await walk(modules)).faults).toEqual([`says "secret", in index.js → a.js → b.js`]);
  });

  it("does not look at what is loaded only when it is used", async () => {
    expect((await walk({ "index.js": `${FS} export const later = () => import("./secret.js");` }, { words: ["nobody"] })).faults).toEqual(
      [],
    );
  });

  it("says which part has grown past the ceiling, in files or in size", async () => {
    const modules = { "index.js": `${FS} import "./a/b.js"; import "./a/c.js";`, "a/b.js": "", "a/c.js": `"${"x".repeat(2_000)}"` };
    const [fault] = (await walk(modules, { files: 2 })).faults;
    expect(fault).toMatch(/^pulls in 3 files and 3 kB, at most 2 files and 9 kB: a 2, index\.js 1;/);
    expect((await walk(modules, { kilobytes: 2 })).faults).toHaveLength(1);
    expect((await walk(modules, { files: 3, kilobytes: 3 })).faults).toEqual([]);
  });

  it("says what weighs too much when it is bundled, minified and gzipped", async () => {
    const noise = Array.from({ length: 2_000 }, (_, nth) => ((nth * nth * 7_919 + nth * 104_729) % 999_983).toString(36)).join("");
    const modules = {
      "index.js": `export { x } from "./a/b.js"; export const none = undefined;`,
      "a/b.js": `export const x = "${noise}";`,
    };
    const own = { packages: [], kilobytes: 99, bundled: 2 };
    expect((await walk(modules, own)).faults).toEqual([
      expect.stringMatching(/^is [3-9]\.\d+ kB in one file, .*, at most 2 kB: index\.js 1, a 1$/),
    ]);
    const fit = await walk(modules, { ...own, bundled: 9 });
    expect([fit.faults, (fit.bundled as number) > 2]).toEqual([[], true]);
  });

  it("does not keep a package on its list that nothing imports any more", async () => {
    expect((await walk({ "index.js": "" })).faults).toEqual(["does not import node:fs any more: take it off its list"]);
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

  it.each(DOORS)("$name lets in what it should and nothing else", async (door) => {
    const { files, faults } = await walkDoor(join(REPOSITORY, "packages/coatcheck/dist"), door);
    expect(faults).toEqual([]);
    expect(files).toBeGreaterThan(1);
  });
});
