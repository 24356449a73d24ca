import type { Sid, UserId } from "../../core/ids.ts";
import type { Audit, AuditEvent } from "../../core/ports.ts";
import type { CarrierName } from "../../core/session.ts";
import type { Instant } from "../../core/time.ts";
import { change, question } from "./calls.ts";
import type { Call } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { toEvent } from "../rows.ts";
import type { AuditRow } from "../rows.ts";

const INSERT = change<[Instant, string, UserId | null, Sid | null, string, CarrierName | null, string]>(
  "INSERT INTO coatcheck.audit (at, event, user_id, sid, ip, carrier, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)",
);

const latest = (condition: string): string => `SELECT * FROM coatcheck.audit WHERE ${condition} ORDER BY at DESC, id DESC LIMIT $1`;
// A statement for each filter, so that each walks its own index.
const ALL = question<[number], AuditRow>(latest("true"));
const OF_USER = question<[number, UserId], AuditRow>(latest("user_id = $2"));
const OF_EVENT = question<[number, string], AuditRow>(latest("event = $2"));
const OF_BOTH = question<[number, UserId, string], AuditRow>(latest("user_id = $2 AND event = $3"));

const deletion = (condition: string): string => `WITH gone AS (
    DELETE FROM coatcheck.audit WHERE id IN (SELECT id FROM coatcheck.audit WHERE ${condition} LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING 1
  ) SELECT count(*) AS purged FROM gone`;
const PURGE_ALL = change<[number, Instant], { purged: number }>(deletion("at < $2"));
const PURGE_NAMED = change<[number, Instant, readonly string[]], { purged: number }>(deletion("at < $2 AND event = ANY ($3::text[])"));

export function postgresAudit(db: Connection): Audit {
  return {
    append: async (event) => void (await db.send(appendEvent(event))),

    async purge(before, events, limit) {
      const [[row]] = await db.send(events === null ? PURGE_ALL(limit, before) : PURGE_NAMED(limit, before, events));
      return row?.purged ?? 0;
    },

    async list({ userId, event }, limit) {
      const call =
        userId === undefined
          ? event === undefined
            ? ALL(limit)
            : OF_EVENT(limit, event)
          : event === undefined
            ? OF_USER(limit, userId)
            : OF_BOTH(limit, userId, event);
      return (await db.find(call)).map(toEvent);
    },
  };
}

export function appendEvent({ at, event, userId, sid, ip, carrier, detail }: AuditEvent): Call<unknown> {
  return INSERT(at, event, userId, sid, ip, carrier, JSON.stringify(detail));
}
