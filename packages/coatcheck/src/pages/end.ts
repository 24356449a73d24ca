import { parseSid } from "../core/ids.ts";
import { callApi } from "./api.ts";
import type { Effects } from "./api.ts";
import { setFlash } from "./flash.ts";
import type { Flash } from "./flash.ts";
import { readForm } from "./forms.ts";
import { writeAction } from "./pending.ts";
import type { Action } from "./pending.ts";
import { showProblem, showRefusal } from "./problem.ts";
import { goTo } from "./respond.ts";
import type { Visit } from "./site.ts";

export async function postEnd(visit: Visit): Promise<Response> {
  const form = await readForm(visit.request, { required: ["sid"] });
  if (!form.ok) return showProblem(visit, form.code);
  const sid = parseSid(form.fields.sid);
  return sid === null ? showProblem(visit, "bad_request") : act(visit, { kind: "end", sid });
}

export async function postEndOthers(visit: Visit): Promise<Response> {
  const form = await readForm(visit.request, { required: [] });
  return form.ok ? act(visit, { kind: "end-others" }) : showProblem(visit, form.code);
}

/** Everywhere, this browser included: somebody who panics must be quick, so nothing is asked first. */
export async function postEndAll(visit: Visit): Promise<Response> {
  const form = await readForm(visit.request, { required: [] });
  if (!form.ok) return showProblem(visit, form.code);
  const answer = await callApi<{ readonly ended: number }>(visit, { method: "DELETE", path: "/auth/sessions" });
  if (!answer.ok) return showRefusal(visit, answer, null);
  const flash = { note: "ended_all", count: answer.body.ended } as const;
  return goTo(visit, "/sign-in", { effects: [answer], setCookies: [setFlash(visit.site, "/sign-in", flash)] });
}

/**
 * Does what was asked, or asks for a fresh proof first and keeps the question.
 * @param confirmed the answer that gave the fresh proof, if it was just given: its cookie counts from now on.
 */
export async function act(visit: Visit, action: Action, confirmed?: Effects): Promise<Response> {
  const before = confirmed === undefined ? [] : [confirmed];
  const path = action.kind === "end" ? `/auth/sessions/${action.sid}` : "/auth/sessions?keep=current";
  const answer = await callApi<{ readonly ended: number } | null>(visit, { method: "DELETE", path, after: confirmed });
  const effects = [...before, answer];
  if (!answer.ok && answer.code === "step_up_required") {
    const flash = { pending: writeAction(action) };
    return goTo(visit, "/account/confirm", { effects, setCookies: [setFlash(visit.site, "/account/confirm", flash)] });
  }
  if (!answer.ok && answer.code !== "not_found") return showRefusal(visit, answer, null, before);
  const flash = noteOf(action, answer.ok, answer.ok ? (answer.body?.ended ?? 0) : 0);
  return goTo(visit, "/account", { effects, setCookies: [setFlash(visit.site, "/account", flash)] });
}

function noteOf(action: Action, found: boolean, count: number): Flash {
  if (action.kind === "end-others") return { note: "ended_others", count };
  return { note: found ? "ended_one" : "ended_already" };
}
