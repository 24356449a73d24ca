import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { collectDatabase } from "../canary/database.ts";
import { collect, minted } from "../canary/sinks.ts";

const CLI = fileURLToPath(new URL("../../src/cli/index.ts", import.meta.url));

export interface RunningServer {
  readonly url: string;
  readonly folder: string;
  readonly process: ChildProcess;
  /** What it has written to stdout and stderr so far. */
  output(): string;
  /** Ends it as an operator would; resolves with its exit status. */
  stop(): Promise<number | null>;
}

async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "coatcheck-test-"));
}

/** The real server, as a process of its own, on a free port and a file in `folder`; ready when this resolves. */
export async function startServer(
  folder: string,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<RunningServer> {
  const args = [CLI, "serve", "--port", "0", "--store", `sqlite:${join(folder, "data", "test.db")}`, ...flags];
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, XDG_STATE_HOME: join(folder, "state"), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const exited = once(child, "exit");
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const found = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(output);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    void exited.then(([code]) => reject(new Error(`the server stopped with ${code}:\n${output}`)));
  });
  while (!(await isReady(url))) await new Promise((resolve) => setImmediate(resolve));
  return {
    url,
    folder,
    process: child,
    output: () => output,
    stop: async () => {
      if (child.exitCode === null) child.kill("SIGTERM");
      const [code] = await exited;
      collect("process", output);
      collectDatabase(`sqlite:${join(folder, "data", "test.db")}`);
      for (const file of secretFiles(folder)) minted("master", readFileSync(file, "utf8").trim());
      return code as number | null;
    },
  };
}

/** The secrets that the server made for its data. */
function secretFiles(folder: string): readonly string[] {
  const state = join(folder, "state", "coatcheck");
  return existsSync(state)
    ? readdirSync(state)
        .filter((name) => name.endsWith(".secret"))
        .map((name) => join(state, name))
    : [];
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).status === 200;
  } catch {
    return false; // not listening yet
  }
}

/** A server on a fresh folder, and what takes both away. */
export async function openServer(flags: readonly string[] = []): Promise<RunningServer & { remove(): Promise<void> }> {
  const folder = await temporaryFolder();
  const server = await startServer(folder, flags);
  return {
    ...server,
    remove: async () => {
      await server.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** Runs `body` with a server on a fresh folder and takes both away afterwards. */
export async function withServer(body: (server: RunningServer) => Promise<void>, flags: readonly string[] = []): Promise<void> {
  const server = await openServer(flags);
  try {
    await body(server);
  } finally {
    await server.remove();
  }
}
