import { connect } from "node:net";
import type { Socket } from "node:net";
import { collectHeard, noteSent } from "../canary/answers.ts";

/** A connection that says exactly what a test writes, and keeps what it hears. */
export class RawConnection {
  readonly socket: Socket;
  #heard = "";
  #ended = false;
  readonly #waiting = new Set<() => void>();

  constructor(port: number) {
    // Does not hang up because the server does: whoever wants to hold a connection would not either.
    this.socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (chunk: string) => {
      this.#heard += chunk;
      this.#wake();
    });
    this.socket.once("close", () => collectHeard(this.#heard));
    // However it ends, it ends: what was heard until then is what a test looks at.
    for (const end of ["end", "close", "error"]) {
      this.socket.on(end, () => {
        this.#ended = true;
        this.#wake();
      });
    }
  }

  send(text: string): this {
    noteSent(text);
    this.socket.write(text, "latin1");
    return this;
  }

  /** Resolves when the other side has taken all of it. @throws if it closes before. */
  sendAll(text: string): Promise<void> {
    noteSent(text);
    return new Promise((resolve, reject) => {
      this.socket.write(text, "latin1", (error) => (error ? reject(error) : resolve()));
    });
  }

  /** All that was heard, as soon as `enough` says so. @throws if the connection ends before. */
  async until(enough: (heard: string) => boolean): Promise<string> {
    while (!enough(this.#heard)) {
      if (this.#ended) throw new Error(`ended after ${JSON.stringify(this.#heard)}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
    return this.#heard;
  }

  /** All that was heard until the server closed. */
  async toEnd(): Promise<string> {
    while (!this.#ended) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return this.#heard;
  }

  close(): void {
    this.socket.destroy();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** The statuses of all answers in what was heard. */
export function statuses(heard: string): number[] {
  return [...heard.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
