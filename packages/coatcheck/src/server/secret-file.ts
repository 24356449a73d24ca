import { createHash } from "node:crypto";
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, realpathSync, rmSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { ConfigError } from "../core/errors.ts";
import type { Random } from "../core/ports.ts";
import { encode } from "../crypto/base64url.ts";
import { MIN_SECRET_BYTES, weakness } from "./weakness.ts";

/** What of the machine decides where the state of programs goes. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

export function thisMachine(): Machine {
  return { platform: process.platform, env: process.env, home: homedir() };
}

/**
 * Where the secret for a data file goes that was given none: with the user's own state, so that a copy of the data alone opens nothing.
 * Named after the data file, so that projects side by side have one each and do not depend on each other.
 * @param data its canonical path.
 */
export function defaultSecretPath(data: string, machine: Machine): string {
  const name = createHash("sha256").update(data).digest("hex").slice(0, 32);
  return join(canonical(stateFolder(machine)), "coatcheck", `${name}.secret`);
}

/** The XDG Base Directory Specification asks for absolute paths and to ignore others. */
function stateFolder({ platform, env, home }: Machine): string {
  const named = platform === "win32" ? env["LOCALAPPDATA"] : env["XDG_STATE_HOME"];
  if (named !== undefined && isAbsolute(named)) return named;
  return platform === "win32" ? join(home, "AppData", "Local") : join(home, ".local", "state");
}

/** The one spelling of an absolute path that may not exist yet: links in what does exist are followed. */
export function canonical(path: string): string {
  const parent = dirname(path);
  if (existsSync(path)) return realpathSync.native(path);
  return parent === path ? path : join(canonical(parent), basename(path));
}

/** Whether the folder of the file `data` holds `path`, at any depth. Both canonical. */
export function holds(data: string, path: string): boolean {
  const way = relative(dirname(data), path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/**
 * Makes the file with a new secret, readable by its owner alone, unless it is there. Of processes that do it at once one wins and all read the same:
 * the file appears whole, under its name, or not at all, since it is written under another name and then linked.
 * @returns whether this call made it.
 * @throws ConfigError if it can't be written.
 */
export function ensureSecretFile(path: string, random: Random): boolean {
  if (existsSync(path)) return false;
  const folder = dirname(path);
  const draft = `${path}.${encode(random.bytes(9))}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeDurably(draft, `${encode(newSecret(random))}\n`);
    linkSync(draft, path);
    syncFolder(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    throw new ConfigError(`the secret can't be written to ${path} (${code}): let it be written, or give --secret-file`, { cause: error });
  } finally {
    if (existsSync(draft)) rmSync(draft);
  }
}

/** One in half a million looks weak, and would be refused when it is read. */
function newSecret(random: Random): Uint8Array {
  const secret = random.bytes(MIN_SECRET_BYTES);
  return weakness(secret) === null ? secret : random.bytes(MIN_SECRET_BYTES);
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The name too must survive a power cut, or the data would outlive what opens it. Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
