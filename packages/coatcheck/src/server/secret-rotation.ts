import { resealSigningKeys } from "../carriers/token/key-changes.ts";
import type { KeyParts } from "../carriers/token/key-changes.ts";
import type { Feed } from "../core/ports.ts";
import { deriveSecrets } from "../crypto/secrets.ts";
import { newSecret, replaceSecretFile, withSecretFile } from "./secret-file.ts";
import type { MasterSecrets } from "./secrets.ts";

/** Everything but the secrets, which change on the way. */
export type RotationParts = Omit<KeyParts, "secrets"> & { readonly feed: Feed };

export interface SecretRotation {
  /** How many signing keys were sealed again. */
  readonly resealed: number;
  /** How many secrets are read from now on, the first of which writes. */
  readonly secrets: number;
}

/**
 * A new secret, in front of those in the file. First it is added behind them and the log says so: whoever looks into the log before it judges a cookie or
 * a refresh token can read what any other process writes under the new secret, because nobody writes under it before that entry. Then it becomes the
 * first, and the signing keys are sealed under it. Interrupted anywhere, everything can be opened, and it can be done again.
 * @throws StartError if the file can't be written. @throws ConfigError if there is a key that none of its secrets opens. @throws {store_unavailable}
 */
export function rotateSecretFile(path: string, read: MasterSecrets["read"], parts: RotationParts): Promise<SecretRotation> {
  return withSecretFile(path, async () => {
    const old = read();
    await resealSigningKeys({ ...parts, secrets: deriveSecrets(old) });
    const fresh = newSecret(parts.random);
    replaceSecretFile(path, [...old, fresh], parts.random);
    await parts.feed.append("invalidate-keys", "", parts.clock.now());
    const secrets = [fresh, ...old];
    replaceSecretFile(path, secrets, parts.random);
    const resealed = await resealSigningKeys({ ...parts, secrets: deriveSecrets(secrets) });
    const detail = { resealed: resealed.length, secrets: secrets.length };
    await parts.audit({ event: "secret_rotated", userId: null, sid: null, ip: "", carrier: null, detail });
    return detail;
  });
}
