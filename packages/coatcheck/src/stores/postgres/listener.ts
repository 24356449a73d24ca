import type { EventEmitter } from "node:events";
import type { Random, Wake } from "../../core/ports.ts";
import { duration } from "../../core/time.ts";
import { change } from "./calls.ts";
import { backOff } from "./circuit.ts";
import { AWAITED, CHANNEL } from "./log.ts";
import type { Session } from "./session.ts";

const LISTEN = change<[]>(`LISTEN ${CHANNEL}`);
const ASK = change<[]>("SELECT 1");

/** How often a connection on which nothing comes is asked whether it is still there: a network that swallows everything says nothing of it. */
const ASK_EVERY = duration("15s");

/**
 * Wakes whoever listens when something was appended, by whomever (https://www.postgresql.org/docs/current/sql-notify.html). On a connection of its own, which
 * is made again when it is lost, and wakes once each time: what was appended in between nobody has told of.
 */
export class Listener {
  readonly #connect: () => Promise<Session>;
  readonly #random: Random;
  readonly #wakes = new Map<symbol, Wake>();
  /** The line that is being kept; null as long as nobody listens. */
  #line: { readonly ready: Promise<void>; end: () => void } | null = null;

  constructor(connect: () => Promise<Session>, random: Random) {
    this.#connect = connect;
    this.#random = random;
  }

  /** @returns what stops it. @throws {store_unavailable} if it can't begin; once it has, it mends itself. */
  async listen(wake: Wake): Promise<() => void> {
    const key = Symbol("listener");
    this.#wakes.set(key, wake);
    this.#line ??= this.#begin();
    const line = this.#line;
    try {
      await line.ready;
    } catch (error) {
      this.#wakes.delete(key);
      if (this.#line === line) this.#line = null;
      throw error;
    }
    return () => {
      this.#wakes.delete(key);
      if (this.#wakes.size === 0) this.close();
    };
  }

  close(): void {
    this.#wakes.clear();
    this.#line?.end();
    this.#line = null;
  }

  #wakeAll(isAwaited: boolean): void {
    for (const wake of this.#wakes.values()) wake(isAwaited);
  }

  #begin(): { readonly ready: Promise<void>; end: () => void } {
    let session: Session | null = null;
    let timer: NodeJS.Timeout | undefined;
    let isOver = false;
    let failures = 0;

    const connect = async (): Promise<void> => {
      const made = await this.#connect();
      if (isOver) return made.close();
      session = made;
      made.client.on("notification", ({ payload }) => this.#wakeAll(payload === AWAITED));
      (made.client as EventEmitter).once("end", () => again(made));
      await made.send(LISTEN());
      ask(made);
    };
    const ask = (made: Session): void => {
      timer = setTimeout(
        () =>
          void made.send(ASK()).then(
            () => ask(made),
            () => made.close(),
          ),
        ASK_EVERY,
      ).unref();
    };
    const again = (lost: Session | null): void => {
      if (isOver || lost !== session) return;
      session = null;
      clearTimeout(timer);
      failures += 1;
      timer = setTimeout(
        () =>
          void connect().then(
            () => restored(),
            () => again(null),
          ),
        backOff(failures, this.#random),
      ).unref();
    };
    const restored = (): void => {
      failures = 0;
      this.#wakeAll(true);
    };
    const end = (): void => {
      isOver = true;
      clearTimeout(timer);
      session?.close();
    };
    return { ready: connect(), end };
  }
}
