import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import type { Command } from "commander";
import { ConfigError } from "../core/errors.ts";
import type { Random } from "../core/ports.ts";
import type { Flags } from "./command.ts";
import { Failure } from "./failure.ts";
import { readStdin } from "./stdin.ts";

/** Where a new password comes from. Never an argument: those are seen by everybody on the machine, and kept in the shell's history. */
export interface PasswordFlags extends Flags {
  readonly passwordStdin?: boolean;
  readonly passwordPrompt?: boolean;
}

export interface NewPassword {
  readonly password: string;
  /** Whether it was made here, and so must be shown. */
  readonly made: boolean;
}

export function withPassword(command: Command): Command {
  return command
    .option("--password-stdin", "read the password from stdin (default: one is made, and shown once)")
    .option("--password-prompt", "ask for the password at the terminal, without showing it");
}

/** @throws ConfigError if it was asked for in two ways, or in one that can't be. @throws Failure */
export async function newPassword({ passwordStdin = false, passwordPrompt = false }: PasswordFlags, random: Random): Promise<NewPassword> {
  if (passwordStdin && passwordPrompt) throw new ConfigError("--password-stdin and --password-prompt: give one of them");
  if (passwordStdin) return { password: await fromStdin(), made: false };
  if (!passwordPrompt) return { password: makePassword(random), made: true };
  if (!process.stdin.isTTY) throw new ConfigError("there is no terminal to ask at: use --password-stdin");
  return { password: await askTwice(process.stdin, process.stderr), made: false };
}

/** Without the line break that `echo` puts at its end. */
async function fromStdin(): Promise<string> {
  const text = (await readStdin()).replace(/\r?\n$/, "");
  if (text === "") throw new ConfigError("there is no password on stdin: put one there, like printf %s … | coatcheck …");
  return text;
}

/** Asks at a terminal without showing what is typed, and once more, since nobody saw it. @throws Failure if the two differ, or the person gives up. */
export async function askTwice(input: NodeJS.ReadStream, output: NodeJS.WritableStream): Promise<string> {
  const mute = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: mute, terminal: true, historySize: 0 });
  const gaveUp = new Promise<never>((_, reject) => {
    const stop = (): void => reject(new Failure("no password was given: nothing is changed"));
    lines.once("SIGINT", stop).once("close", stop);
  });
  const ask = async (question: string): Promise<string> => {
    output.write(question);
    try {
      return await Promise.race([lines.question(""), gaveUp]);
    } finally {
      output.write("\n");
    }
  };
  try {
    const password = await ask("Password: ");
    if ((await ask("The same again: ")) !== password) throw new Failure("the two are not the same: try again");
    return password;
  } finally {
    lines.close();
  }
}

/** Letters and digits that are not taken for one another, 32 of them: five bits each. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
const GROUPS = 4;
const GROUP = 5;

/** 100 random bits, in groups, for people who must type it. */
function makePassword(random: Random): string {
  const letters = [...random.bytes(GROUPS * GROUP)].map((byte) => ALPHABET[byte % ALPHABET.length] as string);
  return Array.from({ length: GROUPS }, (_, group) => letters.slice(group * GROUP, (group + 1) * GROUP).join("")).join("-");
}
