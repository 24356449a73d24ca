import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withServer } from "../support/server.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
// Below the root, so that `import … from "coatcheck"` finds the package as an application's would.
const WORKSHOP = join(ROOT, "packages", "coatcheck", "test", ".examples");

interface Example {
  readonly name: string;
  readonly code: string;
}

/** The fenced blocks of all documents whose opening line is ```` ```<kind> ````. */
async function examples(kind: string): Promise<Example[]> {
  const docs = (await readdir(join(ROOT, "docs"))).filter((name) => name.endsWith(".md")).map((name) => join("docs", name));
  const found: Example[] = [];
  for (const file of ["README.md", "CONTRIBUTING.md", ...docs]) {
    const text = await readFile(join(ROOT, file), "utf8");
    for (const [, code] of text.matchAll(new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\`$`, "gms"))) {
      found.push({ name: `${file.replaceAll(/\W/g, "-")}-${found.length}`, code: code as string });
    }
  }
  return found;
}

const programs = await examples("ts run");
const tours = await examples("sh tour");
const commands = await examples("sh cli");

describe("the files in the documents", () => {
  it("are the example applications' own, to the letter", async () => {
    const text = await readFile(join(ROOT, "docs", "embedding.md"), "utf8");
    const shown = new Map(
      Array.from(text.matchAll(/^```tsx? (examples\/\S+)\n(.*?)^```$/gms), ([, path, code]) => [path as string, code as string]),
    );
    for (const [path, code] of shown) expect(code, path).toBe(await readFile(join(ROOT, path), "utf8"));
    for (const path of ["express/server.ts", "fastify/server.ts", "next/auth.ts", "next/app/login/route.ts", "next/app/hello/route.ts"]) {
      expect([...shown.keys()]).toContain(`examples/${path}`);
    }
  });
});

describe("the examples in the documents", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    await rm(WORKSHOP, { recursive: true, force: true });
    await mkdir(WORKSHOP, { recursive: true });
    for (const { name, code } of programs) await writeFile(join(WORKSHOP, `${name}.ts`), code);
    const compilerOptions = { strict: true, noEmit: true, module: "nodenext", target: "es2024", types: ["node"], skipLibCheck: true };
    await writeFile(join(WORKSHOP, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    await writeFile(join(WORKSHOP, "package.json"), JSON.stringify({ type: "module" }));
  });
  afterAll(() => rm(WORKSHOP, { recursive: true, force: true }));

  it("are there", () => {
    expect(programs.length).toBeGreaterThan(0);
    expect(tours.length).toBeGreaterThan(0);
    expect(commands.length).toBeGreaterThan(0);
  });

  it("compile", async () => {
    const compiler = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { stdout } = await run(process.execPath, [compiler, "-p", WORKSHOP]).catch((failed: { stdout: string }) => failed);
    expect(stdout).toBe("");
  });

  it.each(programs)("$name runs", async ({ name }) => {
    const folder = await mkdtemp(join(tmpdir(), "coatcheck-example-"));
    const env = { ...process.env, XDG_STATE_HOME: join(folder, "state") };
    const { stdout } = await run(process.execPath, [join(WORKSHOP, `${name}.ts`)], { cwd: folder, env });
    expect(stdout).not.toBe("");
    await rm(folder, { recursive: true });
  });

  it("the commands do what they say, one after the other beside one running server", () =>
    withServer(async ({ url, folder }) => {
      const headers = { "content-type": "application/json" };
      await fetch(`${url}/auth/sign-up`, {
        method: "POST",
        headers,
        body: JSON.stringify({ email: "ada@example.com", password: "violet otter harbour 42" }),
      });
      const cli = join(ROOT, "packages", "coatcheck", "src", "cli", "index.ts");
      const env = {
        ...process.env,
        XDG_STATE_HOME: join(folder, "state"),
        COATCHECK_STORE: `sqlite:${join(folder, "data", "test.db")}`,
        ISSUER: url,
        // What a client's tokens are for unless it says: the running server.
        COATCHECK_ISSUER: url,
      };
      for (const { name, code } of commands) {
        const script = `coatcheck() { "${process.execPath}" "${cli}" "$@"; }\n${code.replaceAll("localhost:3000", url.replace("http://", ""))}`;
        const { stdout, stderr } = await run("bash", ["-euo", "pipefail", "-c", script], { cwd: folder, env });
        const said = code.includes("/oauth/introspect") ? /"active":true[^]*\n401\n$/ : /./;
        expect({ name, stdout, stderr }).toEqual({ name, stdout: expect.stringMatching(said) as string, stderr: "" });
      }
    }));

  it.each(tours)("$name does what it says", ({ code }) =>
    withServer(async ({ url, folder }) => {
      const { stdout } = await run("bash", ["-euo", "pipefail", "-c", code.replaceAll("localhost:3000", url.replace("http://", ""))], {
        cwd: folder,
      });
      expect(stdout.match(/ada@example\.com/g)?.length).toBeGreaterThanOrEqual(3);
      expect(stdout).toContain('"ended":2');
      expect(
        stdout
          .trim()
          .split("\n")
          .slice(-2)
          .map((line) => line.slice(-3)),
      ).toEqual(["401", "401"]);
    }),
  );
});
