import { callApi } from "./api.ts";
import { showRefusal } from "./problem.ts";
import { goTo } from "./respond.ts";
import type { Visit } from "./site.ts";

/** Sends everybody where they belong. */
export async function getHome(visit: Visit): Promise<Response> {
  const me = await callApi(visit, { method: "GET", path: "/auth/me" });
  return me.ok ? goTo(visit, "/account", { effects: [me] }) : showRefusal(visit, me, null);
}
