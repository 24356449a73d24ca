import { auth } from "../../auth";
import { people } from "../../people";

export async function GET({ headers }: Request): Promise<Response> {
  const coatcheck = await auth();
  const verdict = await coatcheck.check({ cookie: headers.get("cookie"), authorization: headers.get("authorization") });
  if (!verdict.ok || verdict.principal.kind !== "user")
    return new Response("Log in first.", { status: 401, headers: { "www-authenticate": "Bearer" } });
  return new Response(`Hello, ${people.get(verdict.principal.userId)?.name}.`);
}
