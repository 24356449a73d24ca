import { isSame, NOTHING, sumUp } from "./checksum.ts";
import type { Source } from "./source.ts";
import { keyOf } from "./tables.ts";
import type { Key, Table } from "./tables.ts";
import type { Target } from "./target.ts";

export interface Ends {
  readonly source: Source;
  readonly target: Target;
}

export interface Walk {
  readonly rowsAtOnce: number;
  /** Hears how many rows of the table have been gone through. */
  readonly tell: (rows: number) => void;
}

export interface Copied {
  /** How many rows were written: none where both had the same already. */
  readonly written: number;
}

/** Makes a table of the target the source's, range by range. What an earlier run has brought there is not written again; whatever differs is. */
export async function copyTable({ source, target }: Ends, table: Table, { rowsAtOnce, tell }: Walk): Promise<Copied> {
  let [seen, written] = [0, 0];
  for (let after: Key | null = null, isLast = false; !isLast;) {
    const rows = source.read(table, after, rowsAtOnce);
    const last = rows.at(-1);
    isLast = last === undefined || rows.length < rowsAtOnce;
    // The last range has no end: whatever the target has after it is not the source's.
    const upTo = isLast || last === undefined ? null : keyOf(table, last);
    const range = { after, upTo };
    const there = await target.read(table, range, rows.length + 1);
    if (!isSame(sumUp(NOTHING, rows), sumUp(NOTHING, there))) {
      await target.replace(table, range, rows);
      written += rows.length;
    }
    seen += rows.length;
    tell(seen);
    after = upTo;
  }
  return { written };
}
