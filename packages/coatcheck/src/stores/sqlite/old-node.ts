import { ConfigError } from "../../core/errors.ts";

/**
 * On a Node older than its binary, better-sqlite3 ends the process without a word as soon as it opens a file.
 * @throws ConfigError before it can.
 */
export function refuseOldNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return;
  throw new ConfigError(`Coatcheck needs Node 22.18 or later, and this is ${version}: install Node 24 and run it with that`);
}
