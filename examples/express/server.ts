import { getRequestListener } from "@hono/node-server";
import { coatcheck, sqlite } from "coatcheck";
import express from "express";
import { people, prove } from "./people.ts";

const issuer = process.env["ISSUER"] ?? "http://localhost:3000";
const auth = await coatcheck({ issuer, store: sqlite("data/app.db"), users: { get: (id) => people.get(id) ?? null } });
const app = express();

// Coatcheck's own routes: who am I, devices, sign-out, refresh, public keys. They read bodies themselves, so no parser may stand before them.
const routes = getRequestListener((request, { incoming }) =>
  auth.fetch(request, { address: incoming.socket.remoteAddress, target: incoming.url }),
);
app.all(["/auth/*path", "/oauth/*path", "/.well-known/*path"], routes);

app.post("/login", express.json(), async (request, response) => {
  const { email, password, carrier } = request.body ?? {};
  const person = await prove(email, password);
  if (person === null) {
    response.status(401).set("www-authenticate", "Bearer").send("The address or the password is wrong.");
    return;
  }
  const device = { userAgent: request.get("user-agent") ?? "", ip: request.ip ?? "" };
  const started = await auth.start({ userId: person.id, amr: ["pwd"], carrier: carrier === "token" ? "token" : "cookie", device });
  if (started.setCookie !== null) response.append("set-cookie", started.setCookie);
  response.json(started.tokens);
});

app.get("/hello", async (request, response) => {
  const { cookie, authorization } = request.headers;
  const verdict = await auth.check({ cookie, authorization });
  if (verdict.ok && verdict.principal.kind === "user") response.send(`Hello, ${people.get(verdict.principal.userId)?.name}.`);
  else response.status(401).set("www-authenticate", "Bearer").send("Log in first.");
});

app.listen(Number(new URL(issuer).port), "localhost", () => console.log(`ready on ${issuer}`));
