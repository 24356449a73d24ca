import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { collectCluster } from "../canary/database.ts";
import { FOLDER } from "../canary/sinks.ts";
import { freePort } from "./ports.ts";

// A PostgreSQL of the tests' own: it may be killed, paused and cut off.

/** The folder of the server's programs; null if there are none, which the test command says at its end. */
export const PROGRAMS: string | null = (createRequire(import.meta.url)("../../../../tools/postgres.cjs") as () => string | null)();

/** The server refuses to run as root, and so runs as nobody where the tests do. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export interface PostgresServer {
  readonly port: number;
  /** The data's folder. */
  readonly folder: string;
  /** The address of a database in it, as its owner. */
  url(database?: string): string;
  /** Makes an empty database. @returns its address. */
  database(): Promise<string>;
  /** Does one thing as the owner. */
  query(sql: string, database?: string): Promise<readonly Record<string, unknown>[]>;
  signal(name: NodeJS.Signals): void;
  /** Ends it at once, as a loss of power would. */
  kill(): Promise<void>;
  /** Ends it as an operator would. */
  stop(): Promise<void>;
  /** Starts it again, on the same port and data. */
  start(): Promise<void>;
  /** Ends it and deletes everything. */
  remove(): Promise<void>;
}

export interface ServerOptions {
  /** Settings besides the usual ones. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Files to lay into its folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** Data that is there already, and belongs to the server from now on. */
  readonly folder?: string;
}

/** A copy of a server's data as they are while it is stopped, for another server. */
export function copyOf(folder: string): string {
  const copy = serverFolder();
  const copied = spawnSync("cp", ["-a", `${folder}/.`, copy], { encoding: "utf8" });
  if (copied.status !== 0) throw new Error(`cp: ${copied.stderr}`);
  return copy;
}

/** A folder that the server may write. */
function serverFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-pg-"));
  if (NOBODY.uid !== undefined) chownSync(folder, NOBODY.uid, NOBODY.gid);
  return folder;
}

/** Writes a file for the server alone: it takes no key that others may read. */
function give(folder: string, name: string, content: string): void {
  const path = join(folder, name);
  writeFileSync(path, content, { mode: 0o600 });
  if (NOBODY.uid !== undefined) chownSync(path, NOBODY.uid, NOBODY.gid);
}

function program(name: string): string {
  if (PROGRAMS === null) throw new Error("there is no PostgreSQL on this machine");
  return join(PROGRAMS, name);
}

export async function startPostgres({ settings = {}, files = {}, folder = makeCluster() }: ServerOptions = {}): Promise<PostgresServer> {
  const port = await freePort();
  for (const [name, content] of Object.entries(files)) give(folder, name, content);
  // Without fsync: what is tested is the death of processes, never of the machine.
  const all = { port, listen_addresses: "127.0.0.1", unix_socket_directories: folder, fsync: "off", max_connections: 200, ...settings };
  const args = ["-D", folder, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  let child: ChildProcess;
  const url = (database = "postgres"): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  const query = async (sql: string, database?: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: url(database), ssl: false });
    await client.connect();
    try {
      // Of several statements, what the last one gave.
      return [await client.query<Record<string, unknown>>(sql)].flat().at(-1)?.rows ?? [];
    } finally {
      await client.end();
    }
  };
  const start = async (): Promise<void> => {
    child = spawn(program("postgres"), args, { ...NOBODY, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)));
    let isOver = false;
    child.once("exit", () => (isOver = true));
    while (!(await answers(query))) if (isOver) throw new Error(`PostgreSQL has ended:\n${said}`);
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  };
  await start();
  let databases = 0;
  return {
    ...{ port, folder, url, query, start },
    async database() {
      const name = `db_${(databases += 1)}`;
      await query(`CREATE DATABASE ${name}`);
      return url(name);
    },
    signal: (name) => void child.kill(name),
    kill: () => end("SIGKILL"),
    stop: () => end("SIGINT"),
    async remove() {
      child.kill("SIGCONT");
      if (FOLDER !== undefined) {
        // Before it ends it writes what it has in memory. One that waits for a standby in vain does not end, and is searched as far as it has written.
        await Promise.race([end("SIGINT"), new Promise((enough) => setTimeout(enough, 3_000).unref())]);
        collectCluster(folder);
      }
      await end("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeCluster(): string {
  const folder = serverFolder();
  const args = ["-D", folder, "-U", "postgres", "-N", "-A", "trust", "-E", "UTF8", "--no-locale"];
  const made = spawnSync(program("initdb"), args, { ...NOBODY, encoding: "utf8" });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  return folder;
}

async function answers(query: PostgresServer["query"]): Promise<boolean> {
  try {
    await query("SELECT 1");
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return false; // Not yet.
  }
}
