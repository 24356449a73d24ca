import type { ClientProof, ClientRecord, Clients } from "../../core/clients.ts";
import type { ClientId } from "../../core/ids.ts";
import { append } from "./log.ts";
import type { Memory, Tables } from "./tables.ts";

export function memoryClients(memory: Memory): Clients {
  return {
    add(client, secretHash) {
      const { clients } = memory.write();
      if (clients.has(client.id)) throw new Error("there is a client with this id already");
      clients.set(client.id, { client: copyClient(client), secretHash: new Uint8Array(secretHash) });
    },

    byId: (id) => proof(memory.read(), id),

    list() {
      const rows = [...memory.read().clients.values()];
      return rows.map(({ client }) => copyClient(client)).sort((a, b) => a.createdAt - b.createdAt);
    },

    setDisabled(id, disabled, now) {
      const tables = memory.write();
      const row = tables.clients.get(id);
      if (row === undefined) return false;
      row.client = { ...row.client, disabled };
      if (disabled) append(tables, "client", id, now);
      return true;
    },

    remove(id, now) {
      const tables = memory.write();
      if (!tables.clients.delete(id)) return false;
      append(tables, "client", id, now);
      return true;
    },
  };
}

function proof({ clients, head }: Tables, id: ClientId): ClientProof | null {
  const row = clients.get(id);
  return row === undefined ? null : { client: copyClient(row.client), secretHash: new Uint8Array(row.secretHash), head };
}

function copyClient(client: ClientRecord): ClientRecord {
  return { ...client, scopes: [...client.scopes], audiences: [...client.audiences] };
}
