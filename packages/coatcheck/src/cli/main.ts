import { CommanderError } from "commander";
import type { Command } from "commander";
import { CoatcheckError, ConfigError, StoreUnavailable } from "../core/errors.ts";
import { StartError } from "../server/start-error.ts";
import { clientCommand } from "./client.ts";
import { leaf, noun, withSettings } from "./command.ts";
import type { Flags } from "./command.ts";
import { doctorCommand } from "./doctor.ts";
import { drillCommand } from "./drill.ts";
import { Failure } from "./failure.ts";
import { inspectCommand } from "./inspect.ts";
import { keyCommand } from "./key.ts";
import { migrateCommand } from "./migrate.ts";
import { misuse } from "./misuse.ts";
import { sessionCommand } from "./session.ts";
import { userCommand } from "./user.ts";
import { VERSION } from "../observe/version.ts";

/** Exit statuses: done, it failed, it was used wrongly. */
type Status = 0 | 1 | 2;

/** @param args what stands behind the program's name. @returns the exit status. Errors are one line on stderr, with the mend. */
export async function main(args: readonly string[]): Promise<Status> {
  const program = coatcheck();
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0; // --help and --version
    const [status, line] = explain(error, program, args);
    process.stderr.write(`coatcheck: ${line}\n`);
    return status;
  }
}

function coatcheck(): Command {
  const commands = [
    ...[serveCommand(), userCommand(), sessionCommand(), clientCommand(), keyCommand(), migrateCommand()],
    ...[inspectCommand(), drillCommand(), doctorCommand()],
  ];
  const program = noun(
    "coatcheck",
    "Keeps people logged in: one session record, carried as a cookie or as a signed token, ended everywhere.",
    commands,
  );
  program.version(VERSION).helpCommand(true);
  inherit(program, (command) => {
    command.exitOverride().configureOutput({ outputError: () => undefined }); // told by explain(), on one line
  });
  return program;
}

function inherit(command: Command, settle: (command: Command) => void): void {
  settle(command);
  for (const child of command.commands) inherit(child, settle);
}

/** Its flags are the table of settings. */
function serveCommand(): Command {
  const serve = leaf("serve", "Serves the API and the pages until it is stopped.", "coatcheck serve --port 8080");
  return withSettings(serve).action(async (flags: Flags) => {
    // Loaded when it is needed: help and errors should not wait for a database driver.
    const { runServe } = await import("./serve.ts");
    await runServe(flags);
  });
}

function explain(error: unknown, program: Command, args: readonly string[]): readonly [Status, string] {
  if (error instanceof ConfigError) return [2, error.message];
  if (error instanceof StartError || error instanceof Failure) return [1, error.message];
  if (error instanceof CommanderError) return [2, misuse(error, program, args)];
  if (error instanceof CoatcheckError) return refused(error);
  return [1, `something went wrong inside: ${error instanceof Error ? error.stack : String(error)}`];
}

/** What the rules refuse, as they would over HTTP; what breaks the schema there is used wrongly here. */
function refused(error: CoatcheckError): readonly [Status, string] {
  if (error instanceof StoreUnavailable) {
    const why = error.cause instanceof Error ? error.cause.message : String(error.cause);
    return [
      1,
      `the store can't be reached (${why}): ${error.mend ?? "try again, and see that its disk is not full and its file may be written"}`,
    ];
  }
  const fields = (error.details.fields ?? []).map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`);
  return [error.status === 422 ? 2 : 1, fields.length === 0 ? error.message : fields.join("; ")];
}
