import type { Keys, SigningKeyRecord } from "../../core/ports.ts";
import { keyWrites } from "../key-changes.ts";
import type { Connection } from "./connection.ts";
import type { LogWriter } from "./log.ts";
import { toKey } from "../rows.ts";
import type { KeyRow } from "../rows.ts";

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
