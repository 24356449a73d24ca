import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { npm } from "../support/npm.ts";

export const REPOSITORY = fileURLToPath(new URL("../../../../", import.meta.url));

/** As a newcomer installs it: no install script is needed, and what npm has fetched before is not fetched again. */
export const INSTALL = ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"] as const;

/** @returns the path of the tarball, in `folder`. */
export async function pack(folder: string, workspace = "coatcheck"): Promise<string> {
  mkdirSync(folder, { recursive: true });
  await npm(["pack", "--workspace", workspace, "--pack-destination", folder, "--loglevel=error"], REPOSITORY);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${folder}`);
  return join(folder, tarball);
}

export interface Installed {
  readonly folder: string;
  readonly tarball: string;
  remove(): void;
}

/** The tarball, installed into an empty folder, where nothing of this repository is in reach. */
export async function installed(workspace?: string): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-installed-"));
  const tarball = await pack(join(folder, "packed"), workspace);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npm([...INSTALL, tarball], folder);
  return { folder, tarball, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const run = promisify(execFile);

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node with `args`, to its end. */
export async function node(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  try {
    const ended = await run(process.execPath, [...args], { cwd, env: { ...process.env, XDG_STATE_HOME: join(cwd, "state"), ...env } });
    return { status: 0, ...ended };
  } catch (error) {
    const { code, stdout = "", stderr = "" } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== "number") throw error;
    return { status: code, stdout, stderr };
  }
}
