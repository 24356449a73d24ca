import type { Command, CommanderError } from "commander";
import { nearest } from "../config/nearest.ts";
import { pathOf } from "./command.ts";

/** Whatever is longer is no misspelt flag, and may be a secret. */
const LONGEST_FLAG = 30;

/** What was wrong with how it was called, on one line with the mend. Values are not repeated: they may be secrets. */
export function misuse({ code, message }: CommanderError, program: Command, args: readonly string[]): string {
  const { command, rest } = meant(program, args);
  const path = pathOf(command).join(" ");
  if (code === "commander.unknownOption") return unknownFlag(/'([^']*)'/.exec(message)?.[1] ?? "", command);
  if (code === "commander.excessArguments") {
    if (command.commands.length > 0) return unknownCommand(rest[0] ?? "", command);
    const takes = command.registeredArguments.length;
    return `too much after ${path}: it takes ${takes === 0 ? "flags alone" : takes === 1 ? "one value" : `${takes} values`}; see ${path} --help`;
  }
  return `${message.replace(/^error: /, "").replaceAll("\n", " ")}; see ${path} --help`;
}

/** The command that the arguments lead to, and what stands behind its name. */
function meant(program: Command, args: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } {
  const child = program.commands.find((it) => it.name() === args[0]);
  return child === undefined ? { command: program, rest: args } : meant(child, args.slice(1));
}

function unknownFlag(typed: string, command: Command): string {
  const flag = plain(typed.replace(/=.*/s, ""));
  if (flag.length > LONGEST_FLAG) return `unknown flag; see ${pathOf(command).join(" ")} --help`;
  const known = command.options.flatMap(({ long }) => long ?? []);
  return `unknown flag ${flag}: did you mean ${nearest(`--${flag.replace(/^-+/, "")}`, [...known, "--help"])}?`;
}

function unknownCommand(typed: string, command: Command): string {
  const path = pathOf(command).slice(1);
  const names = command.commands.map((it) => it.name());
  return `unknown command ${[...path, plain(typed)].join(" ")}: did you mean ${[...path, nearest(typed, names)].join(" ")}?`;
}

function plain(text: string): string {
  return text.replaceAll(/[^\x21-\x7e]/g, "?");
}
