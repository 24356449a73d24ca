import { Command, Option } from "commander";
import { SETTING_NAMES, SETTINGS } from "../config/table.ts";
import type { SettingName } from "../config/table.ts";
import { ConfigError } from "../core/errors.ts";
import type { Desk } from "./desk.ts";
import type { Report } from "./output.ts";

/** Flags as typed, by their names in camel case: settings of the table, and a command's own. */
export type Flags = Readonly<Record<string, unknown>>;

/** What begins with "-" and yet is a value: a sid, a kid, a cookie's value. No flag looks so: they are one letter, or "--" and small letters. */
const VALUE = /^-(?:[A-Za-z0-9_][A-Za-z0-9_-]{8,}|-(?=.*[A-Z0-9_])[A-Za-z0-9_-]{20,})$/;

/** A command that does something. Values that begin with "-" need no "--" in front of them. */
class Leaf extends Command {
  override parseOptions(args: string[]): ReturnType<Command["parseOptions"]> {
    const isValue = (arg: string, index: number): boolean => VALUE.test(arg) && !this.#takesValue(args[index - 1]);
    const values = args.includes("--") ? [] : args.filter(isValue);
    if (values.length === 0) return super.parseOptions(args);
    return super.parseOptions([...args.filter((arg, index) => !isValue(arg, index)), "--", ...values]);
  }

  #takesValue(arg: string | undefined): boolean {
    return this.options.some((option) => option.long === arg && option.required);
  }
}

/** A command that does something, with an example in its help. */
export function leaf(name: string, description: string, ...examples: readonly string[]): Command {
  const lines = examples.map((example) => `  $ ${example}`);
  return new Leaf(name).description(description).addHelpText("after", `\nFor example:\n${lines.join("\n")}`);
}

/** A command that only holds others. Without one of them it says which there are. */
export function noun(name: string, description: string, children: readonly Command[]): Command {
  const command = new Command(name).description(description).enablePositionalOptions();
  const [first] = children.map((child) => child.name());
  for (const child of children) command.addCommand(child);
  return command.action(() => {
    const path = pathOf(command).join(" ");
    throw new ConfigError(`no command: try ${path} ${first}, or ${path} --help`);
  });
}

/**
 * Takes every setting as `serve` does, so that the flags which started a server also find its store.
 * A flag that the command has already, with a meaning of its own, stays what it is.
 * @param shown those that the help tells of. Default: all.
 */
export function withSettings(command: Command, shown: readonly SettingName[] = SETTING_NAMES): Command {
  for (const name of SETTING_NAMES) {
    const { flag, env, value, doc, otherwise } = SETTINGS[name];
    if (flag === null || command.options.some(({ long }) => long === flag)) continue;
    const option = new Option(`${flag} <${value}>`, `${doc} (${env}; default: ${otherwise})`);
    command.addOption(shown.includes(name) ? option : option.hideHelp());
  }
  return command;
}

/** A command that opens the store itself, whether or not a server runs on it, and prints what it did or found. */
export function administration(name: string, description: string, ...examples: readonly string[]): Command {
  return administrative(leaf(name, description, ...examples));
}

/** Makes a command one of those, beside the flags that it has already. */
export function administrative(command: Command): Command {
  return withSettings(command, ["store", "issuer", "secretFile"]).option("--json", "print JSON");
}

/**
 * Opens the store that `serve` would serve with these flags, this environment and this folder's file, lets `work` work on it, and prints what comes of
 * that. Loaded when it is needed: help and errors should not wait for a database driver.
 * @throws ConfigError if it was asked wrongly. @throws Failure, StartError if it can't be done.
 */
export async function administer(flags: Flags, work: (desk: Desk) => Promise<Report>): Promise<void> {
  const { atDesk } = await import("./desk.ts");
  await atDesk(flags, work);
}

/** The names that lead to a command, from the program's own on. */
export function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [command.name()] : [...pathOf(command.parent), command.name()];
}
