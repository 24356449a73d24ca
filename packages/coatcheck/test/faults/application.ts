import { createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { coatcheck, postgres, StoreUnavailable } from "../../src/index.ts";

// An application with the library in it: `node application.ts <port> <store> <issuer> <bound>`. What it guards, at /whoami, asks nothing but `check`; the routes
// of Coatcheck are at their places. It prints the name of each error that it logs.

const [port = "", store = "", issuer = "", bound = ""] = process.argv.slice(2);

const auth = await coatcheck({
  issuer,
  store: postgres(store),
  secret: process.env["COATCHECK_SECRET"] ?? "",
  bound: bound as "1s",
  throttle: "off",
  log: { info: () => {}, warn: () => {}, error: (event) => console.log(event) },
});

async function whoami(request: Request): Promise<Response> {
  try {
    const verdict = await auth.check({ cookie: request.headers.get("cookie"), authorization: request.headers.get("authorization") });
    return verdict.ok ? Response.json({ who: verdict.principal }) : Response.json({ reason: verdict.reason }, { status: 401 });
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return Response.json({}, { status: 503 });
  }
}

const isGuarded = (request: Request): boolean => new URL(request.url).pathname === "/whoami";
const listener = getRequestListener((request) => (isGuarded(request) ? whoami(request) : auth.fetch(request)));
createServer((incoming, outgoing) => void listener(incoming, outgoing)).listen(Number(port), "127.0.0.1");
