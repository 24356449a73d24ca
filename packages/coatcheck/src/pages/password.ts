import { callApi } from "./api.ts";
import type { FormSpec } from "./fields.ts";
import { setFlash } from "./flash.ts";
import { readForm } from "./forms.ts";
import { showProblem, showRefusal } from "./problem.ts";
import { goTo } from "./respond.ts";
import { NEW_PASSWORD } from "./sign-up.ts";
import type { Visit } from "./site.ts";

/** A part of the account page. */
export const PASSWORD_FORM: FormSpec = {
  action: "/account/password",
  submit: "Change password",
  fields: [
    {
      name: "current",
      label: "Current password",
      type: "password",
      autocomplete: "current-password",
      wrong: "Type your current password.",
    },
    {
      name: "new",
      label: "New password",
      type: "password",
      autocomplete: "new-password",
      hint: NEW_PASSWORD.hint,
      wrong: NEW_PASSWORD.wrong,
    },
  ],
  refusals: {
    invalid_credentials: { field: "current", text: "That is not your current password." },
    weak_password: { field: "new", text: NEW_PASSWORD.weak },
  },
};

export async function postPassword(visit: Visit): Promise<Response> {
  const form = await readForm(visit.request, { required: ["current", "new"] });
  if (!form.ok) return showProblem(visit, form.code);
  const answer = await callApi(visit, { method: "POST", path: "/auth/password", body: form.fields });
  if (!answer.ok) return showRefusal(visit, answer, { page: "/account", flash: {} });
  return goTo(visit, "/account", { effects: [answer], setCookies: [setFlash(visit.site, "/account", { note: "password_changed" })] });
}
