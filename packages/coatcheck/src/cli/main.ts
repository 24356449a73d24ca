import { Command, CommanderError } from "commander";
import { unknownFlag } from "../config/names.ts";
import { nearest } from "../config/nearest.ts";
import { SETTING_NAMES, SETTINGS } from "../config/table.ts";
import { ConfigError } from "../core/errors.ts";
import { StartError } from "../server/start-error.ts";
import { VERSION } from "./version.ts";

/** Exit statuses: done, it failed, it was used wrongly. */
type Status = 0 | 1 | 2;

/** @param args what stands behind the program's name. @returns the exit status. Errors are one line on stderr, with the mend. */
export async function main(args: readonly string[]): Promise<Status> {
  try {
    await program().parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help and --version
    const [status, line] = explain(error, args);
    process.stderr.write(`coatcheck: ${line}\n`);
    return status;
  }
}

function program(): Command {
  const coatcheck = new Command("coatcheck")
    .description("Keeps people logged in: one session record, carried as a cookie or as a signed token, ended everywhere.")
    .version(VERSION)
    .exitOverride()
    .configureOutput({ outputError: () => undefined }); // told by explain(), on one line
  coatcheck.addCommand(serveCommand().copyInheritedSettings(coatcheck));
  coatcheck.action(() => {
    throw new ConfigError("no command: try coatcheck serve, or coatcheck --help");
  });
  return coatcheck;
}

/** Its flags are the table of settings. */
function serveCommand(): Command {
  const serve = new Command("serve").description("Serves the API and the pages until it is stopped.").allowExcessArguments(false);
  for (const name of SETTING_NAMES) {
    const { flag, env, value, doc, otherwise } = SETTINGS[name];
    if (flag !== null) serve.option(`${flag} <${value}>`, `${doc} (${env}; default: ${otherwise})`);
  }
  return serve.action(async (flags: Readonly<Record<string, unknown>>) => {
    // Loaded when it is needed: help and errors should not wait for a database driver.
    const { runServe } = await import("./serve.ts");
    await runServe(flags);
  });
}

function explain(error: unknown, args: readonly string[]): readonly [Status, string] {
  if (error instanceof ConfigError) return [2, error.message];
  if (error instanceof StartError) return [1, error.message];
  if (error instanceof CommanderError) return [2, misuse(error, args)];
  return [1, `something went wrong inside: ${error instanceof Error ? error.stack : String(error)}`];
}

function misuse({ code, message }: CommanderError, args: readonly string[]): string {
  const quoted = /'([^']*)'/.exec(message)?.[1] ?? "";
  if (code === "commander.unknownOption" && args[0] === "serve") return unknownFlag(quoted).message;
  if (code === "commander.excessArguments" && args[0] !== "serve")
    return `unknown command ${args[0]}: did you mean ${nearest(args[0] ?? "", ["serve"])}?`;
  return `${message.replace(/^error: /, "").replaceAll("\n", " ")}; see coatcheck ${args[0] === "serve" ? "serve " : ""}--help`;
}
