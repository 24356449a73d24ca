import { auth } from "../../auth";
import { prove } from "../../people";

export async function POST(request: Request): Promise<Response> {
  // Only JSON: a form of another site can't send that.
  if (request.headers.get("content-type") !== "application/json") return new Response("Send application/json.", { status: 415 });
  const { email, password, carrier } = (await request.json().catch(() => null)) ?? {};
  const person = await prove(email, password);
  if (person === null)
    return new Response("The address or the password is wrong.", { status: 401, headers: { "www-authenticate": "Bearer" } });
  const device = { userAgent: request.headers.get("user-agent") ?? "" };
  const coatcheck = await auth();
  const started = await coatcheck.start({ userId: person.id, amr: ["pwd"], carrier: carrier === "token" ? "token" : "cookie", device });
  return Response.json(started.tokens, { headers: started.setCookie === null ? {} : { "set-cookie": started.setCookie } });
}
