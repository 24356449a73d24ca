import { StoreUnavailable } from "../../core/errors.ts";
import { seq } from "../../core/ids.ts";
import type { Seq, Sid, UserId } from "../../core/ids.ts";
import type { EndOutcome, LogKind } from "../../core/ports.ts";
import type { Instant } from "../../core/time.ts";
import { question } from "./calls.ts";
import type { Connection } from "./connection.ts";
import { HEAD, LIVE } from "./log.ts";
import type { Entry, LogWriter } from "./log.ts";

/** How many go together at most: each waits for all of them. */
const MOST = 500;

const LOCK = question<[readonly string[]], unknown>("SELECT FROM coatcheck.sessions WHERE sid = ANY ($1::text[]) ORDER BY sid FOR UPDATE");

interface LiveRow {
  readonly sid: Sid;
  readonly user_id: UserId;
}

const FIND_LIVE = question<[readonly string[]], LiveRow>(
  `SELECT s.sid, s.user_id FROM coatcheck.sessions AS s WHERE s.sid = ANY ($1::text[]) AND ${LIVE}`,
);
const READ_HEAD = question<[], { head: Seq }>(`SELECT ${HEAD} AS head`);

/** An entry that somebody waits for. */
interface Job {
  readonly entry: Entry;
  /** Whether it is appended at all, by who lives: an end of what has ended already is not. */
  readonly applies: (live: ReadonlyMap<Sid, UserId>) => boolean;
  readonly done: (outcome: EndOutcome) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Ends and entries that come at the same time go in one transaction: they wait for one another at the head anyway, and so the disk is waited for once.
 * While one batch is on its way the next one gathers, so nobody waits for a timer.
 */
export class Batch {
  readonly #db: Connection;
  readonly #log: LogWriter;
  #waiting: Job[] = [];
  #isRunning = false;

  constructor(db: Connection, log: LogWriter) {
    this.#db = db;
    this.#log = log;
  }

  /** {@link Sessions.end} of core/ports.ts. */
  end(sid: Sid, userId: UserId | undefined, now: Instant): Promise<EndOutcome> {
    const theirs = (owner: UserId | undefined): boolean => owner !== undefined && (userId === undefined || owner === userId);
    return this.#add({ kind: "sid", key: sid, at: now }, (live) => theirs(live.get(sid)));
  }

  /** {@link Feed.append} of core/ports.ts. */
  async append(kind: LogKind, key: string, now: Instant): Promise<Seq> {
    return (await this.#add({ kind, key, at: now }, () => true)).seq;
  }

  #add(entry: Entry, applies: Job["applies"]): Promise<EndOutcome> {
    return new Promise((done, failed) => {
      this.#waiting.push({ entry, applies, done, failed });
      if (this.#isRunning) return;
      this.#isRunning = true;
      // Whatever else comes in this turn of the event loop comes along.
      setImmediate(() => void this.#run());
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#settle(this.#waiting.splice(0, MOST));
    this.#isRunning = false;
  }

  async #settle(jobs: readonly Job[]): Promise<void> {
    try {
      const outcomes = await this.#commit(jobs);
      jobs.forEach((job, index) => job.done(outcomes[index] as EndOutcome));
    } catch (error) {
      // An outage is everybody's. A mistake is one caller's, and the others have nothing to do with it.
      if (error instanceof StoreUnavailable || jobs.length === 1) jobs.forEach((job) => job.failed(error));
      else for (const job of jobs) await this.#settle([job]);
    }
  }

  async #commit(jobs: readonly Job[]): Promise<EndOutcome[]> {
    const sids = [...new Set(jobs.flatMap(({ entry }) => (entry.kind === "sid" ? [entry.key] : [])))];
    return await this.#db.transaction(async (tx) => {
      const [, rows, [read]] = await tx.run(LOCK(sids), FIND_LIVE(sids), READ_HEAD());
      const live = new Map(rows.map((row) => [row.sid, row.user_id]));
      const isAppended = jobs.map(({ entry, applies }) => {
        const applied = applies(live);
        // Of two who end the same session in one batch, the first has.
        if (applied && entry.kind === "sid") live.delete(entry.key as Sid);
        return applied;
      });
      const entries = jobs.flatMap(({ entry }, index) => (isAppended[index] === true ? [entry] : []));
      if (entries.length === 0) return jobs.map(() => ({ ended: 0, seq: (read as { head: Seq }).head }));
      const [[last]] = await tx.commit(this.#log.append(...entries));
      let next = (last as { seq: Seq }).seq - entries.length;
      return isAppended.map((applied) => (applied ? { ended: 1, seq: seq((next += 1)) } : { ended: 0, seq: (last as { seq: Seq }).seq }));
    });
  }
}
