import { createServer } from "node:http";
import { createVerifier, StoreUnavailable } from "../../src/verifier.ts";

// A service without any store: `node service.ts <port> <issuer>`, with its client's id and secret in the environment. What it guards, at /whoami, it decides from
// memory under a lease, or not at all. It prints the name of each error that it logs.

const [port = "", issuer = ""] = process.argv.slice(2);

const verifier = createVerifier({
  issuer,
  client: { id: process.env["CLIENT_ID"] ?? "", secret: process.env["CLIENT_SECRET"] ?? "" },
  whenStale: "refuse",
  log: { info: () => {}, warn: () => {}, error: (event) => console.log(event) },
});

async function statusFor(url: string | undefined, authorization: string | undefined): Promise<readonly [number, object]> {
  if (url === "/readyz") return verifier.state().leaseLeft > 0 ? [200, {}] : [503, {}];
  try {
    const verdict = await verifier.check({ authorization });
    return verdict.ok ? [200, {}] : [401, { reason: verdict.reason }];
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return [503, {}];
  }
}

createServer((request, response) => {
  void statusFor(request.url, request.headers.authorization).then(([status, body]) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
  );
}).listen(Number(port), "127.0.0.1");
