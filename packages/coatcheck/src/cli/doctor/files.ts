import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { isStoreFile } from "../../stores/sqlite/file.ts";
import type { FileFacts } from "./facts.ts";

/** What the file system says, before the store is opened. */
export function fileFacts(path: string): FileFacts {
  const folder = nearestFolder(path);
  const space = statfsSync(folder);
  return {
    ...{ path, ...look(path) },
    unwritable: [folder, path, `${path}-wal`, `${path}-shm`].filter((it) => existsSync(it) && !mayWrite(it)),
    mode: modeOf(path),
    fileSystem: process.platform === "linux" ? space.type >>> 0 : null,
    free: space.bavail * space.bsize,
    wal: statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? null,
  };
}

function look(path: string): Pick<FileFacts, "isThere" | "problem"> {
  try {
    const isThere = isStoreFile(path);
    const problem = !isThere && existsSync(path) ? `${path} is no store of Coatcheck: name another with --store` : null;
    return { isThere, problem };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { isThere: false, problem: `${path} can't be read (${code}): run this as the user that runs the server` };
  }
}

/** The permissions of a file; null if there is none, or the system keeps them in lists that no mode shows. */
export function modeOf(path: string): number | null {
  if (process.platform === "win32") return null;
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? null : stats.mode & 0o777;
}

function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false; // That is what was asked.
  }
}

/** The folder that the file is in, or would be made in. */
function nearestFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) || folder === path ? folder : nearestFolder(folder);
}
