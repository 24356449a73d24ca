import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";

/** What somebody pasted in the wrong place: no message repeats it. */
const SECRET = "oq7PxZpHZmzsHDmRvXq2380KDg8Nrg51ZwAA2nrFp6g";
const COMMANDS: readonly (readonly string[])[] = [
  ["serve"],
  ...["add", "list", "disable", "enable", "password", "roles"].map((verb) => ["user", verb]),
  ["session", "list"],
  ["session", "end"],
  ["inspect"],
  ["doctor"],
];
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
  [["--hlep"], {}, null, "unknown flag --hlep: did you mean --help?"],
  [["session"], {}, null, "no command: try coatcheck session list, or coatcheck session --help"],
  [["session", "lst"], {}, null, "unknown command session lst: did you mean session list?"],
  [["session", "list", "--usr", "x"], {}, null, "unknown flag --usr: did you mean --user?"],
  [["session", "list", "--isuer=x"], {}, null, "unknown flag --isuer: did you mean --issuer?"],
  [["session", "list", "x"], {}, null, "too much after coatcheck session list: it takes flags alone; see coatcheck session list --help"],
  [["session", "list", "--limit", "0"], {}, null, `--limit is "0", but must be a whole number from 1`],
  [["session", "end"], {}, null, "which session? Give one sid, --user with an address or an id for all of theirs, or --everybody"],
  [["session", "end", "x", "y"], {}, null, "too much after coatcheck session end: it takes one value; see coatcheck session end --help"],
  [["session", "end", SECRET], {}, null, "that is no sid, which has 22 characters: coatcheck session list shows them"],
  [["session", "end", `-${SECRET}`], {}, null, "that is no sid, which has 22 characters: coatcheck session list shows them"],
  [["session", "end", `--${SECRET}`], {}, null, "that is no sid, which has 22 characters: coatcheck session list shows them"],
  [["session", `--${SECRET}`], {}, null, "unknown flag; see coatcheck session --help"],
  [["user"], {}, null, "no command: try coatcheck user add, or coatcheck user --help"],
  [["user", "remove"], {}, null, "unknown command user remove: did you mean user roles?"],
  [["user", "add"], {}, null, "missing required argument 'address'; see coatcheck user add --help"],
  [["user", "add", "ada"], {}, null, `"ada" is no e-mail address: write it like ada@example.com`],
  [
    ["user", "add", "ada@example.com", "hunter2"],
    {},
    null,
    "too much after coatcheck user add: it takes one value; see coatcheck user add --help",
  ],
  [["user", "add", "ada@example.com", "--password=hunter2"], {}, null, "unknown flag --password: did you mean --password-stdin?"],
  [
    ["user", "password", "ada@example.com", "--password-stdin", "--password-prompt"],
    {},
    null,
    "--password-stdin and --password-prompt: give one of them",
  ],
  [["user", "roles", "ada@example.com"], {}, null, "which roles? Give a list like editor,admin, or --none"],
  [["user", "roles", "ada@example.com", "a", "--none"], {}, null, "which roles? Give a list like editor,admin, or --none"],
  [["user", "list", "--limit=-1"], {}, null, `--limit is "-1", but must be a whole number from 1`],
  [["inspect"], {}, null, "missing required argument 'token'; see coatcheck inspect --help"],
  [["inspect", " "], {}, null, "there is no token: give one, or - and put it on stdin"],
  [["session", "list", "--idle", "1m"], {}, null, `--idle is "1m", but must be from "2m" to "400d"`],
  [["serve", "--prot", "1"], {}, null, "unknown flag --prot: did you mean --port?"],
  [["serve", "--metrics-prot", "1"], {}, null, "unknown flag --metrics-prot: did you mean --metrics-port?"],
  [["serve", "--secret=hunter2"], {}, null, "unknown flag --secret: did you mean --secret-file?"],
  [["serve", "--port"], {}, null, "option '--port <number>' argument missing; see coatcheck serve --help"],
  [["serve", "now"], {}, null, "too much after coatcheck serve: it takes flags alone; see coatcheck serve --help"],
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

test("each command's help has an example", async () => {
  for (const args of COMMANDS) {
    expect(await main([...args, "--help"])).toBe(0);
    expect(written.stdout.split("Usage: ").at(-1)).toContain(`For example:\n  $ coatcheck ${args.join(" ")}`);
  }
  expect(await main(["help", "session"])).toBe(0);
  expect(written.stdout).toContain("Usage: coatcheck session [options] [command]");
  expect(written.stderr).toBe("");
});

describe("administration of a store that is not there is status 1, and makes nothing", () => {
  test.each<[string, () => void, readonly string[], RegExp]>([
    ["no file", () => undefined, [], /^there is no store in \S+coatcheck\.db: name the one that the server uses with --store, or start/],
    ["an empty file", () => writeFileSync("x.db", ""), ["--store", "sqlite:x.db"], /^there is no store in \S+x\.db/],
    ["another file", () => writeFileSync("x.db", "x".repeat(4_096)), ["--store", "sqlite:x.db"], /^there is no store in \S+x\.db/],
    ["a folder", () => mkdirSync("x.db"), ["--store", "sqlite:x.db"], /^there is no store in \S+x\.db/],
    [
      "another program's",
      () => new Database("x.db").exec("CREATE TABLE t (x)").close(),
      ["--store", "sqlite:x.db"],
      /^there is no store in/,
    ],
    [
      "memory",
      () => undefined,
      ["--store", "memory:"],
      /^the store memory: lives inside its server alone and can't be administered from here/,
    ],
  ])("%s", async (_, make, flags, line) => {
    make();
    const before = readdirSync(".");
    expect(await main(["session", "list", ...flags])).toBe(1);
    expect(written.stdout).toBe("");
    expect(written.stderr).toMatch(/^coatcheck: [^\n]+\n$/);
    expect(written.stderr.replace("coatcheck: ", "")).toMatch(line);
    expect(readdirSync(".")).toEqual(before);
  });
});
