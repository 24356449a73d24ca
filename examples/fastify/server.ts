import { getRequestListener } from "@hono/node-server";
import { coatcheck, sqlite } from "coatcheck";
import fastify from "fastify";
import { people, prove } from "./people.ts";

const issuer = process.env["ISSUER"] ?? "http://localhost:3000";
const auth = await coatcheck({ issuer, store: sqlite("data/app.db"), users: { get: (id) => people.get(id) ?? null } });
const app = fastify();

// Coatcheck's own routes: who am I, devices, sign-out, refresh, public keys. They read bodies themselves, so in this scope Fastify parses none.
const routes = getRequestListener((request, { incoming }) =>
  auth.fetch(request, { address: incoming.socket.remoteAddress, target: incoming.url }),
);
app.register(async (scope) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _body, done) => done(null));
  for (const url of ["/auth/*", "/oauth/*", "/.well-known/*"]) scope.all(url, ({ raw }, reply) => routes(raw, reply.hijack().raw));
});

app.post<{ Body: Readonly<Record<string, unknown>> | null }>("/login", async (request, reply) => {
  const { email, password, carrier } = request.body ?? {};
  const person = await prove(email, password);
  if (person === null) return reply.code(401).header("www-authenticate", "Bearer").send("The address or the password is wrong.");
  const device = { userAgent: request.headers["user-agent"] ?? "", ip: request.ip };
  const started = await auth.start({ userId: person.id, amr: ["pwd"], carrier: carrier === "token" ? "token" : "cookie", device });
  if (started.setCookie !== null) reply.header("set-cookie", started.setCookie);
  return reply.type("application/json").send(JSON.stringify(started.tokens));
});

app.get("/hello", async (request, reply) => {
  const { cookie, authorization } = request.headers;
  const verdict = await auth.check({ cookie, authorization });
  if (!verdict.ok || verdict.principal.kind !== "user") return reply.code(401).header("www-authenticate", "Bearer").send("Log in first.");
  return `Hello, ${people.get(verdict.principal.userId)?.name}.`;
});

await app.listen({ port: Number(new URL(issuer).port), host: "localhost" });
console.log(`ready on ${issuer}`);
