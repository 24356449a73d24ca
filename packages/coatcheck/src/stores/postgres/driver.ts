import { checkServerIdentity } from "node:tls";
import type pg from "pg";
import { ConfigError } from "../../core/errors.ts";
import type { Address, Tls } from "./address.ts";
import type { Limits } from "./limits.ts";

/** The package itself: there only if somebody has installed it, and loaded only when a store is opened. */
export type Driver = typeof pg;

/** @throws ConfigError with one line if the package is not installed. */
export async function loadDriver(): Promise<Driver> {
  try {
    return (await import("pg")).default;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ConfigError("a store in PostgreSQL needs the package pg, which is not installed: npm install pg@8", { cause: error });
  }
}

/** What every session is told when it begins. */
const SESSION = [
  // The server's own may be "off": then a crash takes back what was acknowledged. With a synchronous standby "on" also waits for that
  // (https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-SYNCHRONOUS-COMMIT).
  "synchronous_commit=on",
  // Each statement sees what was committed when it began: a lock is taken first, and what is read after it is the latest.
  "default_transaction_isolation=read\\ committed",
  // Every name is written with its schema; so nobody can put another table before ours.
  "search_path=pg_catalog",
  // A warning says when a commit was not replicated as it should be: see connection.ts.
  "client_min_messages=warning",
];

/** What the driver is told to connect with. */
export function clientConfig(driver: Driver, address: Address, limits: Limits): pg.ClientConfig {
  const { host, port, user, password, database, tls } = address;
  return {
    ...{ host, port, user, password, database },
    ssl: tls === null ? false : tlsOptions(host, tls),
    application_name: "coatcheck",
    // In one go, without waiting for the answer to the one before. The order stays.
    pipeline: true,
    types: { getTypeParser: ((oid: number, format?: "text") => parserOf(driver, oid, format)) as never },
    options: SESSION.map((setting) => `-c ${setting}`).join(" "),
    connectionTimeoutMillis: limits.connect,
    lock_timeout: limits.lock,
    statement_timeout: limits.statement,
    idle_in_transaction_session_timeout: limits.statement,
    query_timeout: limits.answer,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  };
}

function tlsOptions(host: string, { mode, ca, cert, key }: Tls): NonNullable<pg.ClientConfig["ssl"]> {
  return {
    rejectUnauthorized: mode !== "require",
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    checkServerIdentity: mode === "verify-full" ? (_, peer) => checkServerIdentity(host, peer) : () => undefined,
  };
}

/** `bigint`, which holds our instants and positions. */
const INT8 = 20;

/** As text the driver would give it: no number of ours is larger than a double can say exactly. */
function int8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError("a number in the store is larger than it can be");
  return value;
}

function parserOf(driver: Driver, oid: number, format?: "text"): unknown {
  const parserFor = driver.types.getTypeParser as (oid: number, format?: "text") => unknown;
  return oid === INT8 ? int8 : parserFor(oid, format);
}
