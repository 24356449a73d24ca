import type { ClientRecord, Clients } from "../../core/clients.ts";
import type { ClientId } from "../../core/ids.ts";
import type { Connection } from "./connection.ts";
import type { LogWriter } from "./log.ts";
import { toClient, toClientProof } from "../rows.ts";
import type { ClientProofRow, ClientRow } from "../rows.ts";

export function sqliteClients(db: Connection, log: LogWriter): Clients {
  const insert = db.query<[ClientRow]>(
    "writer",
    `INSERT INTO clients (id, name, scopes, audiences, disabled, created_at, secret_hash)
     VALUES (@id, @name, @scopes, @audiences, @disabled, @created_at, @secret_hash)`,
  );
  const byId = db.query<[ClientId], ClientProofRow>(
    "reader",
    "SELECT c.*, (SELECT seq FROM rev_head) AS head FROM clients AS c WHERE c.id = ?",
  );
  const list = db.query<[], ClientRow>("reader", "SELECT * FROM clients ORDER BY created_at, rowid");
  const setDisabled = db.query<[number, ClientId]>("writer", "UPDATE clients SET disabled = ? WHERE id = ?");
  const remove = db.query<[ClientId]>("writer", "DELETE FROM clients WHERE id = ?");

  return {
    add: (client, secretHash) => db.transaction(() => void insert.run(toRow(client, secretHash))),

    byId: (id) => toClientProof(byId.get(id)),

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
