import type { KeyChange, SigningKeyRecord } from "../core/ports.ts";
import type { Instant } from "../core/time.ts";

/** What a change of the keys comes to. */
export interface KeyWrites {
  /** New ones, and those in which something is other than before. */
  readonly save: readonly SigningKeyRecord[];
  readonly remove: readonly string[];
  /** Of `save` those that this change revokes. */
  readonly revoked: readonly string[];
}

/** What has to be written: pure, and the same in every store. @throws Error if a key to be added has the kid of another, also of a revoked one. */
export function keyWrites(keys: readonly SigningKeyRecord[], change: KeyChange, now: Instant): KeyWrites {
  const { add = [], revoke = [], remove = [], reseal = new Map<string, Uint8Array>() } = change;
  const taken = new Set(keys.map((key) => key.kid));
  if (add.some((key) => taken.has(key.kid))) throw new Error("there is a key with this kid already");

  const usable = keys.filter((key) => key.revokedAt === null);
  const revoked = usable.filter((key) => revoke.includes(key.kid));
  const rest = usable.filter((key) => !revoke.includes(key.kid));
  const gone = rest.filter((key) => remove.includes(key.kid));
  const resealed = rest.flatMap((key) => {
    const sealed = remove.includes(key.kid) ? undefined : reseal.get(key.kid);
    return sealed === undefined ? [] : [{ ...key, sealed }];
  });
  return {
    save: [...add, ...revoked.map((key) => ({ ...key, sealed: null, revokedAt: now })), ...resealed],
    remove: gone.map((key) => key.kid),
    revoked: revoked.map((key) => key.kid),
  };
}
