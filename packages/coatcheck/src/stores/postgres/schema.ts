import { ConfigError } from "../../core/errors.ts";
import { change, question } from "./calls.ts";
import type { Session } from "./session.ts";

/**
 * When a session is over by itself: past a deadline or ended. Cutoffs are not in it: they are marks on a scope, and purge goes through them apart.
 * Every statement writes it exactly so, or the index on it is not used.
 */
export const OVER_AT = "least(expires_at, idle_expires_at, coalesce(ended_at, 9007199254740991))";

// No foreign keys: users may live in the application's own table, and cutoffs and log entries outlive what they are about. Text compares byte by byte:
// the order of a language changes with the system's libraries, and an index that was built by the old order then misses rows
// (https://wiki.postgresql.org/wiki/Locale_data_changes).
const VERSION_1 = `
CREATE TABLE coatcheck.rev_head (
  id int PRIMARY KEY CHECK (id = 1),
  seq bigint NOT NULL,
  mark text COLLATE "C" NOT NULL DEFAULT '',
  incarnation text COLLATE "C" NOT NULL,
  longest_access_ttl bigint,
  -- Which life of the server wrote last: its cluster and its timeline.
  life text COLLATE "C"
);

CREATE TABLE coatcheck.rev_log (
  seq bigint PRIMARY KEY,
  mark text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  expires_at bigint NOT NULL,
  at bigint NOT NULL
);
CREATE INDEX rev_log_by_expiry ON coatcheck.rev_log (expires_at);

-- The latest cutoff of each scope. "unswept" is when it was made, and null once purge has deleted what it ended.
CREATE TABLE coatcheck.cutoffs (
  scope text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  unswept bigint,
  PRIMARY KEY (scope, key)
);
CREATE INDEX cutoffs_unswept ON coatcheck.cutoffs (unswept) WHERE unswept IS NOT NULL;

-- Room in each page, so that activity and renewals rewrite a row where it is and touch no index.
CREATE TABLE coatcheck.sessions (
  sid text COLLATE "C" PRIMARY KEY,
  user_id text COLLATE "C" NOT NULL,
  client_id text COLLATE "C" NOT NULL,
  carrier text COLLATE "C" NOT NULL,
  secret_hash bytea,
  salt bytea NOT NULL,
  generation int NOT NULL,
  won_by bytea,
  rotated_at bigint NOT NULL,
  replays int NOT NULL,
  rsq bigint NOT NULL,
  created_at bigint NOT NULL,
  auth_time bigint NOT NULL,
  amr text COLLATE "C" NOT NULL,
  last_seen_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  idle_expires_at bigint NOT NULL,
  device_label text COLLATE "C" NOT NULL,
  device_user_agent text COLLATE "C" NOT NULL,
  device_ip text COLLATE "C" NOT NULL,
  data text COLLATE "C" NOT NULL,
  ended_seq bigint,
  ended_at bigint
);
CREATE INDEX sessions_by_user ON coatcheck.sessions (user_id);
CREATE INDEX sessions_by_end ON coatcheck.sessions (${OVER_AT});

CREATE TABLE coatcheck.users (
  id text COLLATE "C" PRIMARY KEY,
  email text COLLATE "C" NOT NULL UNIQUE,
  name text COLLATE "C" NOT NULL,
  roles text COLLATE "C" NOT NULL,
  email_verified boolean NOT NULL,
  disabled boolean NOT NULL,
  created_at bigint NOT NULL,
  password_hash text COLLATE "C" NOT NULL
);

-- OAuth clients. "scopes" and "audiences" are lists, as JSON. "made" is the order in which they came.
CREATE TABLE coatcheck.clients (
  id text COLLATE "C" PRIMARY KEY,
  made bigint GENERATED ALWAYS AS IDENTITY,
  name text COLLATE "C" NOT NULL,
  scopes text COLLATE "C" NOT NULL,
  audiences text COLLATE "C" NOT NULL,
  disabled boolean NOT NULL,
  created_at bigint NOT NULL,
  secret_hash bytea NOT NULL
);

CREATE TABLE coatcheck.signing_keys (
  kid text COLLATE "C" PRIMARY KEY,
  made bigint GENERATED ALWAYS AS IDENTITY,
  alg text COLLATE "C" NOT NULL,
  public_jwk text COLLATE "C" NOT NULL,
  sealed bytea,
  created_at bigint NOT NULL,
  signs_from bigint NOT NULL,
  revoked_at bigint
);

CREATE TABLE coatcheck.throttles (
  key text COLLATE "C" PRIMARY KEY,
  count bigint NOT NULL,
  ends_at bigint NOT NULL
);
CREATE INDEX throttles_by_end ON coatcheck.throttles (ends_at);

CREATE TABLE coatcheck.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  event text COLLATE "C" NOT NULL,
  user_id text COLLATE "C",
  sid text COLLATE "C",
  ip text COLLATE "C" NOT NULL,
  carrier text COLLATE "C",
  detail text COLLATE "C" NOT NULL
);
CREATE INDEX audit_by_time ON coatcheck.audit (at);
CREATE INDEX audit_by_user ON coatcheck.audit (user_id, at);
CREATE INDEX audit_by_event ON coatcheck.audit (event, at);

-- Who may be deciding from memory.
CREATE TABLE coatcheck.lease_holders (
  holder text COLLATE "C" PRIMARY KEY,
  applied bigint NOT NULL,
  lease bigint NOT NULL,
  beat text COLLATE "C" NOT NULL,
  at bigint NOT NULL
);
`;

const VERSION_2 = `
-- The incarnation of the store that is being moved here: while it stands, what is here is not all there is.
ALTER TABLE coatcheck.rev_head ADD COLUMN moving_from text COLLATE "C";
`;

/** Forward only: a version that was published is never edited, a change is a new one at the end. */
const VERSIONS: readonly string[] = [VERSION_1, VERSION_2];

interface Place {
  readonly encoding: string;
  readonly has_schema: boolean;
  readonly has_version: boolean;
  readonly tables: number;
}

const LOOK = question<[], Place>(`SELECT current_setting('server_encoding') AS encoding,
  EXISTS (SELECT FROM pg_namespace WHERE nspname = 'coatcheck') AS has_schema,
  EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'coatcheck' AND c.relname = 'schema_version') AS has_version,
  (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'coatcheck') AS tables`);
const READ_VERSION = question<[], { version: number }>("SELECT version FROM coatcheck.schema_version");

/** "coat" and "chk" in ASCII: whoever migrates holds it, in this database alone, until it has committed. */
const LOCK = change<[]>("SELECT pg_advisory_xact_lock(1668243828, 6514795)");
const SET_VERSION = change<[number]>("UPDATE coatcheck.schema_version SET version = $1");
const MAKE_HEAD = change<[string, string | null]>("INSERT INTO coatcheck.rev_head (id, seq, incarnation, life) VALUES (1, 0, $1, $2)");

const MAKE_SCHEMA = "CREATE SCHEMA coatcheck;";
const MAKE_VERSION = `CREATE TABLE coatcheck.schema_version (version int NOT NULL);
  INSERT INTO coatcheck.schema_version VALUES (0);`;

/**
 * Makes the schema, or brings it up to date, in one transaction under a lock: of several processes that start at once one does it, and the others find
 * it done. Where there is nothing to do, it takes no right to change the schema.
 * @param name of the store, for the message. @throws ConfigError if what is there is not ours, or from a newer version than this one.
 */
export async function migrate(session: Session, name: string, newIncarnation: () => string): Promise<void> {
  if ((await look(session, name)).version === VERSIONS.length) return;
  await session.script("BEGIN");
  await session.send(LOCK());
  const { version, hasSchema } = await look(session, name);
  if (!hasSchema) await session.script(MAKE_SCHEMA);
  if (version === null) await session.script(MAKE_VERSION);
  for (const statements of VERSIONS.slice(version ?? 0)) await session.script(statements);
  if (version === null) await session.send(MAKE_HEAD(newIncarnation(), session.life));
  await session.commit(SET_VERSION(VERSIONS.length));
}

interface Known {
  /** Null where there is nothing of ours yet. */
  readonly version: number | null;
  readonly hasSchema: boolean;
}

/** Looks, and changes nothing. @throws ConfigError if what is there is not ours. */
export async function look(session: Session, name: string): Promise<Known> {
  const [[place]] = await session.send(LOOK());
  const { encoding, has_schema: hasSchema, has_version: hasVersion, tables } = place as Place;
  if (encoding !== "UTF8") throw new ConfigError(`${name} keeps text as ${encoding}: make a database with encoding UTF8 for Coatcheck`);
  if (!hasVersion) {
    if (tables > 0) throw new ConfigError(`${name} has a schema "coatcheck" of another program: name another database for Coatcheck`);
    return { version: null, hasSchema };
  }
  const [[row]] = await session.send(READ_VERSION());
  const version = row?.version ?? 0;
  if (version <= VERSIONS.length) return { version, hasSchema };
  throw new ConfigError(
    `${name} was written by a newer version of Coatcheck (schema ${version}, this one knows ${VERSIONS.length}): update Coatcheck`,
  );
}

const MOVING = question<[], { moving_from: string | null }>("SELECT moving_from FROM coatcheck.rev_head");

/** @throws ConfigError if a store is being moved here that has not wholly arrived: whoever starts on a part of it logs people out. */
export async function refuseHalfMoved(session: Session, name: string): Promise<void> {
  const [[head]] = await session.send(MOVING());
  if (head?.moving_from == null) return;
  throw new ConfigError(`${name} holds a part of a store that is being moved here: let coatcheck migrate end, or run it again`);
}
