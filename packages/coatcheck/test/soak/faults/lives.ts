import type { Losses } from "../../faults/promises.ts";
import type { PostgresServer } from "../../support/postgres.ts";

// A database that a standby took over has two lives: what the old primary's data say, and what the standby went on from.

const EPOCH = 2 ** 40;

export interface Life {
  /** The marks and keys of the entries of the log, by position. */
  readonly log: ReadonlyMap<number, { readonly mark: string; readonly kind: string; readonly key: string }>;
  readonly head: number;
  /** The generation of each session's refresh token. */
  readonly sessions: ReadonlyMap<string, number>;
}

export async function lifeOf(server: PostgresServer, database: string): Promise<Life> {
  const log = await server.query("SELECT seq, mark, kind, key FROM coatcheck.rev_log ORDER BY seq", database);
  const sessions = await server.query("SELECT sid, generation FROM coatcheck.sessions", database);
  const [head] = await server.query("SELECT seq FROM coatcheck.rev_head", database);
  return {
    log: new Map(log.map(({ seq, mark, kind, key }) => [Number(seq), { mark: String(mark), kind: String(kind), key: String(key) }])),
    head: Number(head?.["seq"]),
    sessions: new Map(sessions.map(({ sid, generation }) => [String(sid), Number(generation)])),
  };
}

/** The positions of what one life knows and the other does not. */
function onlyIn(one: Life, other: Life): readonly number[] {
  return [...one.log.keys()].filter((seq) => one.log.get(seq)?.mark !== other.log.get(seq)?.mark);
}

export function lossesOf(before: Life, after: Life): Losses {
  const keys = (life: Life, positions: readonly number[]): readonly string[] => positions.map((seq) => life.log.get(seq)?.key ?? "");
  const endedAgain = new Set(keys(after, onlyIn(after, before)));
  const sids = [...before.sessions.keys()];
  return {
    sessions: new Set(sids.filter((sid) => !after.sessions.has(sid))),
    refreshes: new Set(sids.filter((sid) => (after.sessions.get(sid) ?? 0) < (before.sessions.get(sid) ?? 0))),
    ends: new Set(keys(before, onlyIn(before, after)).filter((key) => !endedAgain.has(key))),
  };
}

/** Whether the new life has written anything of its own. */
export function hasBegun(before: Life, after: Life): boolean {
  return onlyIn(after, before).length > 0;
}

/** What is wrong with where the log goes on: a new epoch, before anything else, above all that was ever given. */
export function wrongWith(before: Life, after: Life): readonly string[] {
  const [first = 0, ...others] = onlyIn(after, before);
  const faults: string[] = [];
  if (after.log.get(first)?.kind !== "invalidate-all") faults.push("the new life of the log begins with something else than its epoch");
  if (Math.floor(first / EPOCH) <= Math.floor(before.head / EPOCH)) faults.push(`the new epoch, ${first}, is not above ${before.head}`);
  const gap = others.findIndex((seq, at) => seq !== first + at + 1);
  if (gap !== -1) faults.push(`the new life of the log has a gap before ${others[gap]}`);
  return faults;
}
