import type { Keys, SigningKeyRecord } from "../../core/ports.ts";
import { keyWrites } from "../key-changes.ts";
import { change, question } from "./calls.ts";
import type { Call } from "./calls.ts";
import type { Connection } from "./connection.ts";
import type { Entry, LogWriter } from "./log.ts";
import { toKey } from "../rows.ts";
import type { KeyRow } from "../rows.ts";

const ALL = question<[], KeyRow>(
  "SELECT kid, alg, public_jwk, sealed, created_at, signs_from, revoked_at FROM coatcheck.signing_keys ORDER BY created_at, made",
);
/** One who changes at a time, also where there is no row yet; who reads does not wait. */
const LOCK = question<[], unknown>("LOCK TABLE coatcheck.signing_keys IN SHARE ROW EXCLUSIVE MODE");
const SAVE = change<[string, string, string, Uint8Array | null, number, number, number | null]>(
  `INSERT INTO coatcheck.signing_keys (kid, alg, public_jwk, sealed, created_at, signs_from, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
   ON CONFLICT (kid) DO UPDATE SET sealed = excluded.sealed, revoked_at = excluded.revoked_at`,
);
const REMOVE = change<[string]>("DELETE FROM coatcheck.signing_keys WHERE kid = $1");

export function postgresKeys(db: Connection, log: LogWriter): Keys {
  return {
    list: async () => (await db.find(ALL())).map(toKey),

    change: async (decide, now) =>
      await db.transaction(async (tx) => {
        const [, rows] = await tx.run(LOCK(), ALL());
        const keys = rows.map(toKey);
        const writes = keyWrites(keys, decide(keys), now);
        if (writes.save.length + writes.remove.length === 0) return keys;
        const entries: Entry[] = writes.revoked.map((kid) => ({ kind: "key", key: kid, at: now }));
        entries.push({ kind: "invalidate-keys", key: "", at: now });
        const changes = [...writes.save.map(toSave), ...writes.remove.map((kid) => REMOVE(kid))];
        const [after] = await tx.commit({ ...ALL(), ahead: changes }, log.append(...entries));
        return after.map(toKey);
      }),
  };
}

function toSave({ kid, alg, publicJwk, sealed, createdAt, signsFrom, revokedAt }: SigningKeyRecord): Call<unknown> {
  return SAVE(kid, alg, publicJwk, sealed, createdAt, signsFrom, revokedAt);
}
