import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { ServerConfig } from "../../config/read.ts";
import { ConfigError } from "../../core/errors.ts";
import { encode } from "../../crypto/base64url.ts";
import { systemRandom } from "../../server/random.ts";
import { canonical, defaultSecretPath, holds, thisMachine } from "../../server/secret-file.ts";
import { existingSecrets } from "../../server/secrets.ts";
import { StartError } from "../../server/start-error.ts";
import type { SecretFacts } from "./facts.ts";
import { modeOf } from "./files.ts";
import { storePath } from "../../server/store.ts";

/** Where the secret is and who else may read it; and the secrets, to see what they open. Makes none. */
export function secretFacts(config: ServerConfig): { readonly facts: SecretFacts; readonly masters: readonly Uint8Array[] } {
  const { masters, problem } = readMasters(config);
  const data = storePath(config.store);
  const path = pathOf(config, data);
  const isThere = path !== null && existsSync(path);
  return {
    masters,
    facts: {
      problem,
      path,
      mode: isThere ? modeOf(path) : null,
      withData: isThere && data !== null && holds(canonical(data), canonical(path)),
      alsoIn: isThere ? othersWith(masters, path) : [],
      count: masters.length,
    },
  };
}

function readMasters(config: ServerConfig): { readonly masters: readonly Uint8Array[]; readonly problem: string | null } {
  // One that the server makes at each start is in no place that could be looked at.
  if (config.store === "memory:" && config.secret.kind === "default") return { masters: [], problem: null };
  const context = { issuer: config.settings.issuer, store: config.store, random: systemRandom, machine: thisMachine() };
  const data = storePath(config.store);
  // Before the first start there is none, and that start makes it.
  const isFirst = data !== null && !existsSync(data) && config.secret.kind === "default";
  try {
    return { masters: existingSecrets(config.secret, context).masters, problem: null };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    return { masters: [], problem: isFirst && error instanceof StartError ? null : error.message };
  }
}

function pathOf({ secret }: ServerConfig, data: string | null): string | null {
  if (secret.kind === "file") return resolve(secret.path);
  return secret.kind === "default" && data !== null ? defaultSecretPath(canonical(data), thisMachine()) : null;
}

/** Other files of secrets, beside this one and where secrets are made by default, that hold one of these. */
function othersWith(masters: readonly Uint8Array[], path: string): readonly string[] {
  const texts = masters.map(encode);
  const folders = new Set([dirname(path), dirname(defaultSecretPath("/", thisMachine()))]);
  const files = [...folders].filter(existsSync).flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return files.filter(
    (file) => file.endsWith(".secret") && canonical(file) !== canonical(path) && texts.some((text) => contains(file, text)),
  );
}

function contains(file: string, text: string): boolean {
  try {
    return readFileSync(file, "utf8").includes(text);
  } catch {
    return false; // What this user can't read is another user's, and no copy that they made.
  }
}
