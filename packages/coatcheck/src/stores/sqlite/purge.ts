import type { Seq } from "../../core/ids.ts";
import type { Sessions } from "../../core/ports.ts";
import type { Instant } from "../../core/time.ts";
import type { Scope } from "../numbering.ts";
import type { Connection, Query } from "./connection.ts";
import { OVER_AT } from "./schema.ts";

interface Unswept {
  readonly scope: Scope;
  readonly key: string;
  readonly seq: Seq;
}

type Sweep = Query<[Unswept & { limit: number }], unknown>;

/** Deletes what is over. Each cutoff is gone through once: what it ended is found by the user's index, not by walking the table at every purge. */
export function sessionPurge(db: Connection): Sessions["purge"] {
  const deleteOver = db.query<[{ before: Instant; limit: number }]>("writer", deletion(`${OVER_AT} < @before`));
  const nextUnswept = db.query<[Instant], Unswept>(
    "writer",
    "SELECT scope, key, seq FROM cutoffs WHERE unswept < ? ORDER BY unswept LIMIT 1",
  );
  const markSwept = db.query<[Unswept]>("writer", "UPDATE cutoffs SET unswept = NULL WHERE scope = @scope AND key = @key");
  const sweeps: Readonly<Record<Scope, Sweep>> = {
    user: db.query("writer", deletion("user_id = @key AND rsq < @seq")),
    client: db.query("writer", deletion("client_id = @key AND rsq < @seq")),
    global: db.query("writer", deletion("rsq < @seq")),
  };

  return (before, limit) =>
    db.transaction(() => {
      let deleted = deleteOver.run({ before, limit });
      // At most `limit` cutoffs too: many of them may have ended nothing that is still here.
      for (let swept = 0; deleted < limit && swept < limit; swept += 1) {
        const cutoff = nextUnswept.get(before);
        if (cutoff === undefined) break;
        deleted += sweeps[cutoff.scope].run({ ...cutoff, limit: limit - deleted });
        if (deleted < limit) markSwept.run(cutoff);
      }
      return deleted;
    });
}

function deletion(condition: string): string {
  return `DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE ${condition} LIMIT @limit)`;
}
