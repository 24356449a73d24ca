import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { CoatcheckOptions } from "../config/options.ts";
import type { SecretSource } from "../config/read.ts";
import { ConfigError } from "../core/errors.ts";
import type { Random } from "../core/ports.ts";
import { isLocal } from "../core/settings.ts";
import type { Settings } from "../core/settings.ts";
import { decode } from "../crypto/base64url.ts";
import { canonical, defaultSecretPath, ensureSecretFile, holds, thisMachine } from "./secret-file.ts";
import type { Machine } from "./secret-file.ts";
import { systemRandom } from "./random.ts";
import { StartError } from "./start-error.ts";
import { MIN_SECRET_BYTES, weakness } from "./weakness.ts";

/** The master secrets, and what whoever started the server should know of them. */
export interface MasterSecrets {
  readonly masters: readonly Uint8Array[];
  /** Gives them as they are now: a file may have changed. @throws ConfigError if it can't be read, or holds a weak one. */
  readonly read: () => readonly Uint8Array[];
  /** The file that they are in, or null. */
  readonly file: string | null;
  /** Where they are, for the start lines; never the secrets themselves. */
  readonly where: string;
  /** Whether they were made just now. */
  readonly made: boolean;
  readonly warnings: readonly string[];
}

/** What the default hangs on. */
export interface SecretContext {
  readonly issuer: string;
  /** `sqlite:<file>`, `memory:` or anything else. */
  readonly store: string;
  readonly random: Random;
  readonly machine: Machine;
}

const HOW_TO_MAKE = `node -p "require('crypto').randomBytes(32).toString('base64url')"`;

/** @throws ConfigError with one line if there is none, it can't be read, or it is weak. */
export function masterSecrets(source: SecretSource, context: SecretContext): MasterSecrets {
  if (source.kind === "values") return fixed(readSecrets(source.values, source.at), { where: source.at, made: false });
  if (source.kind === "file") return fromFile(source.path, context);
  if (!hasDefault(context.store, context.issuer))
    throw new ConfigError(`no secret: set COATCHECK_SECRET or --secret-file to one made by ${HOW_TO_MAKE}`);
  const data = dataFile(context.store);
  if (data !== null) return fromDefaultFile(data, context);
  return fixed([context.random.bytes(MIN_SECRET_BYTES)], { where: "in memory, a new one at each start", made: true });
}

function fixed(masters: readonly Uint8Array[], told: Pick<MasterSecrets, "where" | "made">): MasterSecrets {
  return { masters, read: () => masters, file: null, warnings: [], ...told };
}

/**
 * Those of a store that is there already: with it its secret was made, so that none is made here.
 * @throws StartError if the one that the server made is not there. @throws ConfigError as {@link masterSecrets}
 */
export function existingSecrets(source: SecretSource, context: SecretContext): MasterSecrets {
  const data = hasDefault(context.store, context.issuer) ? dataFile(context.store) : null;
  if (source.kind === "default" && data !== null) {
    const path = defaultSecretPath(data, context.machine);
    if (!existsSync(path)) throw new StartError(`the secret of this store is not at ${path}: give --secret-file, or set COATCHECK_SECRET`);
  }
  return masterSecrets(source, context);
}

/**
 * The library's: given as an option, or the same default as the server's.
 * @throws ConfigError if there is none, or it is weak.
 */
export function librarySecrets(
  { secret, store }: Pick<CoatcheckOptions, "secret" | "store">,
  { issuer }: Pick<Settings, "issuer">,
): MasterSecrets["read"] {
  const at = `the option "secret"`;
  if (secret !== undefined) {
    const masters = readSecrets(typeof secret === "string" ? secret.split(",") : [secret].flat(), at);
    return () => masters;
  }
  if (!hasDefault(store.name, issuer)) throw new ConfigError(`${at} is missing: set it to one made by ${HOW_TO_MAKE}`);
  // Not the caller's own random: the file outlives a test.
  return masterSecrets({ kind: "default" }, { issuer, store: store.name, random: systemRandom, machine: thisMachine() }).read;
}

function hasDefault(store: string, issuer: string): boolean {
  return store === "memory:" || (store.startsWith("sqlite:") && isLocal(issuer));
}

/** @param at where they stand, for the message; the secrets are never in it. */
function readSecrets(texts: readonly string[], at: string): Uint8Array[] {
  const masters = texts.map((text) => {
    const secret = typeof text === "string" ? decode(text.trim()) : null;
    if (secret === null) throw new ConfigError(`${at} is not base64url without padding; make one by ${HOW_TO_MAKE}`);
    const why = weakness(secret);
    if (why !== null) throw new ConfigError(`${at} is too weak: a secret ${why}; make one by ${HOW_TO_MAKE}`);
    return secret;
  });
  if (masters.length === 0) throw new ConfigError(`${at} is empty; make one by ${HOW_TO_MAKE}`);
  return masters;
}

function fromFile(path: string, { store }: SecretContext): MasterSecrets {
  const data = dataFile(store);
  const warnings = permissionWarning(path);
  if (data !== null && holds(data, canonical(resolve(path)))) {
    warnings.push(
      `the secret ${path} lies in the folder of the data: whoever gets a copy of that folder can open everything; keep it elsewhere`,
    );
  }
  return inFile(resolve(path), { made: false, warnings });
}

function fromDefaultFile(data: string, { random, machine }: SecretContext): MasterSecrets {
  const path = defaultSecretPath(data, machine);
  if (holds(data, path)) {
    throw new ConfigError(
      `the folder of the data also holds ${path}, where the secret would go: choose another --store, or give --secret-file`,
    );
  }
  const made = ensureSecretFile(path, random);
  return inFile(path, { made, warnings: permissionWarning(path) });
}

function inFile(path: string, told: Pick<MasterSecrets, "made" | "warnings">): MasterSecrets {
  const read = (): readonly Uint8Array[] => readFile(path);
  return { masters: read(), read, file: path, where: path, ...told };
}

function readFile(path: string): Uint8Array[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(
      `the secret file ${path} can't be read (${(error as NodeJS.ErrnoException).code}): check the name and its permissions`,
      { cause: error },
    );
  }
  return readSecrets(text.split(","), `the secret file ${path}`);
}

/** Others may read it? Windows keeps that in lists that no mode shows. */
function permissionWarning(path: string): string[] {
  if (process.platform === "win32") return [];
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o077) === 0 ? [] : [`others on this machine may read the secret ${path}: chmod 600 it`];
}

/** The file that an SQLite store stands on, in one spelling; null for any other store. */
function dataFile(store: string): string | null {
  return store.startsWith("sqlite:") ? canonical(resolve(store.slice("sqlite:".length))) : null;
}
