import type * as v from "valibot";
import { CoatcheckError } from "../../core/errors.ts";
import type { ClientId, Seq } from "../../core/ids.ts";
import type { LogEntry, LogPage } from "../../core/ports.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import type { changesSchema } from "../answers.ts";
import type { Shown } from "../row.ts";

/** What the surface says of a page: times in seconds, and of each entry what it is about and nothing else. */
export type Changes = Omit<Shown<v.InferOutput<typeof changesSchema>>, "lease">;

export function changesOf({ incarnation, entries, head, mark, fromMark }: LogPage, from: Seq, now: Instant): Changes {
  return { incarnation, from, head, mark, from_mark: fromMark ?? "", now: inSeconds(now), entries: entries.map(entryOf) };
}

/** An end must not be forgotten early: rounded up, never down. */
function entryOf({ seq, kind, key, expiresAt }: LogEntry): Changes["entries"][number] {
  return { seq, kind, key, exp: Math.ceil(expiresAt / 1_000) };
}

export function inSeconds(time: Instant | Milliseconds): number {
  return time / 1_000;
}

/** Where a position stands in the log: it has it, it has forgotten it, or it never got there, or lost it with what it lost. */
export function whereIs({ from, mark }: Position, { fromMark, head }: LogPage): "here" | "gone" | "lost" {
  if (from === 0) return "here";
  if (fromMark === null) return from > head ? "lost" : "gone";
  return mark === undefined || mark === fromMark ? "here" : "lost";
}

/** A position as whoever asks knows it, and the mark that came with it, if it says so. */
export interface Position {
  readonly from: Seq;
  readonly mark: string | undefined;
}

export function positionGone(snapshot: string): CoatcheckError {
  return new CoatcheckError("position_gone", { detail: "The log begins later by now. Take everything anew from the snapshot.", snapshot });
}

export function positionLost(snapshot: string): CoatcheckError {
  const detail =
    "The log has no such position. Either it lost writes that it had acknowledged, or this is another log: take everything anew.";
  return new CoatcheckError("position_lost", { detail, snapshot });
}

/** Whether the page tells of an end of the client itself: by disabling or removing it, after `provedAt`. */
export function tellsOfEnd({ entries }: LogPage, client: ClientId, provedAt: Seq): boolean {
  return entries.some(({ kind, key, seq }) => kind === "client" && key === client && seq > provedAt);
}
