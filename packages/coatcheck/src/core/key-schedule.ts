import { LEEWAY } from "./limits.ts";
import type { SigningKeyRecord } from "./ports.ts";
import { duration, later } from "./time.ts";
import type { Instant, Milliseconds } from "./time.ts";

// When signing keys come, sign and go: pure, from the records and the time. A key is published, then it signs, then the next one signs and it stays
// published until the last token that it signed has run out.

/** How long a key signs before the next one does. */
export const ROTATE_EVERY: Milliseconds = duration("90d");

/**
 * How long a key is published before it signs, but the first of all: whoever keeps the public keys for as long as they may has it by then. Many
 * libraries keep them for longer than they may, ten minutes as a rule.
 */
export const PUBLISH_LEAD: Milliseconds = duration("1h");

/** How long anybody may keep the public keys. */
export const JWKS_MAX_AGE: Milliseconds = duration("5m");

export type KeyState = "next" | "signing" | "retired" | "revoked";

type Records = readonly SigningKeyRecord[];

export function usableKeys(keys: Records): Records {
  return keys.filter((key) => key.revokedAt === null);
}

/**
 * The key that signs what is made at `at`: of those whose time has come the last to begin. Before the time of any (the clock went back) the first to
 * begin: there is always one that signs. Undefined if there is no usable key at all.
 */
export function keySigningAt(keys: Records, at: Instant): SigningKeyRecord | undefined {
  const usable = usableKeys(keys);
  return lastToSign(usable.filter((key) => key.signsFrom <= at)) ?? usable.toSorted((a, b) => a.signsFrom - b.signsFrom)[0];
}

/** The usable key that begins to sign last, though its time may be yet to come. */
export function lastToSign(keys: Records): SigningKeyRecord | undefined {
  return usableKeys(keys)
    .toSorted((a, b) => a.signsFrom - b.signsFrom)
    .at(-1);
}

/** The key that is published and waits for its time; one that a clock far ahead of this one has made is none. */
export function nextKey(keys: Records, now: Instant): SigningKeyRecord | undefined {
  return usableKeys(keys).find((key) => key.signsFrom > now && key.signsFrom <= later(now, PUBLISH_LEAD));
}

/** Whether it is time to publish the next key, so that it signs when the present one has signed for {@link ROTATE_EVERY}; or the first, if there is none. */
export function rotationDue(keys: Records, now: Instant): boolean {
  const signing = keySigningAt(keys, now);
  if (signing === undefined) return true;
  if (nextKey(keys, now) !== undefined) return false;
  return now - signing.signsFrom >= ROTATE_EVERY - PUBLISH_LEAD;
}

/**
 * Until when a key verifies: the last that it signed is from just before the next one began, and lives as long as the longest token, and a leeway.
 * Null while no other key follows it.
 * @param longestTtl the longest life that any access token was ever given.
 */
export function publishedUntil(keys: Records, key: SigningKeyRecord, longestTtl: Milliseconds): Instant | null {
  if (key.revokedAt !== null) return key.revokedAt;
  const followers = usableKeys(keys).filter((other) => other.signsFrom > key.signsFrom);
  if (followers.length === 0) return null;
  const [follower] = followers.toSorted((a, b) => a.signsFrom - b.signsFrom) as [SigningKeyRecord];
  return later(later(follower.signsFrom, longestTtl), LEEWAY);
}

export function keyState(keys: Records, key: SigningKeyRecord, now: Instant): KeyState {
  if (key.revokedAt !== null) return "revoked";
  if (keySigningAt(keys, now) === key) return "signing";
  return key.signsFrom > now ? "next" : "retired";
}
