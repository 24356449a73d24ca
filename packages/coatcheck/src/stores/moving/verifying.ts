import { isSame, NOTHING, sumUp } from "./checksum.ts";
import type { Checksum } from "./checksum.ts";
import type { Ends, Walk } from "./copying.ts";
import { keyOf } from "./tables.ts";
import type { Key, Row, Table } from "./tables.ts";

/** What was copied is not what is there: something else writes to the target, or it does not keep what it is given. */
export class Difference extends Error {
  override readonly name = "Difference";
}

/** Compares a table as a whole, each side walked in its own order. @returns the checksum of both. @throws Difference */
export async function verifyTable({ source, target }: Ends, table: Table, walk: Walk): Promise<Checksum> {
  const ours = await sumOf((after) => source.read(table, after, walk.rowsAtOnce), table, { ...walk, tell: () => undefined });
  const theirs = await sumOf((after) => target.read(table, { after, upTo: null }, walk.rowsAtOnce), table, walk);
  const rows = source.count(table);
  if (ours.rows !== rows)
    throw new Difference(`${table.name} has ${rows} rows, of which ${ours.rows} could be read in the order of their keys`);
  if (isSame(ours, theirs)) return ours;
  throw new Difference(
    `${table.name} was copied and is not the same (${ours.rows} rows here, ${theirs.rows} there): see that nothing else writes there, and run it again`,
  );
}

type Read = (after: Key | null) => Row[] | Promise<Row[]>;

async function sumOf(read: Read, table: Table, { rowsAtOnce, tell }: Walk): Promise<Checksum> {
  let sum = NOTHING;
  for (let after: Key | null = null, isLast = false; !isLast;) {
    const rows = await read(after);
    const last = rows.at(-1);
    isLast = last === undefined || rows.length < rowsAtOnce;
    after = last === undefined ? null : keyOf(table, last);
    sum = sumUp(sum, rows);
    tell(sum.rows);
  }
  return sum;
}
