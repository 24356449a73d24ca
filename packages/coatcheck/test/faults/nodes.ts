import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "../support/ports.ts";
import { pause } from "./request.ts";

const SERVICE = fileURLToPath(new URL("service.ts", import.meta.url));
const APPLICATION = fileURLToPath(new URL("application.ts", import.meta.url));

/** A process of a cluster: it can be killed, stopped and started again on the same port. */
export interface Node {
  readonly url: string;
  readonly port: number;
  /** The errors that it has logged since it was last started. */
  readonly errors: ReadonlySet<string>;
  start(): Promise<void>;
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/**
 * A program that listens on a port of its own and says at `/readyz` when it can serve.
 * @param env besides PATH nothing of whoever runs the tests.
 */
async function nodeOf(file: string, argsFor: (port: number) => readonly string[], env: NodeJS.ProcessEnv, cwd: string): Promise<Node> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  const errors = new Set<string>();
  return {
    ...{ url, port, errors },
    async start() {
      let said = "";
      errors.clear();
      const started = spawn(process.execPath, [file, ...argsFor(port)], { cwd, env: { PATH: process.env["PATH"], ...env }, stdio: "pipe" });
      child = started;
      for (const stream of [started.stdout, started.stderr]) stream.on("data", (chunk: Buffer) => (said = (said + chunk).slice(-2_000)));
      createInterface(started.stdout).on("line", (event) => errors.add(event));
      while (!(await isReady(url))) if (started.exitCode !== null) throw new Error(`it ended with ${started.exitCode}:\n${said}`);
    },
    async kill() {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
    signal: (name) => void child?.kill(name),
  };
}

/** An application with the library in it, on a store: its /whoami is decided by `check` alone. */
export function applicationNode(store: string, issuer: string, bound: number, env: NodeJS.ProcessEnv, cwd: string): Promise<Node> {
  return nodeOf(APPLICATION, (port) => [String(port), store, issuer, `${bound}ms`], env, cwd);
}

/** A service without a store, with a verifier in it: its /whoami is decided by `check` alone. */
export function serviceNode(issuer: string, env: NodeJS.ProcessEnv, cwd: string): Promise<Node> {
  return nodeOf(SERVICE, (port) => [String(port), issuer], env, cwd);
}

async function isReady(url: string): Promise<boolean> {
  try {
    if ((await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) })).status === 200) return true;
  } catch {
    // Nobody listens there yet.
  }
  await pause(50);
  return false;
}
