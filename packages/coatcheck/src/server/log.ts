import { pino } from "pino";
import type { DestinationStream } from "pino";
import type { Log } from "../core/ports.ts";
import { printable } from "./printable.ts";

/**
 * Fields that are never written, whoever passes them: a log is read, copied and kept by people who may not log in as anybody.
 * The first line of defence is that nobody passes them.
 */
const HIDDEN = [
  "cookie",
  "set-cookie",
  "authorization",
  "headers",
  "password",
  "secret",
  "token",
  "access_token",
  "refresh_token",
  "ticket",
  "credential",
];
const CENSOR = { paths: HIDDEN.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: "[hidden]" };

/**
 * One JSON line for each event: `{"level":"warn","time":"2026-11-24T08:00:00.000Z","event":"…", …}`.
 * @param to default: stderr, each line written before the call returns, so that nothing is lost when the process ends.
 */
export function jsonLog(to: DestinationStream = pino.destination({ fd: 2, sync: true })): Log {
  const logger = pino(
    {
      base: null,
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { cause: describeCause },
      redact: CENSOR,
    },
    to,
  );
  return {
    info: (event, fields) => logger.info(fields ?? {}, event),
    warn: (event, fields) => logger.warn(fields ?? {}, event),
    error: (event, fields) => logger.error(fields ?? {}, event),
  };
}

/** The same for a person at a terminal: time, level, event and fields on one line. */
export function terminalLog(write: (line: string) => void): Log {
  return jsonLog({ write: (line) => write(humanLine(JSON.parse(line) as LogLine)) });
}

interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

function humanLine({ level, time, event, ...fields }: LogLine): string {
  const shown = Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [`${name}=${printable(JSON.stringify(value))}`]));
  return `${[time.slice(11, 19), level.padEnd(5), event, ...shown].join(" ")}\n`;
}

/** Errors, with their stack and their own causes: an `Error` has no fields that JSON would show. */
function describeCause(cause: unknown): unknown {
  if (!(cause instanceof Error)) return cause;
  return { message: cause.message, stack: cause.stack, ...(cause.cause === undefined ? {} : { cause: describeCause(cause.cause) }) };
}
