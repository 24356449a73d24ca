import { seq } from "../core/ids.ts";
import type { Seq } from "../core/ids.ts";
import type { Confirmed, LogEntry, LogKind } from "../core/ports.ts";
import { instant } from "../core/time.ts";
import type { Milliseconds } from "../core/time.ts";
import type { JsonObject } from "../crypto/json.ts";

/** A page of the change feed, in the units of the program. */
export interface RemotePage extends Confirmed {
  /** Not there if none was given. */
  readonly lease?: Milliseconds;
}

/** Every kind that there is: of an entry of another nobody here knows what it ends. */
const KINDS: ReadonlySet<string> = new Set<LogKind>([
  ...(["sid", "user", "client", "key", "global"] as const),
  ...(["invalidate-sid", "invalidate-user", "invalidate-keys", "invalidate-all"] as const),
]);

/** No lease is longer: an answer that says so was not written by an issuer of ours. */
const LONGEST_LEASE = 3_600;

/** @returns null for what is no page of the log since `from`. */
export function readPage(json: JsonObject, from: Seq): RemotePage | null {
  const { incarnation, head, mark, from_mark: fromMark, lease, now, entries } = json;
  if (typeof incarnation !== "string" || typeof mark !== "string" || typeof fromMark !== "string") return null;
  if (!isPosition(head) || head < from || json["from"] !== from || !Array.isArray(entries)) return null;
  if (typeof lease !== "number" || !(lease > 0 && lease <= LONGEST_LEASE) || typeof now !== "number") return null;
  const read: LogEntry[] = [];
  for (const entry of entries) {
    const it = readEntry(entry, { from, head });
    if (it === null) return null;
    read.push(it);
  }
  // Rounded down: a lease that is longer than was meant would be a lie.
  const times = { lease: Math.floor(lease * 1_000 + 1e-6) as Milliseconds, storeClock: instant(now * 1_000) };
  return { incarnation, head: seq(head), mark, fromMark, entries: read, ...times };
}

function readEntry(value: unknown, { from, head }: { readonly from: number; readonly head: number }): LogEntry | null {
  if (typeof value !== "object" || value === null) return null;
  const { seq: position, kind, key, exp } = value as Readonly<Record<string, unknown>>;
  if (!isPosition(position) || position <= from || position > head) return null;
  if (typeof kind !== "string" || !KINDS.has(kind) || typeof key !== "string" || typeof exp !== "number") return null;
  return { seq: seq(position), kind: kind as LogKind, key, expiresAt: instant(exp * 1_000), at: instant(0) };
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** How a page looks to whoever asked from a position that the log doesn't have: it says so, and nothing else. */
export function noPage(from: Seq, isLost: boolean): RemotePage {
  return {
    ...{ incarnation: "", mark: "", fromMark: null, entries: [], storeClock: null },
    // Behind what is known here: then it is sure that writes were lost.
    head: seq(isLost ? from - 1 : from),
  };
}
