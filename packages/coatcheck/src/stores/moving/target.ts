import type { AuditEvent, Random } from "../../core/ports.ts";
import { appendEvent } from "../postgres/audit.ts";
import { change, question } from "../postgres/calls.ts";
import type { Call, Statement, Value } from "../postgres/calls.ts";
import { logWriter } from "../postgres/log.ts";
import type { Session } from "../postgres/session.ts";
import type { Head } from "./source.ts";
import { readRow, TABLES } from "./tables.ts";
import type { Key, Row, Table } from "./tables.ts";

/** Keys after `after`, up to and with `upTo`; null where there is no such end. */
export interface Range {
  readonly after: Key | null;
  readonly upTo: Key | null;
}

/** What a database is to a store that is to be moved there. */
export type Standing = "ours" | "arrived" | "of_others" | "of_another_move";

/** The database that a store is moved to. */
export class Target {
  readonly #session: Session;
  readonly #random: Random;

  constructor(session: Session, random: Random) {
    this.#session = session;
    this.#random = random;
  }

  /**
   * Waits until nobody else moves anything here, and then has that right until the connection is closed: what a run that was killed had still on its way
   * has arrived, or never will.
   */
  async hold(): Promise<void> {
    await this.#session.send(HOLD());
  }

  /** Takes an empty database for the store of this incarnation, or finds that it was taken for it before. */
  async claim(incarnation: string): Promise<Standing> {
    const [taken] = await this.#session.send(CLAIM(incarnation));
    return taken.length === 1 ? "ours" : await this.standing(incarnation);
  }

  async standing(incarnation: string): Promise<Standing> {
    const [[row]] = await this.#session.send(STANDING());
    const head = row as StandingRow;
    if (head.moving_from !== null) return head.moving_from === incarnation ? "ours" : "of_another_move";
    return head.incarnation === incarnation ? "arrived" : "of_others";
  }

  /** At most so many rows of a range, in order. */
  async read(table: Table, range: Range, limit: number): Promise<Row[]> {
    const values = [...valuesOf(range), limit];
    const columns = Object.keys(table.columns);
    const sql = `SELECT ${columns.join(", ")} FROM ${nameOf(table)} ${where(table, range)} ORDER BY ${table.key.join(", ")} LIMIT $${values.length}`;
    const [rows] = await this.#session.send(prepared<Record<string, unknown>>(sql, question, values));
    return rows.map((row) =>
      readRow(
        table,
        columns.map((column) => row[column]),
      ),
    );
  }

  /** Puts these rows in place of all that stand in the range, or, if it fails, nothing. */
  async replace(table: Table, range: Range, rows: readonly Row[]): Promise<void> {
    const removal = prepared(`DELETE FROM ${nameOf(table)} ${where(table, range)}`, change, valuesOf(range));
    await this.#session.send(BEGIN(), removal, ...rivals(table, rows));
    await this.#session.commit(insertion(table, rows));
  }

  /** Sets the head where the source has it, begins a new epoch, and has numbers go on after those that were copied. */
  async settle({ seq, mark, incarnation, longest_access_ttl: longest }: Head, event: AuditEvent): Promise<void> {
    const numbers = TABLES.flatMap(({ name, numbered }) => (numbered === undefined ? [] : [goOn(name, numbered)]));
    const epoch = logWriter(this.#random).appendInNewEpoch(seq, seq, event.at);
    await this.#session.send(BEGIN(), SET_HEAD(seq, mark, incarnation, longest, this.#session.life), ...numbers);
    await this.#session.commit(epoch, appendEvent(event));
  }

  /** Lets servers in. */
  async open(incarnation: string): Promise<void> {
    await this.#session.send(OPEN(incarnation));
  }
}

interface StandingRow {
  readonly incarnation: string;
  readonly moving_from: string | null;
}

const BEGIN = change<[]>("BEGIN");
/** "coat" and "move" in ASCII. */
const HOLD = change<[]>("SELECT pg_advisory_lock(1668243828, 1836021349)");
const CLAIM = change<[string]>(`UPDATE coatcheck.rev_head SET moving_from = $1
  WHERE id = 1 AND (moving_from = $1 OR (moving_from IS NULL AND seq = 0
    ${TABLES.map((table) => `AND NOT EXISTS (SELECT FROM ${nameOf(table)})`).join("\n    ")})) RETURNING 1`);
const STANDING = question<[], StandingRow>("SELECT incarnation, moving_from FROM coatcheck.rev_head WHERE id = 1");
const SET_HEAD = change<[number, string, string, number | null, string | null]>(
  "UPDATE coatcheck.rev_head SET seq = $1, mark = $2, incarnation = $3, longest_access_ttl = $4, life = $5 WHERE id = 1",
);
const OPEN = change<[string]>("UPDATE coatcheck.rev_head SET moving_from = NULL WHERE id = 1 AND moving_from = $1");

function nameOf({ name }: Table): string {
  return `coatcheck.${name}`;
}

function where({ key }: Table, { after, upTo }: Range): string {
  const columns = `(${key.join(", ")})`;
  const holders = (from: number): string => `(${key.map((_, at) => `$${from + at}`).join(", ")})`;
  const first = after === null ? [] : [`${columns} > ${holders(1)}`];
  const last = upTo === null ? [] : [`${columns} <= ${holders(1 + (after ?? []).length)}`];
  const conditions = [...first, ...last];
  return conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
}

function valuesOf({ after, upTo }: Range): Value[] {
  return [...(after ?? []), ...(upTo ?? [])];
}

/** Rows anywhere that would be in the way of these: an earlier run may have left them, before the source was changed. */
function rivals({ columns, unique, ...table }: Table, rows: readonly Row[]): Call<unknown>[] {
  if (unique === undefined) return [];
  const at = Object.keys(columns).indexOf(unique);
  const sql = `DELETE FROM coatcheck.${table.name} WHERE ${unique} = ANY ($1::text[])`;
  return [prepared(sql, change, [rows.map((row) => row[at] as string)])];
}

/** As PostgreSQL reads them from text. */
const TYPES = { text: "text", number: "bigint", flag: "int", bytes: "bytea" } as const;

/** All rows at once, each column as a list of its own. */
function insertion(table: Table, rows: readonly Row[]): Call<unknown> {
  const columns = Object.entries(table.columns);
  const lists = columns.map(([, kind], at) => `$${at + 1}::${TYPES[kind]}[]`);
  const values = columns.map(([name, kind]) => (kind === "flag" ? `${name} <> 0` : name));
  const names = columns.map(([name]) => name);
  const sql = `INSERT INTO ${nameOf(table)} (${names.join(", ")}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(", ")} FROM unnest(${lists.join(", ")}) AS given (${names.join(", ")})`;
  const texts = columns.map((_, at) => rows.map((row) => row[at] ?? null).map((field) => (field === null ? null : String(field))));
  return prepared(sql, change, texts);
}

function goOn(table: string, column: string): Call<unknown> {
  const next = `(SELECT coalesce(max(${column}), 0) + 1 FROM coatcheck.${table})`;
  return prepared(`SELECT setval(pg_get_serial_sequence('coatcheck.${table}', '${column}'), ${next}, false)`, change, []);
}

const statements = new Map<string, Statement<Value[], unknown>>();

/** A call of a statement that is put together here: the same text is the same statement, which a connection prepares once. */
function prepared<R>(sql: string, kind: (text: string) => Statement<Value[], unknown>, values: Value[]): Call<R> {
  const known = statements.get(sql) ?? kind(sql);
  statements.set(sql, known);
  return known(...values) as Call<R>;
}
