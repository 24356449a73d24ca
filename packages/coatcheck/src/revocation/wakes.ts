import type { Feed } from "../core/ports.ts";

/** One listener at the store for everybody in this process who waits for news: each on its own would cost the store a connection. */
export class Wakes {
  readonly #feed: Pick<Feed, "listen">;
  readonly #waiting = new Set<() => void>();
  #listening: Promise<() => void> | null = null;

  constructor(feed: Pick<Feed, "listen">) {
    this.#feed = feed;
  }

  /** Has `wake` called soon after anything was appended, until the returned function is called. May call it for nothing, or late. @throws {store_unavailable} */
  async add(wake: () => void): Promise<() => void> {
    const own = (): void => wake();
    this.#waiting.add(own);
    const listening = (this.#listening ??= this.#listen());
    try {
      await listening;
    } catch (error) {
      this.#waiting.delete(own);
      if (this.#listening === listening) this.#listening = null;
      throw error;
    }
    return () => this.#remove(own);
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  async #listen(): Promise<() => void> {
    return this.#feed.listen(() => {
      for (const wake of [...this.#waiting]) wake();
    });
  }

  /** Nobody waits any more: then nobody needs to be woken. */
  #remove(own: () => void): void {
    if (!this.#waiting.delete(own) || this.#waiting.size > 0) return;
    const listening = this.#listening;
    this.#listening = null;
    listening?.then(
      (stop) => stop(),
      () => {}, // it never began
    );
  }
}
