import { copyOf, startPostgres } from "./postgres.ts";
import type { PostgresServer } from "./postgres.ts";

/**
 * A standby that follows a primary. The primary is stopped and started again for it: the standby begins as a copy of its data.
 * @param port where the standby finds the primary. Default: the primary's own.
 */
export async function startStandby(primary: PostgresServer, port: number = primary.port): Promise<PostgresServer> {
  await primary.stop();
  const folder = copyOf(primary.folder);
  await primary.start();
  return startPostgres({
    folder,
    files: { "standby.signal": "" },
    settings: {
      primary_conninfo: `host=127.0.0.1 port=${port} user=postgres application_name=standby`,
      wal_retrieve_retry_interval: "200ms",
    },
  });
}

/** From now on every commit of the primary waits for its standby. Resolves when that is in step. */
export async function keepInStep(primary: PostgresServer): Promise<void> {
  await primary.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  await primary.query("SELECT pg_reload_conf()");
  while ((await primary.query("SELECT FROM pg_stat_replication WHERE sync_state = 'sync'")).length === 0);
}
