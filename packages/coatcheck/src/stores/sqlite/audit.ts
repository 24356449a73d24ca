import type { UserId } from "../../core/ids.ts";
import type { Audit, AuditEvent } from "../../core/ports.ts";
import type { Instant } from "../../core/time.ts";
import type { Connection, Query } from "./connection.ts";
import { toEvent } from "../rows.ts";
import type { AuditRow } from "../rows.ts";

interface Filter {
  readonly userId: UserId | undefined;
  readonly event: string | undefined;
  readonly limit: number;
}

interface Purge {
  readonly before: Instant;
  readonly limit: number;
  /** A JSON list of names. */
  readonly events?: string;
}

export function sqliteAudit(db: Connection): Audit {
  const insert = db.query<[AuditRow]>(
    "writer",
    "INSERT INTO audit (at, event, user_id, sid, ip, carrier, detail) VALUES (@at, @event, @user_id, @sid, @ip, @carrier, @detail)",
  );
  const latest = (condition: string): Query<[Filter], AuditRow> =>
    db.query("reader", `SELECT * FROM audit WHERE ${condition} ORDER BY at DESC, id DESC LIMIT @limit`);
  // A statement for each filter, so that each walks its own index.
  const all = latest("true");
  const ofUser = latest("user_id = @userId");
  const ofEvent = latest("event = @event");
  const ofBoth = latest("user_id = @userId AND event = @event");

  const deletion = (condition: string): Query<[Purge], unknown> =>
    db.query("writer", `DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE ${condition} LIMIT @limit)`);
  const purgeAll = deletion("at < @before");
  const purgeNamed = deletion("event IN (SELECT value FROM json_each(@events)) AND at < @before");

  return {
    purge: (before, events, limit) =>
      db.transaction(() =>
        events === null ? purgeAll.run({ before, limit }) : purgeNamed.run({ before, limit, events: JSON.stringify(events) }),
      ),

    append: (event) => db.transaction(() => void insert.run(toRow(event))),

    list({ userId, event }, limit) {
      const [whole, one] = event === undefined ? [all, ofUser] : [ofEvent, ofBoth];
      const query = userId === undefined ? whole : one;
      return query.all({ userId, event, limit }).map(toEvent);
    },
  };
}

function toRow({ at, event, userId, sid, ip, carrier, detail }: AuditEvent): AuditRow {
  return { at, event, user_id: userId, sid, ip, carrier, detail: JSON.stringify(detail) };
}
