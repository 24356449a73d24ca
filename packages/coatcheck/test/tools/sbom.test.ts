import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readPackages } from "../../../../tools/lock/packages.ts";
import type { Packages } from "../../../../tools/lock/packages.ts";
import { billOfMaterials, unfitLicences } from "../../../../tools/pack/sbom.ts";
import type { Bill } from "../../../../tools/pack/sbom.ts";
import { npm } from "../support/npm.ts";
import { REPOSITORY } from "./project.ts";

const ours = (): Bill => billOfMaterials(readPackages(join(REPOSITORY, "package-lock.json")), "packages/coatcheck", "coatcheck");

/** npm's own list of the same, which needs a repository with a version. */
async function npms(): Promise<Bill> {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-sbom-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const path of ["package.json", "package-lock.json", "packages/coatcheck/package.json"]) {
    cpSync(join(REPOSITORY, path), join(folder, path));
  }
  const root = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as object;
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...root, version: "0.0.0" }));
  const args = ["sbom", "--sbom-format", "cyclonedx", "--package-lock-only", "--omit", "dev", "--workspace", "coatcheck"];
  return JSON.parse(await npm(args, folder)) as Bill;
}

const bill = (packages: Packages): Bill => billOfMaterials(packages, "p", "p");
const locked = { version: "1.0.0", license: "MIT" };

describe("the bill of materials", () => {
  it("lists what npm lists, with the same hashes, licences and dependencies", async () => {
    const its = await npms();
    const own = ours();
    const shown = ({ components }: Bill) =>
      components
        .filter(({ name }) => name !== "coatcheck")
        .map(({ purl, hashes, licenses, scope }) => ({ purl, hashes, licenses, scope }))
        .sort((a, b) => (a.purl < b.purl ? -1 : 1));
    expect(own.components.length).toBeGreaterThan(20);
    // npm leaves out what only a package needs that the repository's own tools need too (pino's dependencies, by fastify): ours has those as well.
    expect(shown(own)).toEqual(expect.arrayContaining(shown(its)));
    const listed = new Set(its.components.map((component) => component["bom-ref"]));
    const needed = new Set(own.dependencies.flatMap(({ dependsOn }) => dependsOn));
    for (const { "bom-ref": ref } of own.components) expect(listed.has(ref) || needed.has(ref), ref).toBe(true);
    const edges = ({ dependencies }: Bill) => new Map(dependencies.map(({ ref, dependsOn }) => [ref, [...dependsOn].sort()]));
    const theirs = edges(its);
    // But for the repository, which is not shipped.
    for (const [ref, dependsOn] of edges(own)) expect(dependsOn, ref).toEqual(expect.arrayContaining(theirs.get(ref) ?? []));
  });

  it("is the same bytes each time, and names the package itself", () => {
    expect(JSON.stringify(ours())).toBe(JSON.stringify(ours()));
    expect(ours().metadata.component).toMatchObject({ name: "coatcheck", purl: expect.stringMatching(/^pkg:npm\/coatcheck@\d/) });
  });

  it("takes the package that is nearest, and calls required what is required on any way", () => {
    const packages = {
      p: { ...locked, dependencies: { a: "1" }, optionalDependencies: { b: "1" } },
      "node_modules/a": { ...locked, dependencies: { c: "1" } },
      "node_modules/a/node_modules/c": { ...locked, version: "2.0.0" },
      "node_modules/b": { ...locked, dependencies: { c: "1", a: "1" } },
      "node_modules/c": locked,
      "node_modules/d": locked,
    };
    expect(bill(packages).components.map(({ "bom-ref": ref, scope }) => `${ref} ${scope}`)).toEqual([
      "a@1.0.0 required",
      "b@1.0.0 optional",
      "c@1.0.0 optional",
      "c@2.0.0 required",
    ]);
    const optionalFirst = {
      p: { ...locked, dependencies: { a: "1", b: "1" } },
      "node_modules/a": { ...locked, optionalDependencies: { b: "1" } },
      "node_modules/b": locked,
    };
    expect(bill(optionalFirst).components.map(({ scope }) => scope)).toEqual(["required", "required"]);
  });

  it("needs no peer that may be absent, and misses any other", () => {
    const peer = { p: { ...locked, peerDependencies: { a: "1" } } };
    expect(() => bill(peer)).toThrow("p needs a, which is not in the lock file");
    expect(bill({ p: { ...peer.p, peerDependenciesMeta: { a: { optional: true } } } }).components).toEqual([]);
  });
});

describe("licences", () => {
  const unfit = (license: string | undefined) =>
    unfitLicences(
      bill({
        p: { ...locked, dependencies: { a: "1" } },
        "node_modules/a": { version: "1.0.0", ...(license === undefined ? {} : { license }) },
      }),
    );

  it.each(["MIT", "Apache-2.0", "ISC", "(MIT OR Apache-2.0)", "MIT AND ISC"])("%s may be shipped", (license) =>
    expect(unfit(license)).toEqual([]),
  );

  it.each(["GPL-3.0-only", "(MIT AND GPL-3.0-only)", "SEE LICENSE IN x", "UNLICENSED", undefined])("%s may not", (license) => {
    expect(unfit(license)).toEqual([expect.stringMatching(/^a@1\.0\.0 comes under .*: ship none but MIT/)]);
  });

  it("of what we ship may all be shipped", () => expect(unfitLicences(ours())).toEqual([]));
});
