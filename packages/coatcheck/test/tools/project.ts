import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export const REPOSITORY = fileURLToPath(new URL("../../../..", import.meta.url));
export const NODE_PACKAGE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
export const WINDOWS = process.platform === "win32";

/** Stands for a Node that is too old: all that our tools ask it is its version. */
const OLD_NODE = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.0" } });`;

/** Says what it was started with, and goes on until a signal comes. */
const SERVER = `
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => { console.log("got " + signal); process.exit(7); });
setInterval(() => {}, 1_000);
console.log("ready " + JSON.stringify({ pid: process.pid, args: process.argv.slice(2), path: process.env.PATH }));
`;

export interface Outcome {
  /** Null if it died of a signal. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly process: ChildProcess;
  /** When it, and everything that has its output, is gone. */
  readonly ended: Promise<Outcome>;
  /** Resolves with the first match in what it prints. Rejects if it ends without. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A tiny project in a folder of its own with the real tools, a stub for the compiler and a server that only waits. Removed after the test. */
export class FakeProject {
  readonly root: string;
  readonly #bin: string;

  constructor() {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), "coatcheck-tools-")));
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
    cpSync(join(REPOSITORY, "tools"), join(this.root, "tools"), { recursive: true });
    this.#bin = join(this.root, "bin");
    this.write("package.json", JSON.stringify({ optionalDependencies: { [NODE_PACKAGE]: "24.0.0" } }));
    this.write("package-lock.json", "{}");
    this.write("packages/coatcheck/bin/coatcheck.cjs", SERVER);
    this.install();
    this.npm(`throw new Error("nobody should have asked for npm");`);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string | null {
    return existsSync(join(this.root, path)) ? readFileSync(join(this.root, path), "utf8") : null;
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true });
  }

  /** What a finished install leaves, as far as the tools look. */
  install(): void {
    this.write("node_modules/typescript/bin/tsc", "");
    this.write("node_modules/.package-lock.json", "{}");
    this.date("node_modules/.package-lock.json", "2026-11-02");
    this.date("package-lock.json", "2026-11-01");
  }

  date(path: string, day: string): void {
    utimesSync(join(this.root, path), new Date(day), new Date(day));
  }

  /** Puts a Node into node_modules, as the optional dependency does. */
  bundleNode(): string {
    const folder = join(this.root, "node_modules", NODE_PACKAGE, "bin");
    mkdirSync(folder, { recursive: true });
    symlinkSync(process.execPath, join(folder, WINDOWS ? "node.exe" : "node"));
    return folder;
  }

  /** The npm on the PATH: a program of ours in Node. */
  npm(program: string): void {
    this.write("bin/npm.cjs", program);
    if (WINDOWS) this.write("bin/npm.cmd", `@"${process.execPath}" "%~dp0npm.cjs" %*\r\n`);
    else
      writeFileSync(join(this.#bin, "npm"), `#!/bin/sh\nexec "${process.execPath}" "${join(this.#bin, "npm.cjs")}" "$@"\n`, {
        mode: 0o755,
      });
  }

  /** The environment of a shell in which nobody has run npm, and without a browser's path. */
  environment({ oldNode = false, ...extra }: Environment = {}): NodeJS.ProcessEnv {
    const own = Object.entries(process.env).filter(([name]) => !/^(npm_.*|CI|NODE_OPTIONS|COATCHECK_.*|TEST_.*|VITEST.*)$/i.test(name));
    if (oldNode) this.write("old-node.cjs", OLD_NODE);
    return {
      ...Object.fromEntries(own),
      PATH: [this.#bin, dirname(process.execPath), process.env["PATH"]].join(delimiter),
      ...(oldNode ? { NODE_OPTIONS: `--require ${JSON.stringify(join(this.root, "old-node.cjs"))}` } : {}),
      ...extra,
    };
  }

  start(args: readonly string[], extra?: Environment): Running {
    return running(spawn(process.execPath, ["tools/run.cjs", ...args], { cwd: this.root, env: this.environment(extra) }));
  }

  run(args: readonly string[], extra?: Environment): Promise<Outcome> {
    return this.start(args, extra).ended;
  }
}

export interface Environment {
  readonly oldNode?: boolean;
  readonly [name: string]: string | boolean | undefined;
}

/** Watches a process, and ends it after the test if it is still there. */
export function running(child: ChildProcess): Running {
  const output = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      for (const listener of listeners) listener();
    });
  }
  const ended = once(child, "close").then(([status]): Outcome => ({ status: status as number | null, ...output }));
  onTestFinished(() => void child.kill("SIGKILL"));
  const printed = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(output.stdout) ?? pattern.exec(output.stderr);
        if (match === null) return;
        listeners.delete(look);
        resolve(match);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without ${pattern}: ${JSON.stringify(output)}`)));
    });
  return { process: child, ended, printed };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
