import { ConfigError } from "../core/errors.ts";
import { nearest } from "./nearest.ts";
import { SETTING_NAMES, SETTINGS } from "./table.ts";

// What is ours but unknown is refused and never passed over: a misspelt setting would leave its default in force without a word.

const FLAGS = SETTING_NAMES.flatMap((name) => SETTINGS[name].flag ?? []);
const VARIABLES = SETTING_NAMES.flatMap((name) => SETTINGS[name].env ?? []);
const PREFIX = /^COATCHECK_/;

/** The settings that the server's file may hold. */
export const FILE_KEYS: readonly string[] = SETTING_NAMES.filter((name) => ["file", "both"].includes(SETTINGS[name].key));

/** The settings that the library takes as options. */
export const OPTION_KEYS: readonly string[] = SETTING_NAMES.filter((name) => ["option", "both"].includes(SETTINGS[name].key));

/** @param typed the flag as typed, perhaps with `=` and a value: that is not repeated, it may be a secret. */
export function unknownFlag(typed: string): ConfigError {
  const flag = typed.replace(/=.*/s, "").replaceAll(/[^\x21-\x7e]/g, "?");
  return new ConfigError(`unknown flag ${flag}: did you mean ${nearest(`--${flag.replace(/^-+/, "")}`, FLAGS)}?`);
}

/** @throws ConfigError at a variable with our prefix that is no setting. */
export function refuseUnknownVariables(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(env)) {
    if (!PREFIX.test(name) || VARIABLES.includes(name)) continue;
    // Compared without the prefix that all but PORT share, so that COATCHECK_PORT finds PORT.
    const bare = VARIABLES.map((known) => known.replace(PREFIX, ""));
    const meant = VARIABLES[bare.indexOf(nearest(name.replace(PREFIX, ""), bare))];
    throw new ConfigError(`unknown environment variable ${name}: did you mean ${meant}?`);
  }
}

/** @throws ConfigError at a key that is none of `known`. */
export function refuseUnknownKeys(keys: readonly string[], known: readonly string[], place: string): void {
  for (const key of keys) {
    if (!known.includes(key)) throw new ConfigError(`unknown ${place} ${JSON.stringify(key)}: did you mean "${nearest(key, known)}"?`);
  }
}
