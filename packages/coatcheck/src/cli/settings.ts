import { readConfig } from "../config/read.ts";
import type { ServerConfig } from "../config/read.ts";
import { SETTING_NAMES } from "../config/table.ts";
import type { Flags } from "./command.ts";
import { readConfigFile } from "./config-file.ts";

/** What `coatcheck serve` would go by with these flags, this environment and this folder's file. @throws ConfigError */
export function configFor(flags: Flags): ServerConfig {
  return readConfig({ flags: settingsIn(flags), env: process.env, file: readConfigFile() });
}

/** The flags that are settings; the others are the command's own. */
function settingsIn(flags: Flags): Flags {
  return Object.fromEntries(Object.entries(flags).filter(([name]) => (SETTING_NAMES as readonly string[]).includes(name)));
}
