import { connect } from "node:net";

// A process of its own that keeps servers busy, one stretch after the other. It and its connections live on between them: a process that has just
// started is slow, and would be measured with the server.

export interface Stretch {
  readonly port: number;
  /** One header line, to be sent with each request. */
  readonly header: string;
  readonly seconds: number;
}

export interface Loaded {
  readonly answers: number;
  readonly seconds: number;
}

const CONNECTIONS = 32;

interface Line {
  /** Asks again and again until the time is over. @returns how many answers came. */
  keepBusy(request: string, until: number): Promise<number>;
}

async function open(port: number): Promise<Line> {
  const socket = connect(port, "127.0.0.1").setNoDelay(true).setEncoding("latin1");
  await new Promise<void>((ready, failed) => void socket.once("connect", ready).once("error", failed));
  let heard: (chunk: string) => void = () => {};
  let broken: (error: Error) => void = () => {};
  socket.once("close", () => {
    // A server that has heard nothing for a while hangs up.
    lines.delete(port);
    broken(new Error(`the server on port ${port} hung up`));
  });
  socket.on("data", (chunk: unknown) => heard(String(chunk)));
  const keepBusy = (request: string, until: number): Promise<number> =>
    new Promise((over, failed) => {
      broken = failed;
      let answers = 0;
      // Every answer is as long as the first, and only one is under way: so many bytes are one answer.
      let length = 0;
      let pending = "";
      heard = (chunk) => {
        pending += chunk;
        length = length === 0 ? lengthOf(pending) : length;
        if (length === 0 || pending.length < length) return;
        if (!pending.startsWith("HTTP/1.1 200")) throw new Error(`the server answered ${pending.slice(0, 40)}`);
        pending = "";
        answers += 1;
        if (performance.now() < until) socket.write(request);
        else over(answers);
      };
      socket.write(request);
    });
  return { keepBusy };
}

/** 0 as long as the head has not come whole. */
function lengthOf(pending: string): number {
  const end = pending.indexOf("\r\n\r\n");
  const body = /content-length: (\d+)/i.exec(pending);
  return end === -1 || body === null ? 0 : end + 4 + Number(body[1]);
}

const lines = new Map<number, Promise<readonly Line[]>>();

async function load({ port, header, seconds }: Stretch): Promise<Loaded> {
  const opened = lines.get(port) ?? Promise.all(Array.from({ length: CONNECTIONS }, () => open(port)));
  lines.set(port, opened);
  const began = performance.now();
  const request = `GET /me HTTP/1.1\r\nHost: localhost\r\n${header}\r\n\r\n`;
  const counts = await Promise.all((await opened).map((line) => line.keepBusy(request, began + seconds * 1_000)));
  return { answers: counts.reduce((sum, count) => sum + count, 0), seconds: (performance.now() - began) / 1_000 };
}

process.on("message", (stretch: Stretch) => {
  // What goes wrong ends this process, and whoever asked sees it.
  void load(stretch).then((loaded) => process.send?.(loaded));
});
