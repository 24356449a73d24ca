import { resolve } from "node:path";
import { ConfigError } from "../../core/errors.ts";
import type { Seq } from "../../core/ids.ts";
import type { AuditEvent, Random } from "../../core/ports.ts";
import { duration } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";
import { newIncarnation, nextEpoch, nodeRandom } from "../numbering.ts";
import { parseAddress } from "../postgres/address.ts";
import { Connection } from "../postgres/connection.ts";
import { LIMITS } from "../postgres/limits.ts";
import { migrate } from "../postgres/schema.ts";
import { movedAway } from "../sqlite/moved.ts";
import type { Checksum } from "./checksum.ts";
import { copyTable } from "./copying.ts";
import type { Copied, Ends } from "./copying.ts";
import { Source } from "./source.ts";
import type { Head } from "./source.ts";
import { TABLES } from "./tables.ts";
import { Target } from "./target.ts";
import { verifyTable } from "./verifying.ts";

/** How far a move has come. */
export interface Progress {
  /** In this order. Once it is `settled`, all is in the target; once the source is `left`, nothing is answered from there any more. */
  readonly step: "copying" | "verifying" | "settled" | "left";
  /** The table that is gone through. */
  readonly table: string | null;
  readonly done: number;
  /** Of so many rows, in this step. */
  readonly total: number;
}

export interface MoveOptions {
  /** What the target's audit trail will say. */
  readonly event: (rows: number) => AuditEvent;
  readonly onProgress?: (progress: Progress) => void;
  readonly random?: Random;
  /** How long to wait for whoever writes the source. Default: 5 s. */
  readonly busyTimeout?: Milliseconds;
  /** How many rows are compared and written at once. */
  readonly rowsAtOnce?: number;
}

export interface Moved {
  /** The target's name, without user and password. */
  readonly to: string;
  /** It had all been done before. */
  readonly before: boolean;
  readonly tables: Readonly<Record<string, Checksum & Copied>>;
  /** Where the log of the target went on: the first position of a new epoch. */
  readonly head: Seq;
}

/**
 * Moves everything that a file holds to PostgreSQL, with everybody logged in and what has ended ended. At any moment at most one of the two lets servers in:
 *
 * 1. the source is held, so that nobody writes it, and the target is marked: no server starts on it
 * 2. each range of each table in which the two differ is replaced in the target, and then all is compared once more
 * 3. the head is set, in a new epoch
 * 4. the source says that it has moved
 * 5. the mark is taken from the target
 *
 * Whenever it is stopped, running it again goes on. Until step 4 that leaves the source as it was.
 * @throws ConfigError if one of the two is not what it must be. @throws Difference @throws {store_unavailable}
 */
export async function moveStore(file: string, address: string, options: MoveOptions): Promise<Moved> {
  const { random = nodeRandom, busyTimeout = duration("5s") } = options;
  const where = parseAddress(address);
  const path = resolve(file);
  const source = new Source(path, busyTimeout);
  try {
    source.hold();
    return await new Connection(where, LIMITS, random).alone(async (session) => {
      await migrate(session, where.name, () => newIncarnation(random));
      const target = new Target(session, random);
      await target.hold();
      const isThere = await prepareTarget({ path, name: where.name, source, target });
      return isThere ? doneBefore(where.name, source) : await moveAll({ source, target, name: where.name }, options);
    });
  } finally {
    source.close();
  }
}

interface Places extends Ends {
  readonly path: string;
  readonly name: string;
}

/** Sees that the target is this source's to fill. @returns whether it has all arrived there before. @throws ConfigError */
async function prepareTarget({ path, name, source, target }: Places): Promise<boolean> {
  const { incarnation } = source.head();
  const move = source.move();
  // A file that has left is not begun anew: it goes on only to where it went.
  const standing = await (move === null ? target.claim(incarnation) : target.standing(incarnation));
  if (standing === "ours") return false;
  if (move !== null && standing === "arrived") return true;
  if (move !== null) throw movedAway(path, move);
  throw new ConfigError(
    standing === "of_another_move"
      ? `${name} holds a part of another store that is being moved there: name an empty database`
      : `${name} holds a store of its own already: name an empty database`,
  );
}

function doneBefore(to: string, source: Source): Moved {
  return { to, before: true, tables: {}, head: nextEpoch(source.head().seq) };
}

async function moveAll(ends: Ends & { readonly name: string }, options: MoveOptions): Promise<Moved> {
  const { source, target, name } = ends;
  const { onProgress = () => undefined, rowsAtOnce = 1_000 } = options;
  const total = TABLES.reduce((sum, table) => sum + source.count(table), 0);
  const told = (step: "copying" | "verifying", table: string, before: number) => (rows: number) =>
    onProgress({ step, table, done: before + rows, total });

  const copied: Record<string, Copied> = {};
  let done = 0;
  for (const table of TABLES) {
    copied[table.name] = await copyTable(ends, table, { rowsAtOnce, tell: told("copying", table.name, done) });
    done += source.count(table);
  }
  const tables: Record<string, Checksum & Copied> = {};
  done = 0;
  for (const table of TABLES) {
    const sum = await verifyTable(ends, table, { rowsAtOnce, tell: told("verifying", table.name, done) });
    tables[table.name] = { ...sum, ...(copied[table.name] as Copied) };
    done += sum.rows;
  }

  const head: Head = source.head();
  const event = options.event(total);
  await target.settle(head, event);
  onProgress({ step: "settled", table: null, done, total });
  if (source.move() === null) source.leave({ to: name, at: event.at });
  onProgress({ step: "left", table: null, done, total });
  await target.open(head.incarnation);
  return { to: name, before: false, tables, head: nextEpoch(head.seq) };
}
