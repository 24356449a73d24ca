import { createHash } from "node:crypto";
import {
  chownSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { ConfigError } from "../core/errors.ts";
import type { Random } from "../core/ports.ts";
import { encode } from "../crypto/base64url.ts";
import { StartError } from "./start-error.ts";
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

/**
 * Puts these secrets into a file that is there, whole or not at all: whoever reads it meanwhile gets the old ones or the new ones. It keeps its owner
 * and its mode, so that whoever could read it still can.
 * @throws StartError, and the file is as it was, if it can't be written.
 */
export function replaceSecretFile(path: string, secrets: readonly Uint8Array[], random: Random): void {
  const file = realpathSync.native(path);
  const draft = `${file}.${encode(random.bytes(9))}`;
  try {
    const { uid, gid, mode } = statSync(file);
    writeDurably(draft, `${secrets.map(encode).join(",")}\n`, mode & 0o777);
    const made = statSync(draft);
    if (made.uid !== uid || made.gid !== gid) chownSync(draft, uid, gid);
    renameSync(draft, file);
    syncFolder(dirname(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(`the secret in ${file} can't be replaced (${code}): run this as who owns it, where it may be written`, {
      cause: error,
    });
  } finally {
    if (existsSync(draft)) rmSync(draft);
  }
}

/**
 * Lets one process at a time change the file.
 * @throws StartError if another does, or was interrupted.
 */
export async function withSecretFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${realpathSync.native(path)}.lock`;
  try {
    closeSync(openSync(lock, "wx", 0o600));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError(
      code === "EEXIST"
        ? `another command is changing the secret in ${path}: wait for it, or, if none is running, delete ${lock}`
        : `${lock} can't be made (${code}): run this as who owns the secret, where it may be written`,
      { cause: error },
    );
  }
  try {
    return await work();
  } finally {
    rmSync(lock);
  }
}

/** One in half a million looks weak, and would be refused when it is read. */
export function newSecret(random: Random): Uint8Array {
  const secret = random.bytes(MIN_SECRET_BYTES);
  return weakness(secret) === null ? secret : random.bytes(MIN_SECRET_BYTES);
}

function writeDurably(path: string, text: string, mode = 0o600): void {
  const file = openSync(path, "wx", 0o600);
  try {
    if (mode !== 0o600) fchmodSync(file, mode);
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
