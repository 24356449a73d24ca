import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installed, node, pack, REPOSITORY } from "./packed.ts";
import type { Installed } from "./packed.ts";

const TOOLS = join(REPOSITORY, "node_modules");
const TSC = join(TOOLS, "typescript", "bin", "tsc");

let at: Installed;
/** The package in its user's node_modules. */
let inside: string;
let files: readonly string[];

describe("the package, as npm packs it", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    at = await installed();
    inside = join(at.folder, "node_modules", "coatcheck");
    files = globSync("**/*.*", { cwd: inside });
  }, 300_000);
  afterAll(() => at.remove());

  it("holds what it needs and what a reader needs, and nothing of the workshop", () => {
    const documents = ["README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "sbom.cdx.json", "docs/security.md"];
    for (const path of documents) expect(existsSync(join(inside, path)), path).toBe(true);
    for (const path of ["README.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"]) {
      expect(readFileSync(join(inside, path), "utf8"), path).toBe(readFileSync(join(REPOSITORY, path), "utf8"));
    }
    expect(files.filter((path) => /\.test\.|(^|\/)test\/|tsbuildinfo|\.env|\.db/.test(path))).toEqual([]);
    expect(new Set(files.map((path) => path.split("/", 1)[0]))).toEqual(
      new Set(["bin", "dist", "docs", "src", "package.json", ...documents.filter((path) => path.includes(".") && !path.includes("/"))]),
    );
  });

  it("has types and a source for everything that was built, and maps that find it", () => {
    const built = files.filter((path) => /^dist\/.*\.js$/.test(path));
    expect(built.length).toBeGreaterThan(100);
    for (const path of built) {
      expect(files, path).toContain(path.replace(/\.js$/, ".d.ts"));
      expect(files, path).toContain(path.replace(/^dist/, "src").replace(/\.js$/, ".ts"));
    }
    for (const path of files.filter((name) => name.endsWith(".map"))) {
      const { sources } = JSON.parse(readFileSync(join(inside, path), "utf8")) as { readonly sources: readonly string[] };
      for (const source of sources) expect(existsSync(join(inside, dirname(path), source)), path).toBe(true);
    }
  });

  it("links to nothing that did not come along", () => {
    for (const path of files.filter((name) => name.endsWith(".md"))) {
      const links = [...readFileSync(join(inside, path), "utf8").matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(
        ([, link]) => link as string,
      );
      for (const link of links) expect(existsSync(join(inside, dirname(path), link)), `${path}: ${link}`).toBe(true);
    }
    // Which test holds what is still said there, by its name.
    expect(readFileSync(join(inside, "docs/security.md"), "utf8")).toMatch(/^\| T1 \|.*\| `security\/forgery` \|$/m);
  });

  it("is the same bytes when it is packed again", async () => {
    const digest = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
    expect(digest(await pack(join(at.folder, "again")))).toBe(digest(at.tarball));
  });

  it("satisfies publint", async () => {
    const { status, stdout } = await node([join(TOOLS, "publint/src/cli.js"), "run", at.tarball, "--strict"], at.folder);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("All good!") });
  });

  it("has types that every resolver of ES modules finds (Are the Types Wrong)", async () => {
    const attw = join(TOOLS, "@arethetypeswrong/cli/dist/index.js");
    const { status, stdout } = await node([attw, at.tarball, "--profile", "esm-only", "--format", "json"], at.folder);
    const { analysis } = JSON.parse(stdout) as { readonly analysis: { readonly entrypoints: Readonly<Record<string, unknown>> } };
    expect({ status, doors: Object.keys(analysis.entrypoints).sort() }).toEqual({
      status: 0,
      doors: [".", "./package.json", "./testing", "./verifier"],
    });
  });

  it.each(["nodenext", "bundler"])("has declarations that compile by themselves, resolved by %s", async (moduleResolution) => {
    const use = `import { coatcheck } from "coatcheck"; import { storeContract } from "coatcheck/testing"; import { createVerifier } from "coatcheck/verifier"; export { coatcheck, createVerifier, storeContract };`;
    writeFileSync(join(at.folder, "use.ts"), use);
    const module = moduleResolution === "nodenext" ? "nodenext" : "esnext";
    const flags = [
      "--noEmit",
      "--strict",
      "--target",
      "es2024",
      "--lib",
      "es2024,dom",
      "--types",
      "node",
      "--typeRoots",
      join(TOOLS, "@types"),
      "--skipLibCheck",
      "false",
    ];
    const outcome = await node([TSC, "use.ts", ...flags, "--module", module, "--moduleResolution", moduleResolution], at.folder);
    expect(outcome).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  it("has no other doors", async () => {
    const script = `import("coatcheck/dist/compose.js").then(() => "open", ({ code }) => code).then(console.log)`;
    expect((await node(["--input-type=module", "--eval", script], at.folder)).stdout).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED\n");
  });

  it("does what the README says an application does", async () => {
    const [, code] = /^```ts run\n(.*?)^```$/ms.exec(readFileSync(join(inside, "README.md"), "utf8")) ?? [];
    writeFileSync(join(at.folder, "application.ts"), code as string);
    const { status, stdout } = await node(["application.ts"], at.folder);
    expect({ status, stdout }).toEqual({ status: 0, stdout: "42 [ 'editor' ]\n" });
  });

  it("brings its command", async () => {
    const { version } = JSON.parse(readFileSync(join(inside, "package.json"), "utf8")) as { readonly version: string };
    expect((await node([join(inside, "bin/coatcheck.cjs"), "--version"], at.folder)).stdout).toBe(`${version}\n`);
    expect(
      existsSync(join(at.folder, "node_modules/.bin/coatcheck")) || existsSync(join(at.folder, "node_modules/.bin/coatcheck.cmd")),
    ).toBe(true);
  });

  it("says on a Node that is too old what to do, where its database driver would crash", async () => {
    const old = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });`;
    writeFileSync(join(at.folder, "old.cjs"), old);
    const script = `
      import { coatcheck, sqlite } from "coatcheck";
      await coatcheck({ issuer: "http://localhost:3000", store: sqlite("data/app.db") }).catch((error) => console.log(error.name, error.message));`;
    const { stdout } = await node(["--require", "./old.cjs", "--input-type=module", "--eval", script], at.folder);
    expect(stdout).toBe("ConfigError Coatcheck needs Node 22.18 or later, and this is 20.20.2: install Node 24 and run it with that\n");
  });
});
