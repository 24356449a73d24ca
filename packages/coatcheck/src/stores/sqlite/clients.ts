import type { ClientProof, ClientRecord, Clients } from "../../core/clients.ts";
import type { ClientId, Seq } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";
import type { Connection } from "./connection.ts";
import type { LogWriter } from "./log.ts";
import { plainBytes } from "./records.ts";

interface ClientRow {
  readonly id: ClientId;
  readonly name: string;
  readonly scopes: string;
  readonly audiences: string;
  readonly disabled: number;
  readonly created_at: Instant;
  readonly secret_hash: Uint8Array;
}

type ProofRow = ClientRow & { readonly head: Seq };

export function sqliteClients(db: Connection, log: LogWriter): Clients {
  const insert = db.query<[ClientRow]>(
    "writer",
    `INSERT INTO clients (id, name, scopes, audiences, disabled, created_at, secret_hash)
     VALUES (@id, @name, @scopes, @audiences, @disabled, @created_at, @secret_hash)`,
  );
  const byId = db.query<[ClientId], ProofRow>("reader", "SELECT c.*, (SELECT seq FROM rev_head) AS head FROM clients AS c WHERE c.id = ?");
  const list = db.query<[], ClientRow>("reader", "SELECT * FROM clients ORDER BY created_at, rowid");
  const setDisabled = db.query<[number, ClientId]>("writer", "UPDATE clients SET disabled = ? WHERE id = ?");
  const remove = db.query<[ClientId]>("writer", "DELETE FROM clients WHERE id = ?");

  return {
    add: (client, secretHash) => db.transaction(() => void insert.run(toRow(client, secretHash))),

    byId: (id) => toProof(byId.get(id)),

    list: () => list.all().map(toClient),

    setDisabled: (id, disabled, now) =>
      db.transaction(() => {
        const known = setDisabled.run(Number(disabled), id) === 1;
        if (known && disabled) log.append("client", id, now);
        return known;
      }),

    remove: (id, now) =>
      db.transaction(() => {
        const known = remove.run(id) === 1;
        if (known) log.append("client", id, now);
        return known;
      }),
  };
}

function toRow({ id, name, scopes, audiences, disabled, createdAt }: ClientRecord, secretHash: Uint8Array): ClientRow {
  return {
    id,
    name,
    scopes: JSON.stringify(scopes),
    audiences: JSON.stringify(audiences),
    disabled: Number(disabled),
    created_at: createdAt,
    secret_hash: secretHash,
  };
}

function toClient(row: ClientRow): ClientRecord {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as string[],
    audiences: JSON.parse(row.audiences) as string[],
    disabled: row.disabled === 1,
    createdAt: row.created_at,
  };
}

function toProof(row: ProofRow | undefined): ClientProof | null {
  return row === undefined ? null : { client: toClient(row), secretHash: plainBytes(row.secret_hash), head: row.head };
}
