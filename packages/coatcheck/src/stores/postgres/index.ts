import type { Random, Store } from "../../core/ports.ts";
import { newIncarnation, nodeRandom } from "../numbering.ts";
import { parseAddress } from "./address.ts";
import { postgresAudit } from "./audit.ts";
import { Batch } from "./batch.ts";
import { question } from "./calls.ts";
import { postgresClients } from "./clients.ts";
import { Connection } from "./connection.ts";
import { postgresFeed } from "./feed.ts";
import { postgresKeys } from "./keys.ts";
import { LIMITS } from "./limits.ts";
import type { Limits } from "./limits.ts";
import { Listener } from "./listener.ts";
import { logWriter } from "./log.ts";
import { migrate, refuseHalfMoved } from "./schema.ts";
import { postgresSessions } from "./sessions.ts";
import { postgresThrottles } from "./throttles.ts";
import { postgresUsers } from "./users.ts";

export interface PostgresOptions {
  /** Names a new store's life. Default: the platform's own. */
  readonly random?: Random;
  /** How long anything may take before the store counts as out of reach, and how many connections there may be. */
  readonly limits?: Partial<Limits>;
}

const PING = question<[], unknown>("SELECT 1 FROM coatcheck.rev_head");

/**
 * One database, shared by any number of servers. Everything lies in its schema `coatcheck`, which is made where there is none. Needs the package `pg`.
 * @param address `postgres://user:password@host:port/database`, with `sslmode` and `sslrootcert` as PostgreSQL's own programs have them; unless the server is
 * on this machine, its certificate is verified.
 * @throws ConfigError with one line that does not repeat the address: there is a password in it.
 */
export function postgres(address: string, { random = nodeRandom, limits = {} }: PostgresOptions = {}): Store {
  const where = parseAddress(address);
  const db = new Connection(where, { ...LIMITS, ...limits }, random);
  const log = logWriter(random);
  const batch = new Batch(db, log);
  const listener = new Listener(() => db.connect(), random);
  return {
    name: where.name,
    open: () =>
      db.open(async (session) => {
        await migrate(session, where.name, () => newIncarnation(random));
        await refuseHalfMoved(session, where.name);
      }),
    ping: async () => void (await db.find(PING())),
    async close() {
      listener.close();
      await db.close();
    },
    sessions: postgresSessions(db, log, batch),
    feed: postgresFeed(db, { log, batch, listener, random }),
    users: postgresUsers(db, log),
    clients: postgresClients(db, log),
    keys: postgresKeys(db, log),
    throttles: postgresThrottles(db),
    audit: postgresAudit(db),
  };
}
