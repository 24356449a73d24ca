import { headers } from "next/headers";
import type { ReactElement } from "react";
import { auth } from "../auth";
import { people } from "../people";

export default async function Page(): Promise<ReactElement> {
  const sent = await headers();
  const coatcheck = await auth();
  const verdict = await coatcheck.check({ cookie: sent.get("cookie"), authorization: sent.get("authorization") });
  if (!verdict.ok || verdict.principal.kind !== "user") return <p>Nobody is logged in.</p>;
  return <p>Welcome back, {people.get(verdict.principal.userId)?.name}.</p>;
}
