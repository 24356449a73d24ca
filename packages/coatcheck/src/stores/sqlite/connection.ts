import Database from "better-sqlite3";
import { ConfigError, StoreUnavailable } from "../../core/errors.ts";
import type { Milliseconds } from "../../core/time.ts";
import { prepareFile, useWriteAheadLog } from "./file.ts";
import { movedAway, moveOf, refuseMoved } from "./moved.ts";
import { refuseOldNode } from "./old-node.ts";
import { isNoDatabase, outage } from "./outages.ts";
import { migrate } from "./schema.ts";

/**
 * What a statement runs on. `reader` sees a snapshot and never waits for a writer; `writer` is durable when it returns; `toucher` may lose its last
 * transactions at a power cut.
 */
export type Role = "reader" | "writer" | "toucher";

/** How often the file is asked whether anybody wrote, for those who wait for that, in milliseconds. A look costs a few microseconds. */
const LOOK_EVERY = 10;

type Handle = Database.Database;
type Handles = Readonly<Record<Role, Handle>>;

/** A prepared statement. Each call throws StoreUnavailable when the store can't answer. */
export interface Query<P extends readonly unknown[], R> {
  /** The first row, run to its end. */
  get(...params: P): R | undefined;
  all(...params: P): R[];
  /** @returns how many rows it changed. */
  run(...params: P): number;
}

/** The connections to one file. Statements are written down before it is open, and prepared once, at first use. */
export class Connection {
  readonly #path: string;
  readonly #busyTimeout: Milliseconds;
  #handles: Handles | null = null;
  #watcher: Watcher | null = null;
  readonly #listening = new Set<() => void>();
  readonly #movedTo: Readonly<Record<"writer" | "toucher", Query<[], { moved_to: string | null }>>>;

  /** @param path absolute. */
  constructor(path: string, busyTimeout: Milliseconds) {
    this.#path = path;
    this.#busyTimeout = busyTimeout;
    const movedTo = "SELECT moved_to FROM rev_head";
    this.#movedTo = { writer: this.query("writer", movedTo), toucher: this.query("toucher", movedTo) };
  }

  /**
   * Opens the file, makes it where there is none, and migrates it.
   * @throws ConfigError if it is no file for us, or the store in it has moved away. @throws {store_unavailable} if it can't be read.
   */
  open(newIncarnation: () => string): void {
    if (this.#handles !== null) return;
    refuseOldNode();
    prepareFile(this.#path);
    const opened: Handle[] = [];
    const connect = (): Handle => {
      const handle = new Database(this.#path, { timeout: this.#busyTimeout });
      opened.push(handle);
      return handle;
    };
    try {
      const writer = connect();
      migrate(writer, this.#path, newIncarnation);
      const move = moveOf(writer);
      if (move !== null) throw movedAway(this.#path, move);
      useWriteAheadLog(writer, this.#path, this.#busyTimeout);
      // The driver's build says NORMAL for a write-ahead log: then a power cut takes back what was acknowledged.
      writer.pragma("synchronous = FULL");
      const toucher = connect();
      toucher.pragma("synchronous = NORMAL");
      this.#handles = { writer, toucher, reader: connect() };
      this.#watcher = watch(connect());
    } catch (error) {
      for (const handle of opened) handle.close();
      if (isNoDatabase(error))
        throw new ConfigError(`${this.#path} is not an SQLite database: name another file for the store`, { cause: error });
      throw outage(error);
    }
  }

  close(): void {
    for (const stop of this.#listening) stop();
    this.#watcher?.close();
    for (const handle of Object.values(this.#handles ?? {})) handle.close();
    this.#handles = null;
    this.#watcher = null;
  }

  /** Whether any process has committed anything, this one included, since this was last asked; true at first. */
  changed(): boolean {
    return guard(() => (this.#watcher ?? notOpen()).changed());
  }

  /** Has `wake` called soon after any process has committed anything. @returns what ends it. */
  onChange(wake: () => void): () => void {
    this.#opened();
    const watcher = watch(new Database(this.#path, { readonly: true, timeout: this.#busyTimeout }));
    watcher.changed();
    const timer = setInterval(() => {
      try {
        if (watcher.changed()) wake();
      } catch {
        wake(); // whoever is woken asks the store, and hears of the outage there
      }
    }, LOOK_EVERY).unref();
    const stop = (): void => {
      clearInterval(timer);
      watcher.close();
      this.#listening.delete(stop);
    };
    this.#listening.add(stop);
    return stop;
  }

  query<P extends readonly unknown[], R = unknown>(role: Role, sql: string): Query<P, R> {
    let preparedFor: Handles | null = null;
    let prepared: Database.Statement<unknown[], R>;
    const statement = (): Database.Statement<unknown[], R> => {
      const handles = this.#opened();
      if (handles !== preparedFor) {
        prepared = handles[role].prepare<unknown[], R>(sql);
        preparedFor = handles;
      }
      return prepared;
    };
    return {
      get: (...params) => guard(() => statement().get(...params)),
      all: (...params) => guard(() => statement().all(...params)),
      run: (...params) => guard(() => statement().run(...params).changes),
    };
  }

  /**
   * Everything that `work` does on this role, or nothing. BEGIN IMMEDIATE takes the write lock before the first read, so what was read can't have
   * changed by the time it is written; nor can the store have moved away, which is looked for each time.
   */
  transaction<T>(work: () => T, role: "writer" | "toucher" = "writer"): T {
    const checked = (): T => {
      refuseMoved(this.#movedTo[role].get()?.moved_to ?? null);
      return work();
    };
    return guard(() => this.#opened()[role].transaction(checked).immediate());
  }

  #opened(): Handles {
    return this.#handles ?? notOpen();
  }
}

interface Watcher {
  changed(): boolean;
  close(): void;
}

/**
 * A connection that writes nothing and holds no statement open: its `data_version` moves with every commit of any other connection
 * (https://www.sqlite.org/pragma.html#pragma_data_version), so also with our own.
 */
function watch(handle: Handle): Watcher {
  const dataVersion = handle.prepare<[], number>("PRAGMA data_version").pluck();
  let seen: number | undefined;
  return {
    changed() {
      const version = dataVersion.get();
      const changed = version !== seen;
      seen = version;
      return changed;
    },
    close: () => void handle.close(),
  };
}

function notOpen(): never {
  throw new StoreUnavailable(new Error("the store is not open"));
}

function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw outage(error);
  }
}
