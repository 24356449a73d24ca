import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "../tools/project.ts";
import { readSources } from "./source.ts";

const DOCS = join(REPOSITORY, "docs");
const TESTS = join(REPOSITORY, "packages/coatcheck/test");
const text = readFileSync(join(DOCS, "security.md"), "utf8");

/** The attacks that touch what exists. */
const ATTACKS = [
  ...Array.from({ length: 16 }, (_, at) => `T${at + 1}`),
  ...[1, 2, 3, 4, 5, 7, 8, 9, 10].map((it) => `S${it}`),
  ...[1, 2, 3, 4].map((it) => `C${it}`),
  ...[1, 2, 3, 4, 6, 7, 8].map((it) => `W${it}`),
  ...[3, 4, 5, 6, 7, 10].map((it) => `U${it}`),
];

/** The rows of the table under a heading, as cells. */
function rowsUnder(heading: string): readonly (readonly string[])[] {
  const start = text.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`no heading ${heading}`);
  const level = heading.slice(0, heading.indexOf(" ") + 1);
  const end = text.indexOf(`\n${level}`, start + heading.length);
  const lines = text.slice(start, end === -1 ? undefined : end).split("\n");
  return lines
    .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
    .map((line) => line.slice(2, -2).split(" | "))
    .filter(([first]) => first !== "id" && first !== "file");
}

const linksIn = (cell: string): readonly string[] => [...cell.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, path]) => path as string);
const read = (path: string): string => readFileSync(join(DOCS, path), "utf8");

describe("docs/security.md", () => {
  it("names nothing that is not there", () => {
    const links = linksIn(text).filter((path) => !path.startsWith("https:"));
    expect(links.length).toBeGreaterThan(100);
    expect(links.filter((path) => !existsSync(join(DOCS, path)))).toEqual([]);
    const paths = [...text.matchAll(/`([a-z0-9-]+\/[a-z0-9/-]+\.test\.ts)`/g)].map(([, path]) => path as string);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !existsSync(join(TESTS, path)))).toEqual([]);
  });

  it("has every attack that touches what exists, each with a test of its name", () => {
    const rows = rowsUnder("## Attacks");
    expect(rows.map(([id]) => id)).toEqual(ATTACKS);
    for (const [id = "", , tests = ""] of rows) {
      expect(linksIn(tests).length, id).toBeGreaterThan(0);
      for (const path of linksIn(tests)) expect(read(path), `${id} in ${path}`).toMatch(new RegExp(`describe\\(\\s*"${id} `));
    }
  });

  it("says of every requirement whether it holds, and of what holds where it is tested or written", () => {
    const rows = rowsUnder("## ASVS 5.0, requirement by requirement");
    const ids = rows.map(([id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(240);
    for (const [id = "", level = "", what = "", status = "", where = ""] of rows) {
      expect(id).toMatch(/^\d+\.\d+\.\d+$/);
      expect(["1", "2", "3"], id).toContain(level);
      expect(what, id).not.toBe("");
      expect(status, id).toMatch(/^\*\*(holds|partly|departs|not yet|not claimed|n\.a\.)\*\*/);
      if (status.startsWith("**holds**") && !/none|no /.test(status)) expect(where.trim(), id).not.toBe("");
    }
    // Chapters in full: their sections, each with as many requirements as the standard has.
    const sections: Readonly<Record<string, readonly number[]>> = {
      3: [1, 3, 5, 8, 8, 1, 5],
      6: [3, 12, 8, 6, 8, 4, 2, 4],
      7: [3, 4, 2, 5, 3, 2],
      9: [3, 4],
      10: [2, 3, 5, 16, 5, 2, 3],
      11: [4, 5, 5, 4, 2, 2, 2],
      12: [5, 2, 5],
      16: [1, 5, 4, 3, 4],
    };
    const expected = Object.entries(sections).flatMap(([chapter, counts]) =>
      counts.flatMap((count, section) => Array.from({ length: count }, (_, at) => `${chapter}.${section + 1}.${at + 1}`)),
    );
    expect(expected.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it("lists every use of cryptography in the source, and no other", () => {
    const found = readSources()
      .filter(({ crypto }) => crypto.length > 0)
      .map(({ path, crypto }) => [path, crypto.join(", ")]);
    const written = rowsUnder("## Inventory of cryptography").map(([file = "", calls = ""]) =>
      [file, calls].map((it) => it.replaceAll("`", "")),
    );
    expect(written).toEqual(found);
    for (const [file, , purpose = ""] of rowsUnder("## Inventory of cryptography")) expect(purpose, file).not.toBe("");
  });
});
