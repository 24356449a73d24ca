import type { Seq } from "../../core/ids.ts";
import type { Sessions } from "../../core/ports.ts";
import type { Instant } from "../../core/time.ts";
import type { Scope } from "../numbering.ts";
import { change, question } from "./calls.ts";
import type { Call } from "./calls.ts";
import type { Connection, Transaction } from "./connection.ts";
import { OVER_AT } from "./schema.ts";

interface Unswept {
  readonly scope: Scope;
  readonly key: string;
  readonly seq: Seq;
}

interface Counted {
  readonly deleted: number;
}

const deleteOver = change<[limit: number, before: Instant], Counted>(deletion(`${OVER_AT} < $2`));
const nextUnswept = question<[Instant], Unswept>(
  "SELECT scope, key, seq FROM coatcheck.cutoffs WHERE unswept < $1 ORDER BY unswept LIMIT 1 FOR UPDATE SKIP LOCKED",
);
/** Unless there was another cutoff meanwhile: that one is swept by itself. */
const markSwept = change<[string, string, Seq]>("UPDATE coatcheck.cutoffs SET unswept = NULL WHERE scope = $1 AND key = $2 AND seq = $3");

const SWEEPS: Readonly<Record<Scope, (cutoff: Unswept, limit: number) => Call<Counted>>> = {
  user: withKey("user_id = $3"),
  client: withKey("client_id = $3"),
  global: ({ seq }, limit) => {
    return sweepAll(limit, seq);
  },
};
const sweepAll = change<[limit: number, seq: Seq], Counted>(deletion("rsq < $2"));

function withKey(condition: string): (cutoff: Unswept, limit: number) => Call<Counted> {
  const sweep = change<[limit: number, seq: Seq, key: string], Counted>(deletion(`rsq < $2 AND ${condition}`));
  return ({ seq, key }, limit) => sweep(limit, seq, key);
}

/** Deletes what is over. Each cutoff is gone through once: what it ended is found by the user's index, not by walking the table at every purge. */
export function sessionPurge(db: Connection): Sessions["purge"] {
  return async (before, limit) =>
    await db.transaction(async (tx) => {
      let deleted = await counted(tx, deleteOver(limit, before));
      // At most `limit` cutoffs too: many of them may have ended nothing that is still here.
      for (let swept = 0; deleted < limit && swept < limit; swept += 1) {
        const [[cutoff]] = await tx.run(nextUnswept(before));
        if (cutoff === undefined) break;
        deleted += await counted(tx, SWEEPS[cutoff.scope](cutoff, limit - deleted));
        if (deleted < limit) await tx.run(markSwept(cutoff.scope, cutoff.key, cutoff.seq));
      }
      await tx.commit();
      return deleted;
    });
}

async function counted(tx: Transaction, call: Call<Counted>): Promise<number> {
  const [[row]] = await tx.run(call);
  return row?.deleted ?? 0;
}

/** Passes over what somebody holds: another time is soon enough, and nobody waits for anybody in a circle. */
function deletion(condition: string): string {
  return `WITH gone AS (
    DELETE FROM coatcheck.sessions WHERE sid IN (SELECT sid FROM coatcheck.sessions WHERE ${condition} LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING 1
  ) SELECT count(*) AS deleted FROM gone`;
}
