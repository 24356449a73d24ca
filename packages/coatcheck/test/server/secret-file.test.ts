import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Random } from "../../src/core/ports.ts";
import { canonical, defaultSecretPath, ensureSecretFile, holds } from "../../src/server/secret-file.ts";
import type { Machine } from "../../src/server/secret-file.ts";

const RACER = fileURLToPath(new URL("./secret-racer.ts", import.meta.url));

let folder: string;
let machine: Machine;

beforeEach(() => {
  folder = realpathSync.native(mkdtempSync(join(tmpdir(), "coatcheck-secret-file-")));
  machine = { platform: "linux", env: {}, home: join(folder, "home") };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("of ten processes that make it at once one makes it, and all read the same", async () => {
  const path = join(folder, "state", "one.secret");
  const racers = Array.from({ length: 10 }, () => spawn(process.execPath, [RACER, path], { stdio: ["pipe", "pipe", "inherit"] }));
  const lines = racers.map((racer) => createInterface({ input: racer.stdout })[Symbol.asyncIterator]());
  const next = (): Promise<unknown[]> => Promise.all(lines.map(async (line) => (await line.next()).value as unknown));

  expect(await next()).toEqual(racers.map(() => "ready"));
  for (const racer of racers) racer.stdin.end("go");
  const results = (await next()).map((line) => JSON.parse(String(line)) as { made: boolean; text: string });
  expect(results.filter(({ made }) => made)).toHaveLength(1);
  expect(new Set(results.map(({ text }) => text))).toEqual(new Set([readFileSync(path, "utf8")]));
  expect(Buffer.from(readFileSync(path, "utf8").trim(), "base64url")).toHaveLength(32);
  expect(readdirSync(join(folder, "state"))).toEqual(["one.secret"]);
}, 60_000);

test("a file that is there is left as it is, and nothing is written beside it: its folder may be read-only by then", () => {
  const path = join(folder, "there.secret");
  writeFileSync(path, "mine");
  const none: Random = {
    bytes: () => {
      throw new Error("a secret was made");
    },
  };
  expect(ensureSecretFile(path, none)).toBe(false);
  expect(readFileSync(path, "utf8")).toBe("mine");
});

describe("where it goes", () => {
  test.each<[string, Partial<Machine>, string]>([
    ["the user's state", {}, "home/.local/state/coatcheck"],
    ["XDG_STATE_HOME", { env: { XDG_STATE_HOME: "FOLDER/xdg" } }, "xdg/coatcheck"],
    ["not a relative XDG_STATE_HOME", { env: { XDG_STATE_HOME: "xdg" } }, "home/.local/state/coatcheck"],
    ["%LOCALAPPDATA%", { platform: "win32", env: { LOCALAPPDATA: "FOLDER/local", XDG_STATE_HOME: "FOLDER/xdg" } }, "local/coatcheck"],
    ["where Windows has it when that is not set", { platform: "win32" }, "home/AppData/Local/coatcheck"],
  ])("%s", (_, other, expected) => {
    const env = Object.fromEntries(Object.entries(other.env ?? {}).map(([name, value]) => [name, value?.replace("FOLDER", folder)]));
    const path = defaultSecretPath("/srv/data/app.db", { ...machine, ...other, env });
    expect(join(path, "..")).toBe(join(folder, ...expected.split("/")));
    expect(path).toMatch(/[0-9a-f]{32}\.secret$/);
  });

  test("a folder holds what lies in it, at any depth, and nothing beside it", () => {
    const data = join(folder, "data", "app.db");
    expect(holds(data, join(folder, "data", "x.secret"))).toBe(true);
    expect(holds(data, join(folder, "data", "a", "b", "x.secret"))).toBe(true);
    expect(holds(data, join(folder, "data", "..x.secret"))).toBe(true);
    expect(holds(data, join(folder, "data2", "x.secret"))).toBe(false);
    expect(holds(data, join(folder, "x.secret"))).toBe(false);
  });

  test("a path that does not exist yet keeps its end and follows links before it", () => {
    mkdirSync(join(folder, "real"));
    symlinkSync(join(folder, "real"), join(folder, "link"), "junction");
    expect(canonical(join(folder, "link", "a", "b.db"))).toBe(join(folder, "real", "a", "b.db"));
  });
});
