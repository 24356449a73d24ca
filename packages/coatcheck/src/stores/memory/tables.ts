import { StoreUnavailable } from "../../core/errors.ts";
import type { ClientRecord } from "../../core/clients.ts";
import type { ClientId, Seq, Sid, UserId } from "../../core/ids.ts";
import { seq } from "../../core/ids.ts";
import type { AuditEvent, LeaseHolder, LogEntry, Random, SigningKeyRecord, UserRecord, Wake } from "../../core/ports.ts";
import type { SessionRecord } from "../../core/session.ts";
import type { Instant, Milliseconds } from "../../core/time.ts";
import { newIncarnation } from "../numbering.ts";

export interface SessionRow {
  session: SessionRecord;
  /** When it was ended by itself; for purge alone. */
  endedAt: Instant | null;
}

export interface MarkedEntry {
  readonly entry: LogEntry;
  readonly mark: string;
}

export interface AccountRow {
  user: UserRecord;
  passwordHash: string;
}

export interface ClientRow {
  client: ClientRecord;
  readonly secretHash: Uint8Array;
}

export interface Cutoff {
  readonly seq: Seq;
  readonly at: Instant;
}

export interface HolderRow extends LeaseHolder {
  /** When it asked last. */
  readonly at: Instant;
}

export interface CountRow {
  readonly count: number;
  readonly endsAt: Instant;
}

/** Everything there is. Only the ports read and change it, and they copy what crosses their border. */
export interface Tables {
  head: Seq;
  longestAccessTtl: Milliseconds | null;
  /** The mark of the log at its head, and at each entry that is left. */
  mark: string;
  log: MarkedEntry[];
  audit: AuditEvent[];
  readonly incarnation: string;
  readonly random: Random;
  readonly cutoffs: Map<string, Cutoff>;
  readonly sessions: Map<Sid, SessionRow>;
  readonly sidsByUser: Map<UserId, Set<Sid>>;
  readonly users: Map<UserId, AccountRow>;
  readonly idsByEmail: Map<string, UserId>;
  readonly clients: Map<ClientId, ClientRow>;
  readonly keys: Map<string, SigningKeyRecord>;
  readonly counts: Map<string, CountRow>;
  readonly holders: Map<string, HolderRow>;
  readonly listeners: Set<Wake>;
}

/** The engine: it can be open or closed, and counts commits. A call is a transaction because nothing in it waits. */
export class Memory {
  readonly #tables: Tables;
  #open = false;
  #commits = 0;

  constructor(random: Random) {
    this.#tables = {
      head: seq(0),
      longestAccessTtl: null,
      mark: "",
      log: [],
      audit: [],
      incarnation: newIncarnation(random),
      random,
      cutoffs: new Map(),
      sessions: new Map(),
      sidsByUser: new Map(),
      users: new Map(),
      idsByEmail: new Map(),
      clients: new Map(),
      keys: new Map(),
      counts: new Map(),
      holders: new Map(),
      listeners: new Set(),
    };
  }

  get commits(): number {
    return this.#commits;
  }

  open(): void {
    this.#open = true;
  }

  close(): void {
    this.#open = false;
  }

  /** @throws {store_unavailable} unless it is open. */
  read(): Tables {
    if (!this.#open) throw new StoreUnavailable(new Error("the store is not open"));
    return this.#tables;
  }

  /** The tables, to be changed. @throws {store_unavailable} unless it is open. */
  write(): Tables {
    const tables = this.read();
    this.#commits += 1;
    return tables;
  }
}
