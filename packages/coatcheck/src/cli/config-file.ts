import { existsSync, readFileSync } from "node:fs";
import { CONFIG_FILE } from "../config/read.ts";
import { ConfigError } from "../core/errors.ts";

/** What `coatcheck.config.json` in the working folder holds; undefined if there is none. @throws ConfigError if it can't be read or is no JSON. */
export function readConfigFile(): unknown {
  if (!existsSync(CONFIG_FILE)) return undefined;
  try {
    return JSON.parse(readFileSync(CONFIG_FILE, "utf8").replace(/^\uFEFF/, ""));
  } catch (error) {
    // The parser's message may quote the text over several lines.
    const why = (error as Error).message.split("\n", 1)[0];
    throw new ConfigError(`${CONFIG_FILE} can't be read: ${why}`, { cause: error });
  }
}
