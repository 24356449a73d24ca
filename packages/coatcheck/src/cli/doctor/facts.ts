import type { ServerConfig } from "../../config/read.ts";
import type { DatabaseFacts } from "../../stores/postgres/facts.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";

/** What was found out about a set-up. The checks go by this alone: they are pure. Null is: it could not be found out, or there is no such thing here. */
export interface Facts {
  /** `process.versions.node`. */
  readonly node: string;
  readonly now: Instant;
  /** By how much the machine's clock was moved while the facts were gathered. */
  readonly jump: Milliseconds;
  readonly config: ServerConfig;
  readonly secret: SecretFacts;
  /** Null: the store is in no file. */
  readonly file: FileFacts | null;
  /** Null: the store is in no database of a server. */
  readonly database: DatabaseFacts | null;
  /** Null: there is no store there, or it can't be opened. */
  readonly store: StoreFacts | null;
  readonly server: ServerFacts;
}

export interface SecretFacts {
  /** Why the server could not use it, with the mend. */
  readonly problem: string | null;
  /** Null: it is in no file. */
  readonly path: string | null;
  /** The file's permissions. Null also where the system keeps them in lists. */
  readonly mode: number | null;
  /** Whether a copy of the folder of the data holds it. */
  readonly withData: boolean;
  /** Other files that hold one of these secrets too. */
  readonly alsoIn: readonly string[];
  /** How many there are: the first writes, all read. */
  readonly count: number;
}

export interface FileFacts {
  readonly path: string;
  readonly isThere: boolean;
  /** Why it can't be opened as the store, with the mend. */
  readonly problem: string | null;
  /** Which of the file, its folder and the files beside it this user may not write. */
  readonly unwritable: readonly string[];
  readonly mode: number | null;
  /** What kind of file system it lies on, as Linux numbers them (statfs(2)); null elsewhere. */
  readonly fileSystem: number | null;
  /** Bytes that this user can still write there. */
  readonly free: number | null;
  /** Size of the write-ahead log, in bytes; null if there is none now. */
  readonly wal: number | null;
}

export interface StoreFacts {
  /** The latest time that anything in it has. */
  readonly latest: Instant | null;
  /** The signing keys that were not revoked, the oldest first. */
  readonly keys: readonly KeyFacts[];
  /** Where those who are logged in came from, as the server believed it; the latest of them. */
  readonly addresses: readonly string[];
}

export interface KeyFacts {
  readonly kid: string;
  readonly alg: string;
  /** From when on it signs, until the next one does. */
  readonly signsFrom: Instant;
  /** Whether one of the secrets opens it; null if there are none to try. */
  readonly opens: boolean | null;
}

export interface ServerFacts {
  /** Where it was looked for. */
  readonly url: string;
  readonly answer: "ready" | "not_ready" | "another_program" | "none";
}
