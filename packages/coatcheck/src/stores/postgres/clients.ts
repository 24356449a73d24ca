import type { Clients } from "../../core/clients.ts";
import type { ClientId } from "../../core/ids.ts";
import type { Instant } from "../../core/time.ts";
import { change, question } from "./calls.ts";
import type { Call } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { HEAD } from "./log.ts";
import type { LogWriter } from "./log.ts";
import { toClient, toClientProof } from "../rows.ts";
import type { ClientProofRow, ClientRow } from "../rows.ts";

const INSERT = change<[ClientId, string, string, string, boolean, Instant, Uint8Array]>(
  "INSERT INTO coatcheck.clients (id, name, scopes, audiences, disabled, created_at, secret_hash) VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
const BY_ID = question<[ClientId], ClientProofRow>(`SELECT c.*, ${HEAD} AS head FROM coatcheck.clients AS c WHERE c.id = $1`);
const LIST = question<[], ClientRow>("SELECT * FROM coatcheck.clients ORDER BY created_at, made");
const SET_DISABLED = change<[ClientId, boolean]>("UPDATE coatcheck.clients SET disabled = $2 WHERE id = $1 RETURNING 1");
const REMOVE = change<[ClientId]>("DELETE FROM coatcheck.clients WHERE id = $1 RETURNING 1");

export function postgresClients(db: Connection, log: LogWriter): Clients {
  const set = async (update: Call<unknown>, id: ClientId, cutOffAt: Instant | null): Promise<boolean> =>
    await db.transaction(async (tx) => {
      const [changed] = await tx.run(update);
      if (changed.length === 0) return false;
      await tx.commit(...(cutOffAt === null ? [] : [log.append({ kind: "client", key: id, at: cutOffAt })]));
      return true;
    });
  return {
    async add({ id, name, scopes, audiences, disabled, createdAt }, secretHash) {
      await db.send(INSERT(id, name, JSON.stringify(scopes), JSON.stringify(audiences), disabled, createdAt, secretHash));
    },

    byId: async (id) => toClientProof((await db.find(BY_ID(id)))[0]),

    list: async () => (await db.find(LIST())).map(toClient),

    setDisabled: (id, disabled, now) => set(SET_DISABLED(id, disabled), id, disabled ? now : null),

    remove: (id, now) => set(REMOVE(id), id, now),
  };
}
