import Database from "better-sqlite3";
import type { PostgresServer } from "../../support/postgres.ts";

/** Every table that is moved, and the order of its rows. */
const ORDER: Readonly<Record<string, string>> = {
  users: "id",
  clients: "id",
  signing_keys: "kid",
  sessions: "sid",
  cutoffs: "scope, key",
  rev_log: "seq",
  throttles: "key",
  audit: "id",
};

export type Dump = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

/** Everything in a file, by other statements than the move's. */
export function dumpFile(path: string): Dump {
  const db = new Database(path, { readonly: true });
  const rows = (table: string, order: string): Record<string, unknown>[] =>
    db.prepare<[], Record<string, unknown>>(`SELECT * FROM ${table} ORDER BY ${order}`).all();
  try {
    return Object.fromEntries(Object.entries(ORDER).map(([table, order]) => [table, rows(table, order).map(plain)]));
  } finally {
    db.close();
  }
}

/** Everything that was moved to a database: without the epoch and the event that every move adds, and the order in which rows came apart. */
export async function dumpDatabase(server: PostgresServer, database: string): Promise<Dump> {
  const dump: Record<string, Record<string, unknown>[]> = {};
  for (const [table, order] of Object.entries(ORDER)) {
    const rows = await server.query(`SELECT * FROM coatcheck.${table} ORDER BY ${order}`, database);
    dump[table] = rows.map((row) => plain(Object.fromEntries(Object.entries(row).filter(([name]) => name !== "made"))));
  }
  const [epoch, event] = [dump["rev_log"]?.pop(), dump["audit"]?.pop()];
  if (epoch?.["kind"] !== "invalidate-all" || event?.["event"] !== "store_moved") throw new Error("the move has added nothing");
  return dump;
}

function plain(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (typeof value === "boolean") return Number(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value !== "string") return value;
  // The driver gives a bigint as text.
  return /^\d+$/.test(value) ? Number(value) : value.replaceAll("\0", "\ufffd");
}
