import type { Keys, SigningKeyRecord } from "../../core/ports.ts";
import type { Instant } from "../../core/time.ts";
import { keyWrites } from "../key-changes.ts";
import type { Connection } from "./connection.ts";
import type { LogWriter } from "./log.ts";
import { plainBytes } from "./records.ts";

interface KeyRow {
  readonly kid: string;
  readonly alg: string;
  readonly public_jwk: string;
  readonly sealed: Uint8Array | null;
  readonly created_at: Instant;
  readonly signs_from: Instant;
  readonly revoked_at: Instant | null;
}

const ALL = "SELECT kid, alg, public_jwk, sealed, created_at, signs_from, revoked_at FROM signing_keys ORDER BY created_at, rowid";

export function sqliteKeys(db: Connection, log: LogWriter): Keys {
  const list = db.query<[], KeyRow>("reader", ALL);
  const listWritten = db.query<[], KeyRow>("writer", ALL);
  const save = db.query<[SigningKeyRecord]>(
    "writer",
    `INSERT INTO signing_keys (kid, alg, public_jwk, sealed, created_at, signs_from, revoked_at)
     VALUES (@kid, @alg, @publicJwk, @sealed, @createdAt, @signsFrom, @revokedAt)
     ON CONFLICT (kid) DO UPDATE SET sealed = excluded.sealed, revoked_at = excluded.revoked_at`,
  );
  const remove = db.query<[string]>("writer", "DELETE FROM signing_keys WHERE kid = ?");
  return {
    list: () => list.all().map(toKey),

    change: (decide, now) =>
      db.transaction(() => {
        const keys = listWritten.all().map(toKey);
        const writes = keyWrites(keys, decide(keys), now);
        for (const key of writes.save) save.run(key);
        for (const kid of writes.remove) remove.run(kid);
        for (const kid of writes.revoked) log.append("key", kid, now);
        if (writes.save.length + writes.remove.length > 0) log.append("invalidate-keys", "", now);
        return listWritten.all().map(toKey);
      }),
  };
}

function toKey(row: KeyRow): SigningKeyRecord {
  return {
    kid: row.kid,
    alg: row.alg,
    publicJwk: row.public_jwk,
    sealed: plainBytes(row.sealed),
    createdAt: row.created_at,
    signsFrom: row.signs_from,
    revokedAt: row.revoked_at,
  };
}
