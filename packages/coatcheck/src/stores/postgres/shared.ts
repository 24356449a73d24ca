import type pg from "pg";
import { StoreUnavailable } from "../../core/errors.ts";
import type { Driver } from "./driver.ts";
import { outage } from "./outages.ts";
import { Session } from "./session.ts";

/** Connects, and sees that this is a server that can be used. @throws {store_unavailable} */
export async function connect(driver: Driver, config: pg.ClientConfig): Promise<Session> {
  const client = new driver.Client(config);
  client.on("error", () => undefined);
  try {
    await client.connect();
    // What is idle keeps no process alive; who waits for an answer has a timer that does.
    (client as pg.Client & { unref(): void }).unref();
    return await Session.on(client);
  } catch (error) {
    void client.end();
    throw outage(error);
  }
}

/** One connection that many calls share, made when it is first needed and again after it was lost. */
export class Shared {
  readonly #connect: () => Promise<Session>;
  #session: Promise<Session> | null = null;
  #isClosed = false;

  constructor(connectOne: () => Promise<Session>) {
    this.#connect = connectOne;
  }

  /** The connection as it is, or a new one; all who ask while it is being made get the same. @throws {store_unavailable} */
  async session(): Promise<Session> {
    if (this.#isClosed) throw new StoreUnavailable(new Error("the store is closed"));
    const known = this.#session;
    if (known !== null) {
      const session = await known;
      if (!session.isLost) return session;
      if (this.#session === known) this.#drop(session);
      return await this.session();
    }
    const made = this.#connect();
    this.#session = made;
    try {
      return await made;
    } catch (error) {
      if (this.#session === made) this.#session = null;
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
    // One that can't be made is closed already.
    this.#session?.then(
      (session) => this.#drop(session),
      () => undefined,
    );
  }

  #drop(session: Session): void {
    this.#session = null;
    session.close();
  }
}
