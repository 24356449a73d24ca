import { ConfigError, StoreUnavailable } from "../../core/errors.ts";
import { keySigningAt, publishedUntil, usableKeys } from "../../core/key-schedule.ts";
import { chain } from "../../core/maybe.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import type { Keys, Log, SigningKeyRecord } from "../../core/ports.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { algorithm } from "../../crypto/algorithms.ts";
import type { PublicKey } from "../../crypto/jwk.ts";
import type { DerivedSecret, LiveSecrets, Secrets } from "../../crypto/secrets.ts";
import { unsealSigningKey } from "../../crypto/signing.ts";
import type { SigningKey } from "../../crypto/signing.ts";

/** The keys of access tokens: at any time one signs, and all that are published verify. */
export interface SigningKeys {
  /** The key for a token whose `iat` is `at`. @throws {store_unavailable} if its private half can't be opened. */
  signingAt(at: Instant): SigningKey;
  /** @returns null for a key that is not ours, that was revoked, or whose last token has run out. @throws {store_unavailable} if it can't be opened. */
  find(kid: string, now: Instant): PublicKey | null;
  /** What the JWKS shows. */
  published(now: Instant): readonly PublicKey[];
}

export interface RingParts {
  readonly keys: Keys;
  readonly secrets: LiveSecrets;
  readonly log: Log;
  /** The longest life that any access token was ever given. */
  readonly longestTtl: () => Milliseconds;
}

/**
 * The store's keys in memory. The log says when to read them again, and the master secrets with them: whoever asks the log first uses every key and
 * every secret that was in use before it asked.
 */
export class KeyRing implements SigningKeys {
  readonly #parts: RingParts;
  #records: readonly SigningKeyRecord[] = [];
  #opened: ReadonlyMap<string, SigningKey> = new Map();
  /** How many readings were begun, and the latest of those whose result is in use: of two that overlap the later one counts. */
  #begun = 0;
  #applied = 0;

  constructor(parts: RingParts) {
    this.#parts = parts;
  }

  /**
   * Reads everything for the first time.
   * @throws ConfigError if there is a key that no secret of ours opens. @throws {store_unavailable}
   */
  async load(): Promise<void> {
    await this.#read();
    const unopened = usableKeys(this.#records).find(({ kid }) => !this.#opened.has(kid));
    if (unopened !== undefined) throw sealedUnderAnother(unopened.kid);
  }

  /** Secrets and keys again. What can't be opened is said loudly; what was open stays open. @throws {store_unavailable} */
  reload(): MaybePromise<void> {
    const { secrets, log } = this.#parts;
    try {
      secrets.reread();
    } catch (error) {
      log.error("secret_not_reread", { cause: error, mend: "others write under a secret that this process can't read: let it be read" });
    }
    return chain(this.#read(), () => {
      for (const { kid } of usableKeys(this.#records))
        if (!this.#opened.has(kid)) log.error("signing_key_sealed", { kid, mend: sealedUnderAnother(kid).message });
    });
  }

  signingAt(at: Instant): SigningKey {
    const record = keySigningAt(this.#records, at);
    const key = record && this.#opened.get(record.kid);
    if (key === undefined) throw new StoreUnavailable(new Error(`the signing key ${record?.kid ?? ""} can't be opened`));
    return key;
  }

  find(kid: string, now: Instant): PublicKey | null {
    const record = this.#records.find((it) => it.kid === kid);
    if (record === undefined || !this.#isPublished(record, now)) return null;
    const key = this.#opened.get(kid);
    if (key === undefined) throw new StoreUnavailable(new Error(`the signing key ${kid} can't be opened`));
    return key.public;
  }

  published(now: Instant): readonly PublicKey[] {
    return this.#records.flatMap((record) => (this.#isPublished(record, now) ? (this.#opened.get(record.kid)?.public ?? []) : []));
  }

  #isPublished(record: SigningKeyRecord, now: Instant): boolean {
    if (record.revokedAt !== null) return false;
    const until = publishedUntil(this.#records, record, this.#parts.longestTtl());
    return until === null || now < until;
  }

  #read(): MaybePromise<void> {
    const turn = ++this.#begun;
    return chain(this.#parts.keys.list(), (records) => {
      if (turn < this.#applied) return;
      this.#applied = turn;
      this.#records = records;
      this.#opened = new Map(
        records.flatMap((record) => {
          const key = this.#opened.get(record.kid) ?? openSigningKey(record, this.#parts.secrets);
          return key === null || record.revokedAt !== null ? [] : [[record.kid, key] as const];
        }),
      );
    });
  }
}

/** The public half comes out of the sealed private one: nobody who can only write to the store adds a key. Null if no secret of ours opens it. */
export function openSigningKey(record: SigningKeyRecord, secrets: Pick<Secrets, "readers">): SigningKey | null {
  return unseal(record, secrets)?.key ?? null;
}

/** The secret of ours that it is sealed under. @throws ConfigError if it is none of them. */
export function secretOf(record: SigningKeyRecord, secrets: Pick<Secrets, "readers">): DerivedSecret {
  const unsealed = unseal(record, secrets);
  if (unsealed === null) throw sealedUnderAnother(record.kid);
  return unsealed.secret;
}

function unseal(
  { alg: name, kid, sealed }: SigningKeyRecord,
  { readers }: Pick<Secrets, "readers">,
): { readonly key: SigningKey; readonly secret: DerivedSecret } | null {
  const alg = algorithm(name);
  if (alg === undefined || sealed === null) return null;
  for (const secret of readers) {
    const key = unsealSigningKey(alg, kid, sealed, secret.sealKey);
    if (key !== null) return { key, secret };
  }
  return null;
}

function sealedUnderAnother(kid: string): ConfigError {
  return new ConfigError(
    `the signing key ${kid} in the store was sealed under another secret: start with the secret that this store was made with (--secret-file)`,
  );
}
