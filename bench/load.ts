import { connect } from "node:net";

// A process of its own that keeps a server busy: `load.ts <port> <seconds> <connections> <header line>`. Prints how many answers came.

const [port = "", seconds = "", connections = "", header = ""] = process.argv.slice(2);
const request = `GET /me HTTP/1.1\r\nHost: localhost\r\n${header === "" ? "" : `${header}\r\n`}\r\n`;

let answers = 0;
let stopped = false;

function ask(): void {
  const socket = connect(Number(port), "127.0.0.1", () => socket.write(request));
  // Every answer is as long as the first, and only one is under way: so many bytes are one answer.
  let length = 0;
  let pending = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    pending += chunk;
    if (length === 0) {
      const end = pending.indexOf("\r\n\r\n");
      const body = /content-length: (\d+)/i.exec(pending);
      if (end === -1 || body === null) return;
      length = end + 4 + Number(body[1]);
    }
    if (pending.length < length) return;
    if (!pending.startsWith("HTTP/1.1 200")) throw new Error(`the server answered ${pending.slice(0, 40)}`);
    pending = "";
    answers += 1;
    if (stopped) socket.destroy();
    else socket.write(request);
  });
}

for (let nth = 0; nth < Number(connections); nth++) ask();
setTimeout(
  () => {
    stopped = true;
    console.log(answers);
    process.exit(0);
  },
  Number(seconds) * 1_000,
);
