import { duration } from "../../core/time.ts";
import type { Milliseconds } from "../../core/time.ts";

/** How long anything may take. Every wait has an end: after it the store counts as out of reach. */
export interface Limits {
  /** At most so many connections for writes, besides one for reads and one that listens. */
  readonly connections: number;
  /** To connect, or to get a connection that is free. */
  readonly connect: Milliseconds;
  /** For a lock that another transaction holds. */
  readonly lock: Milliseconds;
  /** For a statement, as the server counts. */
  readonly statement: Milliseconds;
  /** For an answer, as this process counts: a server that is silent ends nothing by itself. */
  readonly answer: Milliseconds;
}

export const LIMITS: Limits = {
  connections: 10,
  connect: duration("3s"),
  lock: duration("3s"),
  statement: duration("5s"),
  answer: duration("6s"),
};
