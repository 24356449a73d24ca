import type { Command } from "commander";
import { resealSigningKeys, revokeSigningKeys, rotateSigningKey } from "../carriers/token/key-changes.ts";
import type { KeyParts } from "../carriers/token/key-changes.ts";
import { JWKS_MAX_AGE, keySigningAt, keyState, publishedUntil } from "../core/key-schedule.ts";
import { ConfigError } from "../core/errors.ts";
import type { SigningKeyRecord } from "../core/ports.ts";
import { iso, later } from "../core/time.ts";
import type { Instant } from "../core/time.ts";
import { deriveSecrets } from "../crypto/secrets.ts";
import { systemRandom } from "../server/random.ts";
import { rotateSecretFile } from "../server/secret-rotation.ts";
import type { RotationParts } from "../server/secret-rotation.ts";
import { administer, administration, noun } from "./command.ts";
import type { Flags } from "./command.ts";
import type { Desk } from "./desk.ts";
import { Failure } from "./failure.ts";
import { table, when } from "./output.ts";
import type { Report } from "./output.ts";

export function keyCommand(): Command {
  return noun("key", "Lists and rotates the keys that sign access tokens, and the secret that they are sealed under.", [
    listCommand(),
    rotateCommand(),
  ]);
}

function listCommand(): Command {
  return administration("list", "Lists the signing keys, oldest first, the revoked ones too.", "coatcheck key list").action(
    async (flags: Flags) => {
      await administer(flags, listKeys);
    },
  );
}

interface RotateFlags extends Flags {
  readonly compromised?: true;
  readonly secret?: true;
}

function rotateCommand(): Command {
  return administration(
    "rotate",
    "Publishes the next signing key, which signs in an hour; or, with a flag, something else. Nobody is logged out by any of it.",
    "coatcheck key rotate",
    "coatcheck key rotate --compromised",
    "coatcheck key rotate --secret",
  )
    .option("--compromised", "revoke every signing key at once, with all that they signed, and sign with a new one from now")
    .option("--secret", "put a new secret in front of those in the secret file, and seal the signing keys under it")
    .action(async ({ compromised, secret, ...flags }: RotateFlags) => {
      if (compromised && secret) throw new ConfigError("one at a time: first coatcheck key rotate --secret, then --compromised");
      await administer(flags, secret ? rotateSecret : compromised ? revoke : rotate);
    });
}

async function listKeys({ store, clock, config }: Desk): Promise<Report> {
  const [keys, now] = [await store.keys.list(), clock.now()];
  const longestTtl = await store.feed.raiseAccessTtl(config.settings.accessTtl);
  const until = (key: SigningKeyRecord): Instant | null => publishedUntil(keys, key, longestTtl);
  const rows = table(keys, {
    KID: ({ kid }) => kid,
    ALGORITHM: ({ alg }) => alg,
    STATE: (key) => keyState(keys, key, now),
    MADE: ({ createdAt }) => when(createdAt),
    "SIGNS FROM": ({ signsFrom }) => when(signsFrom),
    "PUBLISHED UNTIL": (key) => orElse(until(key), when, ""),
  });
  return {
    json: {
      keys: keys.map((key) => ({
        ...{ kid: key.kid, alg: key.alg, state: keyState(keys, key, now) },
        ...{ createdAt: iso(key.createdAt), signsFrom: iso(key.signsFrom), publishedUntil: orElse(until(key), iso, null) },
      })),
    },
    text: keys.length === 0 ? "There is no signing key yet: the first start of the server makes one." : rows,
  };
}

function orElse<T, E>(at: Instant | null, write: (at: Instant) => T, otherwise: E): T | E {
  return at === null ? otherwise : write(at);
}

async function rotate(desk: Desk): Promise<Report> {
  const { key, made } = await rotateSigningKey(keyParts(desk));
  const signing = keySigningAt(await desk.store.keys.list(), desk.clock.now());
  return {
    json: { ...view(key), made },
    text: rotated(key, made, signing),
  };
}

function rotated(key: SigningKeyRecord, made: boolean, signing: SigningKeyRecord | undefined): string {
  if (!made) return `Nothing to do: the next key, ${key.kid}, is published already and signs from ${when(key.signsFrom)}.`;
  if (signing?.kid === key.kid) return `Made the first key, ${key.kid}: it signs from now.`;
  return `Published the key ${key.kid}: it signs from ${when(key.signsFrom)}. Until then ${signing?.kid} does, whose tokens hold to their end.`;
}

async function revoke(desk: Desk): Promise<Report> {
  const { key, revoked } = await revokeSigningKeys(keyParts(desk));
  return {
    json: { ...view(key), revoked },
    text: [
      `Revoked ${revoked.join(", ") || "nothing"}: whatever they signed is refused from now on. The new key, ${key.kid}, signs at once.`,
      "Cookies and refresh tokens live on: who carries a token refreshes it and goes on.",
      `Whoever verifies with the JWKS alone accepts the old keys until they fetch it again: it says ${JWKS_MAX_AGE / 60_000} minutes.`,
    ].join("\n"),
  };
}

async function rotateSecret(desk: Desk): Promise<Report> {
  const { file, where, read, masters } = desk.secrets();
  const parts: RotationParts = { ...keyParts(desk), feed: desk.store.feed };
  if (file === null) return sealUnderFirst(desk, where, masters.length);
  const { resealed, secrets } = await rotateSecretFile(file, read, parts);
  const until = oldSecretUntil(desk);
  return {
    json: { secretFile: file, secrets, resealed, oldSecretUntil: iso(until) },
    text: [
      `Put a new secret in front of ${secrets === 2 ? "the one" : `the ${secrets - 1}`} in ${file}, and sealed ${counted(resealed)} under it.`,
      stay(until),
    ].join("\n"),
  };
}

/** Secrets that only whoever starts the servers can change: what is left to do here is to seal the keys again. */
async function sealUnderFirst(desk: Desk, where: string, secrets: number): Promise<Report> {
  const resealed = (await resealSigningKeys(keyParts(desk))).length;
  if (resealed > 0) await desk.audit({ event: "secret_rotated", detail: { resealed, secrets } });
  else if (secrets === 1) {
    throw new Failure(
      `${where} can't be changed from here: put a new secret in front of the old one, separated by a comma (with several servers first behind it, everywhere), restart, and run this again`,
    );
  }
  const until = oldSecretUntil(desk);
  const done =
    resealed > 0 ? `Sealed ${counted(resealed)} under the first of ${where}.` : `All is sealed under the first of ${where} already.`;
  return {
    json: { secretFile: null, secrets, resealed, oldSecretUntil: iso(until) },
    text: `${done}\n${stay(until)}`,
  };
}

/** The last cookie or refresh token that was made under the old secret is from now. */
function oldSecretUntil({ clock, config }: Desk): Instant {
  return later(clock.now(), config.settings.absolute);
}

function stay(until: Instant): string {
  return `The old one must stay there until ${when(until)}, for cookies and refresh tokens that were made under it; then take it out.`;
}

function counted(keys: number): string {
  return keys === 1 ? "1 signing key" : `${keys} signing keys`;
}

function view({ kid, alg, signsFrom }: SigningKeyRecord): object {
  return { kid, alg, signsFrom: iso(signsFrom) };
}

function keyParts(desk: Desk): KeyParts {
  const { store, clock, config } = desk;
  return {
    ...{ keys: store.keys, random: systemRandom, clock, alg: config.settings.alg },
    audit: (event) => desk.audit(event),
    secrets: deriveSecrets(desk.secrets().masters),
  };
}
