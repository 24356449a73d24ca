import { ConfigError } from "../../core/errors.ts";
import type { Clock, Keys, Random, SigningKeyRecord } from "../../core/ports.ts";
import type { SigningAlgorithm } from "../../core/settings.ts";
import { algorithm } from "../../crypto/algorithms.ts";
import type { Algorithm } from "../../crypto/algorithms.ts";
import type { PublicKey } from "../../crypto/jwk.ts";
import type { Secrets } from "../../crypto/secrets.ts";
import { generateSigningKey, sealSigningKey, unsealSigningKey } from "../../crypto/signing.ts";
import type { SigningKey } from "../../crypto/signing.ts";

/** The keys of access tokens: one signs, all of them verify. */
export interface SigningKeys {
  readonly current: SigningKey;
  find(kid: string): PublicKey | null;
  all(): readonly PublicKey[];
}

export interface KeyParts {
  readonly keys: Keys;
  readonly secrets: Secrets;
  readonly random: Random;
  readonly clock: Clock;
  readonly alg: SigningAlgorithm;
}

/**
 * The signing keys of the store, made first if it has none of this algorithm. Processes that start at once end with the same one.
 * @throws ConfigError if no secret of ours opens them. @throws {store_unavailable}
 */
export async function loadSigningKeys(parts: KeyParts): Promise<SigningKeys> {
  const alg = algorithm(parts.alg) as Algorithm;
  let records = await parts.keys.list();
  if (!records.some((it) => it.alg === alg.name)) records = await parts.keys.ensure(newKey(alg, parts));

  const opened = records.map((record) => open(record, parts.secrets));
  const byKid = new Map(opened.map((key) => [key.kid, key.public]));
  const current = opened.findLast((key) => key.alg === alg) as SigningKey;
  return { current, find: (kid) => byKid.get(kid) ?? null, all: () => [...byKid.values()] };
}

function newKey(alg: Algorithm, { secrets, random, clock }: KeyParts): SigningKeyRecord {
  const key = generateSigningKey(alg);
  return {
    kid: key.kid,
    alg: alg.name,
    publicJwk: JSON.stringify(key.public.jwk),
    sealed: sealSigningKey(key, secrets.writer.sealKey, random),
    createdAt: clock.now(),
  };
}

function open(record: SigningKeyRecord, secrets: Secrets): SigningKey {
  const alg = algorithm(record.alg);
  for (const secret of secrets.readers) {
    const key = alg === undefined ? null : unsealSigningKey(alg, record.kid, record.sealed, secret.sealKey);
    if (key !== null) return key;
  }
  throw new ConfigError(
    `the signing key ${record.kid} in the store was sealed under another secret: start with the secret that this store was made with (--secret-file)`,
  );
}
