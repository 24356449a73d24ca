import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/**
 * What a way does with what is sent on it:
 * - `open`: passes it on.
 * - `slow`: passes it on, 300 ms late.
 * - `stalled`: takes it and passes nothing on, in either direction. Nobody is told.
 * - `deaf`: passes on what is asked, and no answer.
 * - `cut`: ends every connection at once and takes no other.
 */
export type State = "open" | "slow" | "stalled" | "deaf" | "cut";

/** A way to a server, through which the tests send what they then spoil. */
export interface Way {
  readonly port: number;
  set(state: State): void;
  close(): void;
}

const LATE = 300;

interface Pair {
  readonly asks: Socket;
  readonly answers: Socket;
}

/** @param to the port at its other end; asked anew for each connection. */
export async function openWay(to: () => number): Promise<Way> {
  let state: State = "open";
  const pairs = new Set<Pair>();

  function pipe(from: Socket, into: Socket, isAnswer: boolean): void {
    from.on("data", (chunk: Buffer) => {
      if (state === "stalled" || (state === "deaf" && isAnswer)) return;
      if (state === "slow") setTimeout(() => into.write(chunk), LATE);
      else into.write(chunk);
    });
  }

  const server = createServer((asks) => {
    if (state === "cut") {
      asks.resetAndDestroy();
      return;
    }
    const pair = { asks, answers: connect(to(), "127.0.0.1") };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      asks.destroy();
      pair.answers.destroy();
    };
    for (const socket of [asks, pair.answers]) socket.setNoDelay(true).on("error", end).on("close", end);
    pipe(asks, pair.answers, false);
    pipe(pair.answers, asks, true);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");

  function cutAll(): void {
    for (const { asks, answers } of pairs) {
      asks.resetAndDestroy();
      answers.destroy();
    }
    pairs.clear();
  }

  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      // What was swallowed does not come back, and what is late must not be overtaken: TCP loses and reorders nothing within a connection, it ends.
      if (next === "cut" || (state !== "open" && state !== next)) cutAll();
      state = next;
    },
    close() {
      cutAll();
      server.close();
    },
  };
}
