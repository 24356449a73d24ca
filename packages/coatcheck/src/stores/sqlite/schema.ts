import type Database from "better-sqlite3";
import { ConfigError } from "../../core/errors.ts";

/** Marks a file as ours in its header ("coat" in ASCII), so that no other program's file is ever taken over. */
export const APPLICATION_ID = 0x636f6174;

/**
 * When a session is over by itself: past a deadline or ended. Cutoffs are not in it: they are marks on a scope, and purge goes through them apart.
 * Every statement writes it exactly so, or the index on it is not used.
 */
export const OVER_AT = "min(expires_at, idle_expires_at, coalesce(ended_at, 9007199254740991))";

// No foreign keys: users may live in the application's own table, and cutoffs and log entries outlive what they are about.
const VERSION_1 = `
CREATE TABLE rev_head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  seq INTEGER NOT NULL,
  incarnation TEXT NOT NULL,
  longest_access_ttl INTEGER
) STRICT;

CREATE TABLE rev_log (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE INDEX rev_log_by_expiry ON rev_log (expires_at);

-- The latest cutoff of each scope. "unswept" is when it was made, and null once purge has deleted what it ended.
CREATE TABLE cutoffs (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  seq INTEGER NOT NULL,
  unswept INTEGER,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX cutoffs_unswept ON cutoffs (unswept) WHERE unswept IS NOT NULL;

CREATE TABLE sessions (
  sid TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  carrier TEXT NOT NULL,
  secret_hash BLOB,
  salt BLOB NOT NULL,
  generation INTEGER NOT NULL,
  won_by BLOB,
  rotated_at INTEGER NOT NULL,
  replays INTEGER NOT NULL,
  rsq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  auth_time INTEGER NOT NULL,
  amr TEXT NOT NULL,
  last_seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  idle_expires_at INTEGER NOT NULL,
  device_label TEXT NOT NULL,
  device_user_agent TEXT NOT NULL,
  device_ip TEXT NOT NULL,
  data TEXT NOT NULL,
  ended_seq INTEGER,
  ended_at INTEGER
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (${OVER_AT});

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  roles TEXT NOT NULL,
  email_verified INTEGER NOT NULL,
  disabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  password_hash TEXT NOT NULL
) STRICT;

CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  alg TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE throttles (
  key TEXT PRIMARY KEY,
  count INTEGER NOT NULL,
  ends_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX throttles_by_end ON throttles (ends_at);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  user_id TEXT,
  sid TEXT,
  ip TEXT NOT NULL,
  carrier TEXT,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_user ON audit (user_id, at);
CREATE INDEX audit_by_event ON audit (event, at);
`;

/** OAuth clients. `scopes` and `audiences` are lists, as JSON. */
const VERSION_2 = `
CREATE TABLE clients (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  audiences TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  secret_hash BLOB NOT NULL
) STRICT;
`;

/** A signing key has a time from which it signs, and what is left of it once it was revoked has no private half. */
const VERSION_3 = `
CREATE TABLE signing_keys_with_lives (
  kid TEXT PRIMARY KEY,
  alg TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  sealed BLOB,
  created_at INTEGER NOT NULL,
  signs_from INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
INSERT INTO signing_keys_with_lives (kid, alg, public_jwk, sealed, created_at, signs_from)
  SELECT kid, alg, public_jwk, sealed, created_at, created_at FROM signing_keys ORDER BY created_at, rowid;
DROP TABLE signing_keys;
ALTER TABLE signing_keys_with_lives RENAME TO signing_keys;
`;

/** Each position of the log has a mark. Those from before it have none, and nobody remembers them. */
const VERSION_4 = `
ALTER TABLE rev_head ADD COLUMN mark TEXT NOT NULL DEFAULT '';
ALTER TABLE rev_log ADD COLUMN mark TEXT NOT NULL DEFAULT '';
`;

/** Who may be deciding from memory. */
const VERSION_5 = `
CREATE TABLE lease_holders (
  holder TEXT PRIMARY KEY,
  applied INTEGER NOT NULL,
  lease INTEGER NOT NULL,
  beat TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** Where the store has moved to, and when: from then on nothing is read from this file or written to it. */
const VERSION_6 = `
ALTER TABLE rev_head ADD COLUMN moved_to TEXT;
ALTER TABLE rev_head ADD COLUMN moved_at INTEGER;
`;

/** Forward only: a version that was published is never edited, a change is a new one at the end. */
const VERSIONS: readonly string[] = [VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6];

/**
 * Makes the schema, or brings it up to date. One write transaction from the first look to the last change: of several processes that start
 * at once one does it, and the others find it done.
 * @throws ConfigError if the file is not ours, or from a newer version than this one.
 */
export function migrate(db: Database.Database, path: string, newIncarnation: () => string): void {
  const bring = db.transaction(() => {
    refuseForeign(db, path);
    const version = db.pragma("user_version", { simple: true }) as number;
    if (version > VERSIONS.length) {
      throw new ConfigError(
        `${path} was written by a newer version of Coatcheck (schema ${version}, this one knows ${VERSIONS.length}): update Coatcheck`,
      );
    }
    for (const statements of VERSIONS.slice(version)) db.exec(statements);
    if (version === 0) {
      db.prepare("INSERT INTO rev_head (id, seq, incarnation) VALUES (1, 0, ?)").run(newIncarnation());
      db.pragma(`application_id = ${APPLICATION_ID}`);
    }
    db.pragma(`user_version = ${VERSIONS.length}`);
  });
  bring.immediate();
}

function refuseForeign(db: Database.Database, path: string): void {
  const id = db.pragma("application_id", { simple: true });
  if (id === APPLICATION_ID) return;
  const tables = db.prepare("SELECT count(*) FROM sqlite_schema").pluck().get();
  if (id === 0 && tables === 0) return;
  throw new ConfigError(`${path} belongs to another program: name a file of its own for Coatcheck`);
}
