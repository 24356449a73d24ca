import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";

const HERE = process.cwd();
let folder: string;
let written: { stdout: string; stderr: string };

beforeEach(() => {
  folder = realpathSync.native(mkdtempSync(join(tmpdir(), "coatcheck-main-")));
  process.chdir(folder);
  written = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  }
  // Nothing of whoever runs the tests: their own settings must not decide.
  for (const name of Object.keys(process.env)) if (name === "PORT" || name.startsWith("COATCHECK_")) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.chdir(HERE);
  rmSync(folder, { recursive: true, force: true });
});

test.each<[readonly string[], Readonly<Record<string, string>>, string | null, string]>([
  [[], {}, null, "no command: try coatcheck serve, or coatcheck --help"],
  [["srve"], {}, null, "unknown command srve: did you mean serve?"],
  [["--nope"], {}, null, "unknown option '--nope'; see coatcheck --help"],
  [["serve", "--prot", "1"], {}, null, "unknown flag --prot: did you mean --port?"],
  [["serve", "--metrics-port", "1"], {}, null, "unknown flag --metrics-port: did you mean --port?"],
  [["serve", "--secret=hunter2"], {}, null, "unknown flag --secret: did you mean --secret-file?"],
  [["serve", "--port"], {}, null, "option '--port <number>' argument missing; see coatcheck serve --help"],
  [["serve", "now"], {}, null, "too many arguments for 'serve'. Expected 0 arguments but got 1: now.; see coatcheck serve --help"],
  [["serve", "--idle", "1m"], {}, null, `--idle is "1m", but must be from "2m" to "400d"`],
  [["serve"], { COATCHECK_ISUER: "x" }, null, "unknown environment variable COATCHECK_ISUER: did you mean COATCHECK_ISSUER?"],
  [["serve"], { PORT: "http" }, null, `PORT is "http", but must be a whole number from 0 to 65535`],
  [["serve"], {}, `{"prot": 1}`, `unknown key in coatcheck.config.json "prot": did you mean "port"?`],
  [["serve"], {}, "port: 1\nhost: 2\n", `coatcheck.config.json can't be read: Unexpected token 'p', "port: 1`],
  [
    ["serve", "--issuer", "https://login.example.com"],
    {},
    null,
    `no secret: set COATCHECK_SECRET or --secret-file to one made by node -p "require('crypto').randomBytes(32).toString('base64url')"`,
  ],
  [
    ["serve"],
    { COATCHECK_SECRET: "A".repeat(43) },
    null,
    `COATCHECK_SECRET is too weak: a secret repeats itself; make one by node -p "require('crypto').randomBytes(32).toString('base64url')"`,
  ],
])("used wrongly is status 2 and one line with the mend: %j %j %j", async (args, env, file, line) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  if (file !== null) writeFileSync("coatcheck.config.json", file);
  expect(await main(args)).toBe(2);
  expect(written).toEqual({ stdout: "", stderr: `coatcheck: ${line}\n` });
  expect(existsSync("data")).toBe(false);
});

test("--help and --version are status 0, on stdout", async () => {
  expect(await main(["--version"])).toBe(0);
  expect(written).toEqual({ stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) as string, stderr: "" });
  expect(await main(["serve", "--help"])).toBe(0);
  expect(written.stderr).toBe("");
  expect(written.stdout).toMatch(/--trusted-proxies <number> {2}how many proxies/);
});
