import type { Keys, SigningKeyRecord } from "../../core/ports.ts";
import type { Instant } from "../../core/time.ts";
import type { Connection } from "./connection.ts";
import { plainBytes } from "./records.ts";

interface KeyRow {
  readonly kid: string;
  readonly alg: string;
  readonly public_jwk: string;
  readonly sealed: Uint8Array;
  readonly created_at: Instant;
}

const ALL = "SELECT kid, alg, public_jwk, sealed, created_at FROM signing_keys ORDER BY created_at, rowid";

export function sqliteKeys(db: Connection): Keys {
  const list = db.query<[], KeyRow>("reader", ALL);
  const listWritten = db.query<[], KeyRow>("writer", ALL);
  const insert = db.query<[SigningKeyRecord]>(
    "writer",
    `INSERT INTO signing_keys (kid, alg, public_jwk, sealed, created_at)
     SELECT @kid, @alg, @publicJwk, @sealed, @createdAt WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE alg = @alg)`,
  );
  return {
    list: () => list.all().map(toKey),

    ensure: (candidate) =>
      db.transaction(() => {
        insert.run(candidate);
        return listWritten.all().map(toKey);
      }),
  };
}

function toKey(row: KeyRow): SigningKeyRecord {
  return { kid: row.kid, alg: row.alg, publicJwk: row.public_jwk, sealed: plainBytes(row.sealed), createdAt: row.created_at };
}
