import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { collect } from "../canary/sinks.ts";

const COMMAND = "opt/coatcheck/node_modules/.bin/coatcheck";
const REPOSITORY = fileURLToPath(new URL("../../../../", import.meta.url));
/** What systemd gives a service to find programs in, with our Node before it. */
const PATH = `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin`;

export const deployed = (name: string): string => readFileSync(join(REPOSITORY, "deploy", name), "utf8");

/** A folder that stands for the root of a machine. */
export interface Machine {
  readonly root: string;
  /** Lays a file there, with the folders that it needs, for its owner alone. */
  lay(path: string, content: string): void;
}

export function machineIn(root: string): Machine {
  return {
    root,
    lay(path, content) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content, { mode: 0o600 });
    },
  };
}

/** A node as systemd has it run. */
export interface Unit {
  readonly url: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Ends it as systemd does. @returns its exit status. */
  stop(): Promise<number | null>;
}

/** The package where README.md has it installed: the command, as it was built. */
export function install(machine: Machine): void {
  const path = join(machine.root, COMMAND);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(REPOSITORY, "packages/coatcheck/bin/coatcheck.cjs"), path);
}

/** What stands in the unit's EnvironmentFile. */
function environmentOf(machine: Machine): Readonly<Record<string, string>> {
  const lines = readFileSync(join(machine.root, value("EnvironmentFile")), "utf8")
    .split("\n")
    .filter((line) => line.includes("="));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

/** What the unit says. */
function value(key: string): string {
  return new RegExp(`^${key}=(.*)$`, "m").exec(deployed("coatcheck@.service"))?.[1] ?? "";
}

/** A command that an operator runs there. @returns what it prints. */
export function command(machine: Machine, args: readonly string[], input: string): string {
  const env = { ...environmentOf(machine), PATH };
  const { status, stdout, stderr } = spawnSync(join(machine.root, COMMAND), args, { cwd: "/", env, input, encoding: "utf8" });
  if (status !== 0) throw new Error(`coatcheck ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/**
 * An instance of deploy/coatcheck@.service: its command line, its environment and its credentials, as they stand there; only the paths begin elsewhere, and the
 * port is one that is free.
 */
export function unit(machine: Machine, instance: string, port: number): Unit {
  const credentials = `/run/credentials/coatcheck@${instance}.service`;
  const [name = "", from = ""] = value("LoadCredential").split(":");
  machine.lay(join(credentials, name), readFileSync(join(machine.root, from), "utf8"));
  const [program = "", ...words] = value("ExecStart")
    .replace("30%i", String(port))
    .replaceAll("%d", join(machine.root, credentials))
    .split(/\s+/);
  const env = {
    ...environmentOf(machine),
    PATH,
    CREDENTIALS_DIRECTORY: join(machine.root, credentials),
  };

  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess;
  let said = "";
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "close");
      child.kill(signal);
      await gone;
    }
    collect("process", said);
    return child.exitCode;
  };
  return {
    url,
    async start() {
      const started = spawn(join(machine.root, program), words, { cwd: "/", env, stdio: ["ignore", "pipe", "pipe"] });
      child = started;
      for (const stream of [started.stdout, started.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
      while (!(await isReady(url))) if (started.exitCode !== null) throw new Error(`it ended with ${started.exitCode}:\n${said}`);
    },
    kill: async () => void (await end("SIGKILL")),
    stop: () => end("SIGTERM"),
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    if ((await fetch(`${url}/readyz`)).status === 200) return true;
  } catch {
    // Nobody listens there yet.
  }
  await new Promise((go) => setTimeout(go, 50));
  return false;
}
