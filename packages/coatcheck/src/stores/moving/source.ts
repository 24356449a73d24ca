import Database from "better-sqlite3";
import type { Seq } from "../../core/ids.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { moveOf } from "../sqlite/moved.ts";
import type { Move } from "../sqlite/moved.ts";
import { refuseOldNode } from "../sqlite/old-node.ts";
import { outage } from "../sqlite/outages.ts";
import { migrate } from "../sqlite/schema.ts";
import { readRow } from "./tables.ts";
import type { Key, Row, Table } from "./tables.ts";

/** The one row that is not copied as it is. */
export interface Head {
  readonly seq: Seq;
  readonly mark: string;
  readonly incarnation: string;
  readonly longest_access_ttl: Milliseconds | null;
}

/** The file that is moved. From {@link Source.hold} on nobody else writes it; whoever reads goes on. */
export class Source {
  readonly #db: Database.Database;

  /** @param path of a file that is there and is a store. @throws ConfigError @throws {store_unavailable} */
  constructor(path: string, busyTimeout: Milliseconds) {
    refuseOldNode();
    this.#db = guard(() => new Database(path, { fileMustExist: true, timeout: busyTimeout }));
    try {
      // An older version's file is brought up to date, as the server would: there is one form to read.
      guard(() => migrate(this.#db, path, unneeded));
      // That the store has moved must outlive a power cut.
      guard(() => void this.#db.pragma("synchronous = FULL"));
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Takes the right to write, and with it everybody else's, until it is closed or this process ends, however it ends. @throws {store_unavailable} */
  hold(): void {
    guard(() => void this.#db.exec("BEGIN IMMEDIATE"));
  }

  move(): Move | null {
    return guard(() => moveOf(this.#db));
  }

  head(): Head {
    return guard(() => this.#db.prepare<[], Head>("SELECT seq, mark, incarnation, longest_access_ttl FROM rev_head").get() as Head);
  }

  count({ name }: Table): number {
    return guard(() => this.#db.prepare<[], number>(`SELECT count(*) FROM ${name}`).pluck().get() as number);
  }

  /** The rows that come after this key, in order. */
  read(table: Table, after: Key | null, limit: number): Row[] {
    const { name, key, columns, inSource = {} } = table;
    const names = Object.keys(columns).map((column) => inSource[column] ?? column);
    const condition = after === null ? "" : `WHERE (${key.join(", ")}) > (${key.map(() => "?").join(", ")})`;
    const sql = `SELECT ${names.join(", ")} FROM ${name} ${condition} ORDER BY ${key.join(", ")} LIMIT ?`;
    const rows = guard(() =>
      this.#db
        .prepare<unknown[], unknown[]>(sql)
        .raw()
        .all(...(after ?? []), limit),
    );
    return rows.map((row) => readRow(table, row));
  }

  /** Says in the file that it has moved, and lets go of it. Durable when it returns. */
  leave({ to, at }: Move): void {
    guard(() => {
      this.#db.prepare<[string, Instant]>("UPDATE rev_head SET moved_to = ?, moved_at = ?").run(to, at);
      this.#db.exec("COMMIT");
    });
  }

  close(): void {
    this.#db.close();
  }
}

function unneeded(): never {
  throw new Error("a file that is there has an incarnation");
}

function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw outage(error);
  }
}
