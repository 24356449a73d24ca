import type pg from "pg";
import { StoreUnavailable } from "../../core/errors.ts";
import type { Call, Rows } from "./calls.ts";
import { findsNothing, sendable } from "./calls.ts";
import { isLost, outage, sqlState } from "./outages.ts";

/** One connection as the store uses it: whatever goes wrong on it comes out as an outage or as the mistake that it is. */
export class Session {
  readonly client: pg.ClientBase;
  /** Which life of the server this is: its cluster, and the timeline that a promotion begins. Null where the server does not tell. */
  readonly life: string | null;
  #isUnreplicated = false;
  #isLost = false;

  private constructor(client: pg.ClientBase, life: string | null) {
    this.client = client;
    this.life = life;
    client.on("error", () => (this.#isLost = true));
    // Whoever cancels a commit that waits for the synchronous standby gets it acknowledged all the same, with this warning (src/backend/replication/syncrep.c).
    client.on("notice", ({ routine }) => {
      if (routine === "SyncRepWaitForLSN") this.#isUnreplicated = true;
    });
  }

  /** @throws {store_unavailable} if the server is a standby: what it says may be old, and it can't be written. */
  static async on(client: pg.ClientBase): Promise<Session> {
    // An error that nobody listens for would end the process; whoever waits for an answer gets it all the same.
    client.on("error", () => undefined);
    const { rows } = await answered(client.query<{ standby: boolean }>("SELECT pg_is_in_recovery() AS standby"));
    if (rows[0]?.standby !== false) throw new StoreUnavailable(new Error("the server is a standby, not the primary"));
    return new Session(client, await lifeOf(client));
  }

  /** Of no use any more: to be closed, not to be used again. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Ends it, without waiting for the other side. */
  close(): void {
    this.#isLost = true;
    void (this.client as pg.Client).end();
  }

  /** All at once and in order, without waiting in between; each is a transaction of its own unless one is open. @returns what each gave. */
  async send<const C extends readonly Call<unknown>[]>(...calls: C): Promise<Rows<C>> {
    const sent = calls.map((call) => this.#sent(call));
    await this.#all(sent.flat());
    return await rowsOf(sent);
  }

  /** The last calls of a transaction and its end. @throws {store_unavailable} unless it is committed, and replicated where it has to be. */
  async commit<const C extends readonly Call<unknown>[]>(...calls: C): Promise<Rows<C>> {
    const sent = calls.map((call) => this.#sent(call));
    const end = this.client.query("COMMIT");
    await this.#all([...sent.flat(), end]);
    // After a failure the server answers to COMMIT that it has rolled back.
    if ((await end).command !== "COMMIT") throw new Error("a transaction was to be committed that had failed before");
    return await rowsOf(sent);
  }

  /** Several statements that take no values, as one text. */
  async script(text: string): Promise<void> {
    await this.#all([this.client.query(text)]);
  }

  /** The call, and before it what has to go ahead; nothing if it can find nothing. */
  #sent(call: Call<unknown>): Promise<pg.QueryResult>[] {
    if (findsNothing(call)) return [];
    const ahead = (call.ahead ?? []).flatMap((other) => this.#sent(other));
    const values = call.values.map((value) => sendable(value, this.life));
    return [...ahead, this.client.query({ name: call.name, text: call.text, values })];
  }

  /** Waits for every answer, and throws the first failure: what comes after it is only that the transaction has failed. */
  async #all(sent: readonly Promise<unknown>[]): Promise<void> {
    const failure = (await Promise.allSettled(sent)).find((it) => it.status === "rejected");
    if (failure !== undefined) {
      this.#isLost ||= isLost(failure.reason);
      throw outage(failure.reason);
    }
    if (!this.#isUnreplicated) return;
    this.#isUnreplicated = false;
    throw new StoreUnavailable(new Error("a commit was not replicated to the synchronous standby"));
  }
}

async function rowsOf<C extends readonly Call<unknown>[]>(sent: readonly (readonly Promise<pg.QueryResult>[])[]): Promise<Rows<C>> {
  return (await Promise.all(sent.map(async (answers) => (await answers.at(-1))?.rows ?? []))) as Rows<C>;
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw outage(error);
  }
}

const LIFE = `SELECT (pg_control_system()).system_identifier || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8) AS life`;

/** The first eight digits of a segment's name are the timeline: other than the one in the control file they change with the promotion itself. */
async function lifeOf(client: pg.ClientBase): Promise<string | null> {
  try {
    const { rows } = await client.query<{ life: string }>(LIFE);
    return rows[0]?.life ?? null;
  } catch (error) {
    // Some hosted servers have none of this, or do not show it: then marks alone tell that the log was rolled back.
    if (sqlState(error) !== null && !isLost(error)) return null;
    throw outage(error);
  }
}
