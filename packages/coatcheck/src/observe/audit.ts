import { EVENTS } from "../core/events.ts";
import type { EventName, Kept, SecurityEvent } from "../core/events.ts";
import type { Audit, AuditEvent, Clock, Log } from "../core/ports.ts";
import type { JsonValue } from "../core/session.ts";
import { duration, later } from "../core/time.ts";
import type { Instant } from "../core/time.ts";
import type { Metrics } from "./metrics.ts";

const WINDOW = duration("1h");

/**
 * How many refusals of one kind the trail takes in an hour, for each process: a stranger can cause as many as they like, and more of the same only
 * prove that somebody does. Those that name an account have room of their own, so that no flood of made-up addresses hides them.
 */
export const REFUSALS_AN_HOUR = { ofAccounts: 5_000, ofNobody: 200 } as const;

/**
 * How many of one routine event of one client the trail takes in an hour, for each process: a service that asks for a token with every request would
 * write millions of rows a day that say nothing new. Each client has room of its own, so that a busy one hides no other.
 */
export const ROUTINE_AN_HOUR = 60;

/** What shares one count, and how many of it an hour has room for. */
interface Room {
  readonly of: string;
  readonly most: number;
}

/** Null: every one is written. */
const ROOMS: Readonly<Record<Kept, (event: SecurityEvent) => Room | null>> = {
  deed: () => null,
  refusal: ({ event, userId }) =>
    userId === null
      ? { of: `${event} of nobody`, most: REFUSALS_AN_HOUR.ofNobody }
      : { of: `${event} of accounts`, most: REFUSALS_AN_HOUR.ofAccounts },
  routine: ({ event, detail }) => ({
    of: `${event} of ${"clientId" in detail ? JSON.stringify(detail.clientId) : "nobody"}`,
    most: ROUTINE_AN_HOUR,
  }),
};

export interface AuditTrail {
  /** To the log at once and to the trail in the store. Never fails: what has happened is not undone by a trail that can't be written. */
  write(event: SecurityEvent): Promise<void>;
  /** Writes the sum of what was suppressed, if its hour is over. */
  tidy(): Promise<void>;
  /** Writes the sum of what was suppressed so far. */
  close(): Promise<void>;
}

export interface AuditParts {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export function createAuditTrail(parts: AuditParts): AuditTrail {
  const { clock, metrics } = parts;
  let windowEnds: Instant | null = null;
  let seen = new Map<string, number>();
  let suppressed = new Map<EventName, number>();

  /** Whether the trail has no room left for one more of these in this hour. */
  function isTooMany(event: SecurityEvent): boolean {
    const room = ROOMS[EVENTS[event.event].kept](event);
    if (room === null) return false;
    const count = (seen.get(room.of) ?? 0) + 1;
    seen.set(room.of, count);
    return count > room.most;
  }

  function suppress(event: EventName): void {
    suppressed.set(event, (suppressed.get(event) ?? 0) + 1);
    metrics.auditSuppressed.cell(event).value += 1;
  }

  async function turn(): Promise<void> {
    const counts = suppressed;
    [windowEnds, seen, suppressed] = [null, new Map(), new Map()];
    if (counts.size === 0) return;
    const detail = { counts: Object.fromEntries(counts) };
    await append(parts, { event: "audit_suppressed", userId: null, sid: null, ip: "", carrier: null, detail });
  }

  async function tidy(): Promise<void> {
    if (windowEnds !== null && clock.now() >= windowEnds) await turn();
  }

  return {
    write: async (event) => {
      await tidy();
      windowEnds ??= later(clock.now(), WINDOW);
      if (isTooMany(event)) suppress(event.event);
      else await append(parts, event);
    },
    tidy,
    close: turn,
  };
}

async function append({ audit, clock, log, metrics }: AuditParts, event: SecurityEvent): Promise<void> {
  const { userId, sid, ip, carrier } = event;
  const detail = event.detail as Readonly<Record<string, JsonValue>>;
  metrics.auditEvents.cell(event.event).value += 1;
  log.info(event.event, { userId, sid, ip, carrier, ...detail });
  try {
    const written: AuditEvent = { event: event.event, userId, sid, ip, carrier, detail, at: clock.now() };
    await audit.append(written);
  } catch (error) {
    metrics.auditFailures.cell().value += 1;
    log.error("audit_not_written", { event: event.event, cause: String(error) });
  }
}
