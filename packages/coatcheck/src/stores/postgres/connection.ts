import type pg from "pg";
import { StoreUnavailable } from "../../core/errors.ts";
import type { Random } from "../../core/ports.ts";
import { elapsed } from "../numbering.ts";
import type { Address } from "./address.ts";
import { change } from "./calls.ts";
import type { Call, Rows } from "./calls.ts";
import { Circuit } from "./circuit.ts";
import { clientConfig, loadDriver } from "./driver.ts";
import type { Limits } from "./limits.ts";
import { isConflict, isLost, outage, setUpMistake } from "./outages.ts";
import { Session } from "./session.ts";
import { connect, Shared } from "./shared.ts";

/** A transaction that has begun. What is not committed has not happened. */
export interface Transaction {
  /** Sends all of them at once, and waits for what they give. */
  run<const C extends readonly Call<unknown>[]>(...calls: C): Promise<Rows<C>>;
  /** The last ones, and the end: no lock of theirs waits for the way to this process and back. */
  commit<const C extends readonly Call<unknown>[]>(...calls: C): Promise<Rows<C>>;
}

/** How often a transaction is tried that another one was in the way of. */
const TRIES = 4;

/** A migration takes as long as the table is large. */
const PATIENT = { statement_timeout: 600_000, lock_timeout: 600_000, query_timeout: 660_000 };

interface Opened {
  readonly pool: pg.Pool;
  readonly sessions: WeakMap<pg.ClientBase, Session>;
  readonly reader: Shared;
}

/** The connections to one server: a pool for what writes, and one that all single reads share. */
export class Connection {
  readonly #address: Address;
  readonly #limits: Limits;
  readonly #circuit: Circuit;
  #opened: Opened | null = null;
  #opening: Promise<void> | null = null;

  constructor(address: Address, limits: Limits, random: Random) {
    this.#address = address;
    this.#limits = limits;
    this.#circuit = new Circuit(random);
  }

  /**
   * @param prepare is done once on a connection of its own, before all others.
   * @throws ConfigError for what no waiting mends. @throws {store_unavailable}
   */
  async open(prepare: (session: Session) => Promise<void>): Promise<void> {
    if (this.#opened !== null) return;
    this.#opening ??= this.#open(prepare).finally(() => (this.#opening = null));
    await this.#opening;
  }

  /** A connection of its own, for whoever keeps it. @throws {store_unavailable} */
  async connect(): Promise<Session> {
    if (this.#opened === null) throw notOpen();
    const driver = await loadDriver();
    return await connect(driver, clientConfig(driver, this.#address, this.#limits));
  }

  /**
   * What `work` does on a connection of its own, on which each statement has all the time that a large table takes. The store need not be open.
   * @throws ConfigError for what no waiting mends. @throws {store_unavailable}
   */
  async alone<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const driver = await loadDriver();
    try {
      const session = await connect(driver, { ...clientConfig(driver, this.#address, this.#limits), ...PATIENT });
      return await work(session).finally(() => session.close());
    } catch (error) {
      const cause = error instanceof StoreUnavailable ? error.cause : error;
      throw setUpMistake(cause, this.#address.name) ?? error;
    }
  }

  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    if (opened === null) return;
    opened.reader.close();
    await opened.pool.end();
  }

  /** What one statement finds; any number of them are on their way at once. */
  async find<R>(call: Call<R>): Promise<R[]> {
    return await this.#attempt(async ({ reader }) => {
      const [rows] = await (await reader.session()).send(call);
      return rows;
    });
  }

  /** Statements in order on one connection, each a transaction of its own. */
  async send<const C extends readonly Call<unknown>[]>(...calls: C): Promise<Rows<C>> {
    return await this.#attempt((opened) => withSession(opened, (session) => session.send(...calls)));
  }

  /** One transaction. It may be tried again, so `work` changes nothing but what it is given. */
  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.#attempt((opened) => withSession(opened, (session) => inTransaction(session, work)));
      } catch (error) {
        if (tried === TRIES || !(error instanceof StoreUnavailable) || !isConflict(error.cause)) throw error;
      }
    }
  }

  async #open(prepare: (session: Session) => Promise<void>): Promise<void> {
    const driver = await loadDriver();
    const config = clientConfig(driver, this.#address, this.#limits);
    await this.alone(prepare);
    const sessions = new WeakMap<pg.ClientBase, Session>();
    const begin = (client: pg.ClientBase, done: (error?: Error) => void): void =>
      void Session.on(client).then((session) => {
        sessions.set(client, session);
        done();
      }, done);
    const pool = new driver.Pool({
      ...config,
      max: this.#limits.connections,
      allowExitOnIdle: true,
      verify: begin,
    });
    // An idle connection was lost: the pool has thrown it away, and makes another when one is needed.
    pool.on("error", () => undefined);
    this.#opened = { pool, sessions, reader: new Shared(() => connect(driver, config)) };
  }

  async #attempt<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
    const opened = this.#opened;
    if (opened === null) throw notOpen();
    const began = elapsed();
    if (!this.#circuit.mayBegin(began)) throw new StoreUnavailable(new Error("PostgreSQL is out of reach, and the next try comes soon"));
    try {
      const result = await work(opened);
      this.#circuit.succeeded();
      return result;
    } catch (error) {
      const isOutage = error instanceof StoreUnavailable && isLost(error.cause);
      if (isOutage) this.#circuit.failed(began, elapsed());
      else this.#circuit.succeeded();
      throw error;
    }
  }
}

function notOpen(): StoreUnavailable {
  return new StoreUnavailable(new Error("the store is not open"));
}

async function withSession<T>({ pool, sessions }: Opened, work: (session: Session) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw outage(error);
  });
  const session = sessions.get(client) as Session;
  try {
    return await work(session);
  } finally {
    client.release(session.isLost);
  }
}

const BEGIN = change<[]>("BEGIN");
const ROLLBACK = change<[]>("ROLLBACK");

async function inTransaction<T>(session: Session, work: (tx: Transaction) => Promise<T>): Promise<T> {
  let state: "none" | "open" | "over" = "none";
  const beginning = (): Call<unknown>[] => {
    const isFirst = state === "none";
    state = "open";
    return isFirst ? [BEGIN()] : [];
  };
  const tx: Transaction = {
    async run(...calls) {
      const begin = beginning();
      return (await session.send(...begin, ...calls)).slice(begin.length) as Rows<typeof calls>;
    },
    async commit(...calls) {
      const begin = beginning();
      const rows = await session.commit(...begin, ...calls);
      state = "over";
      return rows.slice(begin.length) as Rows<typeof calls>;
    },
  };
  try {
    return await work(tx);
  } finally {
    if ((state as string) === "open" && !session.isLost) await session.send(ROLLBACK());
  }
}
