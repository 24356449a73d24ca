/** What stands in a column. The two databases write numbers that are yes or no, and bytes, in different ways. */
type Kind = "text" | "number" | "flag" | "bytes";

/** One table as both databases have it. */
export interface Table {
  readonly name: string;
  /** Its primary key, in whose order it is walked: both databases compare text byte by byte. */
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, Kind>>;
  /** What the source has in place of a column: the order in which rows came is the row's own number there. */
  readonly inSource?: Readonly<Record<string, string>>;
  /** The column that the target numbers by itself: it goes on after the last one. */
  readonly numbered?: string;
  /** Another column that no two rows share. */
  readonly unique?: string;
}

/** Everything that is moved, in this order. `rev_head` comes last and apart; who holds a lease on the old store is nothing to the new one. */
export const TABLES: readonly Table[] = [
  {
    name: "users",
    key: ["id"],
    columns: {
      ...{ id: "text", email: "text", name: "text", roles: "text" },
      ...{ email_verified: "flag", disabled: "flag", created_at: "number", password_hash: "text" },
    },
    unique: "email",
  },
  {
    name: "clients",
    key: ["id"],
    columns: {
      ...{ id: "text", made: "number", name: "text", scopes: "text", audiences: "text" },
      ...{ disabled: "flag", created_at: "number", secret_hash: "bytes" },
    },
    inSource: { made: "rowid" },
    numbered: "made",
  },
  {
    name: "signing_keys",
    key: ["kid"],
    columns: {
      ...{ kid: "text", made: "number", alg: "text", public_jwk: "text", sealed: "bytes" },
      ...{ created_at: "number", signs_from: "number", revoked_at: "number" },
    },
    inSource: { made: "rowid" },
    numbered: "made",
  },
  {
    name: "sessions",
    key: ["sid"],
    columns: {
      ...{ sid: "text", user_id: "text", client_id: "text", carrier: "text", secret_hash: "bytes", salt: "bytes" },
      ...{ generation: "number", won_by: "bytes", rotated_at: "number", replays: "number", rsq: "number" },
      ...{
        created_at: "number",
        auth_time: "number",
        amr: "text",
        last_seen_at: "number",
        expires_at: "number",
        idle_expires_at: "number",
      },
      ...{ device_label: "text", device_user_agent: "text", device_ip: "text", data: "text", ended_seq: "number", ended_at: "number" },
    },
  },
  {
    name: "cutoffs",
    key: ["scope", "key"],
    columns: { scope: "text", key: "text", seq: "number", unswept: "number" },
  },
  {
    name: "rev_log",
    key: ["seq"],
    columns: { seq: "number", mark: "text", kind: "text", key: "text", expires_at: "number", at: "number" },
  },
  {
    name: "throttles",
    key: ["key"],
    columns: { key: "text", count: "number", ends_at: "number" },
  },
  {
    name: "audit",
    key: ["id"],
    columns: {
      ...{ id: "number", at: "number", event: "text", user_id: "text", sid: "text", ip: "text", carrier: "text", detail: "text" },
    },
    numbered: "id",
  },
];

/** What one field holds, the same whichever database it came from: flags are 0 and 1, bytes are `\x` and hexadecimal digits. */
export type Field = string | number | null;

/** The fields of one row, in the order of the table's columns. */
export type Row = readonly Field[];

/** The fields of a row's key. */
export type Key = readonly Field[];

const READERS: Readonly<Record<Kind, (raw: unknown) => Field>> = {
  // PostgreSQL's text can't have U+0000: the store there writes U+FFFD in its place.
  text: (raw) => String(raw).replaceAll("\0", "\ufffd"),
  number: (raw) => Number(raw),
  flag: (raw) => Number(raw),
  bytes: (raw) => `\\x${Buffer.from(raw as Uint8Array).toString("hex")}`,
};

/** A row as a driver gives it. */
export function readRow({ columns }: Table, raw: readonly unknown[]): Row {
  return Object.values(columns).map((kind, at) => (raw[at] === null ? null : READERS[kind](raw[at])));
}

export function keyOf({ columns, key }: Table, row: Row): Key {
  const names = Object.keys(columns);
  return key.map((name) => row[names.indexOf(name)] as Field);
}
