import { resolve } from "node:path";
import type { EventName } from "../../core/events.ts";
import type { AuditEvent } from "../../core/ports.ts";
import { duration } from "../../core/time.ts";
import { systemClock } from "../../server/clock.ts";
import { moveStore } from "../../stores/moving/index.ts";
import type { Moved, Progress } from "../../stores/moving/index.ts";
import { Difference } from "../../stores/moving/verifying.ts";
import { isStoreFile } from "../../stores/sqlite/file.ts";
import { Failure, NoStore } from "../failure.ts";
import { operator } from "../operator.ts";
import { list } from "../output.ts";
import type { Report } from "../output.ts";

const EVENT: EventName = "store_moved";

/** @throws ConfigError @throws Failure */
export async function migrateStore({ from, to }: { readonly from: string; readonly to: string }): Promise<Report> {
  if (!isStoreFile(resolve(from))) {
    throw new NoStore(`there is no store in ${resolve(from)}: name the file that the server uses with --from; nothing was made or moved`);
  }
  const event = (rows: number): AuditEvent => ({
    ...{ at: systemClock.now(), event: EVENT, userId: null, sid: null, ip: "", carrier: null },
    detail: { from: `sqlite:${from}`, rows, ...operator() },
  });
  const progress = progressOn(process.stderr);
  try {
    return report(from, await moveStore(from, to, { event, onProgress: (it) => progress.tell(it) }));
  } catch (error) {
    if (error instanceof Difference) throw new Failure(error.message, { cause: error });
    throw error;
  } finally {
    progress.end();
  }
}

/** A line when it begins and one each second, on a terminal or not. */
function progressOn(stream: { write(text: string): unknown }): { tell(progress: Progress): void; end(): void } {
  let latest: Progress | null = null;
  const write = (): void => {
    if (latest !== null) stream.write(`${lineOf(latest)}\n`);
  };
  const stop = systemClock.every(duration("1s"), write);
  return {
    tell(progress) {
      const isNew = progress.step !== latest?.step;
      latest = progress;
      if (isNew) write();
    },
    end: stop,
  };
}

const STEPS: Readonly<Record<Progress["step"], string>> = {
  copying: "copying",
  verifying: "comparing",
  settled: "all is there",
  left: "the file is closed",
};

function lineOf({ step, table, done, total }: Progress): string {
  return `${STEPS[step]}: ${done} of ${total} rows${table === null ? "" : ` (${table})`}`;
}

function report(from: string, { to, before, tables, head }: Moved): Report {
  const json = { from: `sqlite:${from}`, to, movedBefore: before, head, tables };
  if (before) return { json, text: `Nothing to do: sqlite:${from} was moved to ${to} before.` };
  const rows = Object.entries(tables).map(([name, it]) => [name, `${it.rows} rows`, it.sha256.slice(0, 16)]);
  return {
    json,
    text: [
      `Moved sqlite:${from} to ${to}. Both were compared, row by row:`,
      list(rows),
      "Start the servers with --store and this database, and with the same secret: cookies and refresh tokens hold, access tokens are refreshed once.",
      "The file is closed: servers that still run on it answer 503, and none starts on it. Keep it as you would a backup.",
    ].join("\n"),
  };
}
