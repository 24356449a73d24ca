import { callApi } from "./api.ts";
import { setFlash } from "./flash.ts";
import { readForm } from "./forms.ts";
import { showProblem, showRefusal } from "./problem.ts";
import { goTo } from "./respond.ts";
import type { Visit } from "./site.ts";

export async function postSignOut(visit: Visit): Promise<Response> {
  const form = await readForm(visit.request, { required: [] });
  if (!form.ok) return showProblem(visit, form.code);
  const answer = await callApi(visit, { method: "POST", path: "/auth/sign-out" });
  if (answer.ok)
    return goTo(visit, "/sign-in", { effects: [answer], setCookies: [setFlash(visit.site, "/sign-in", { note: "signed_out" })] });
  if (answer.code !== "store_unavailable") return showRefusal(visit, answer, null);
  // The one outage after which this browser is signed out all the same: the API clears the cookie, but can't end the session.
  return showProblem(visit, answer.code, { retryAfter: answer.retryAfter, effects: [answer], words: HALF_SIGNED_OUT });
}

const HALF_SIGNED_OUT = {
  heading: "Signed out in this browser only",
  text: "Our records are out of reach for a moment, so the session itself may live on. Sign in again later and end it from your list of devices.",
};
