import { PUBLISH_LEAD, keySigningAt, lastToSign, nextKey, publishedUntil, rotationDue, usableKeys } from "../../core/key-schedule.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import type { SecurityEvent } from "../../core/events.ts";
import type { Clock, KeyChange, Keys, Random, SigningKeyRecord } from "../../core/ports.ts";
import type { SigningAlgorithm } from "../../core/settings.ts";
import { iso, later } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";
import { algorithm } from "../../crypto/algorithms.ts";
import type { Algorithm } from "../../crypto/algorithms.ts";
import type { Secrets } from "../../crypto/secrets.ts";
import { generateSigningKey, sealSigningKey } from "../../crypto/signing.ts";
import type { SigningKey } from "../../crypto/signing.ts";
import { openSigningKey, secretOf } from "./keys.ts";

// What is done to signing keys, by the schedule or by hand. Each is one step of the store that looks again before it writes: processes that do it at
// once end with one key, not with one each.

export interface KeyParts {
  readonly keys: Keys;
  readonly secrets: Secrets;
  readonly random: Random;
  readonly clock: Clock;
  readonly alg: SigningAlgorithm;
  readonly audit: (event: SecurityEvent) => MaybePromise<void>;
}

type Records = readonly SigningKeyRecord[];

/**
 * The first key of a store, which signs at once; or, where the settings name another algorithm than before, the next one.
 * @throws {store_unavailable}
 */
export async function ensureSigningKey(parts: KeyParts): Promise<void> {
  const missing = (keys: Records): boolean => lastToSign(keys)?.alg !== parts.alg;
  if (missing(await parts.keys.list())) await publish(parts, missing, "start");
}

/** What the schedule asks for: takes away what has run out, and publishes the next key when it is time. @throws {store_unavailable} */
export async function tendSigningKeys(parts: KeyParts, longestTtl: Milliseconds): Promise<void> {
  const now = parts.clock.now();
  const over = (keys: Records): Records =>
    usableKeys(keys).filter((key) => {
      const until = publishedUntil(keys, key, longestTtl);
      return until !== null && until <= now;
    });
  const keys = await parts.keys.list();
  if (over(keys).length > 0) {
    let removed: readonly string[] = [];
    await parts.keys.change((before) => ({ remove: (removed = over(before).map((key) => key.kid)) }), now);
    for (const kid of removed) await record(parts, "key_removed", { kid });
  }
  const due = (before: Records): boolean => rotationDue(before, now);
  if (due(keys)) await publish(parts, due, "schedule");
}

/**
 * Publishes the next key, unless one is published and waits for its time already.
 * @returns the key that signs next, or signs at once if it is the first, and whether it was made now.
 * @throws ConfigError, and nothing is written, if no secret of ours opens the present key. @throws {store_unavailable}
 */
export async function rotateSigningKey(parts: KeyParts): Promise<{ readonly key: SigningKeyRecord; readonly made: boolean }> {
  const now = parts.clock.now();
  const { keys, made } = await publish(parts, (before) => nextKey(before, now) === undefined, "command");
  return { key: made ?? nextKey(keys, now) ?? (lastToSign(keys) as SigningKeyRecord), made: made !== null };
}

/**
 * Kills what every key of the store has signed, at once and for good, and makes a new key that signs from now: whoever could read one of them could
 * read the others. Sessions and refresh tokens live on.
 * @returns the key that signs now, and the kids that were revoked. @throws ConfigError, and nothing is written, if no secret of ours opens the present key.
 * @throws {store_unavailable}
 */
export async function revokeSigningKeys(parts: KeyParts): Promise<{ readonly key: SigningKeyRecord; readonly revoked: readonly string[] }> {
  const now = parts.clock.now();
  // Those that were there when this was asked for: of two who ask at once one must not kill the other's new key.
  const known = new Set(usableKeys(await parts.keys.list()).map((key) => key.kid));
  const candidate = generateSigningKey(algorithm(parts.alg) as Algorithm);
  let revoked: readonly string[] = [];
  const keys = await parts.keys.change((before) => {
    const usable = usableKeys(before).map((key) => key.kid);
    revoked = usable.filter((kid) => known.has(kid));
    return {
      revoke: revoked,
      add: revoked.length === usable.length ? [sealedRecord(candidate, before, parts, { createdAt: now, signsFrom: now })] : [],
    };
  }, now);
  for (const kid of revoked) await record(parts, "key_revoked", { kid, by: "command" });
  const key = keySigningAt(keys, now) as SigningKeyRecord;
  if (key.kid === candidate.kid)
    await record(parts, "key_rotated", { kid: key.kid, alg: key.alg, signsFrom: iso(key.signsFrom), by: "command" });
  return { key, revoked };
}

/**
 * Seals every private half that is sealed under another secret again, under the one that writes. The log tells every process of it.
 * @returns the kids of those. @throws ConfigError, and nothing is written, if one can't be opened. @throws {store_unavailable}
 */
export async function resealSigningKeys(parts: KeyParts): Promise<readonly string[]> {
  let resealed: readonly string[] = [];
  await parts.keys.change((keys): KeyChange => {
    const reseal = new Map(usableKeys(keys).flatMap((key) => sealedAgain(key, parts)));
    resealed = [...reseal.keys()];
    return { reseal };
  }, parts.clock.now());
  return resealed;
}

function sealedAgain(key: SigningKeyRecord, { secrets, random }: KeyParts): [] | [[kid: string, sealed: Uint8Array]] {
  if (secretOf(key, secrets) === secrets.writer) return [];
  return [[key.kid, sealSigningKey(openSigningKey(key, secrets) as SigningKey, secrets.writer.sealKey, random)]];
}

/** Adds a key if it is wanted, judged again inside the store's one step. The first of all signs at once, any other when it has been published long enough. */
async function publish(
  parts: KeyParts,
  wanted: (keys: Records) => boolean,
  by: "start" | "schedule" | "command",
): Promise<{ readonly keys: Records; readonly made: SigningKeyRecord | null }> {
  const now = parts.clock.now();
  const candidate = generateSigningKey(algorithm(parts.alg) as Algorithm);
  let isFirst = false;
  const keys = await parts.keys.change((before) => {
    if (!wanted(before)) return {};
    isFirst = usableKeys(before).length === 0;
    const signsFrom = isFirst ? now : later(now, PUBLISH_LEAD);
    return { add: [sealedRecord(candidate, before, parts, { createdAt: now, signsFrom })] };
  }, now);
  const made = keys.find((key) => key.kid === candidate.kid) ?? null;
  if (made !== null) {
    const event = isFirst ? "key_made" : "key_rotated";
    await record(parts, event, { kid: made.kid, alg: made.alg, signsFrom: iso(made.signsFrom), by });
  }
  return { keys, made };
}

/**
 * A new key as the store keeps it, sealed under the secret that the present one is sealed under: whoever can sign now can sign with it. Only
 * {@link resealSigningKeys} moves keys to the secret that writes, when every process reads that.
 */
function sealedRecord(
  key: SigningKey,
  before: Records,
  { secrets, random }: KeyParts,
  times: Pick<SigningKeyRecord, "createdAt" | "signsFrom">,
): SigningKeyRecord {
  const present = lastToSign(before);
  const { sealKey } = present === undefined ? secrets.writer : secretOf(present, secrets);
  return {
    kid: key.kid,
    alg: key.alg.name,
    publicJwk: JSON.stringify(key.public.jwk),
    sealed: sealSigningKey(key, sealKey, random),
    ...times,
    revokedAt: null,
  };
}

type KeyEvent = Extract<SecurityEvent, { readonly event: `key_${string}` }>;

function record({ audit }: KeyParts, event: KeyEvent["event"], detail: KeyEvent["detail"]): MaybePromise<void> {
  return audit({ event, userId: null, sid: null, ip: "", carrier: null, detail });
}
