import { callApi } from "./api.ts";
import type { User } from "./api.ts";
import { act } from "./end.ts";
import type { FormSpec } from "./fields.ts";
import { renderForm } from "./fields.ts";
import { setFlash, takeFlash } from "./flash.ts";
import { readForm } from "./forms.ts";
import { html } from "./html.ts";
import { readAction } from "./pending.ts";
import type { Action } from "./pending.ts";
import { showProblem, showRefusal } from "./problem.ts";
import { goTo, showPage } from "./respond.ts";
import type { Visit } from "./site.ts";

const FORM: FormSpec = {
  action: "/account/confirm",
  submit: "Confirm",
  fields: [{ name: "password", label: "Your password", type: "password", autocomplete: "current-password", wrong: "Type your password." }],
  refusals: { invalid_credentials: { field: "password", text: "That is not your password." } },
};

const REASONS: Readonly<Record<Action["kind"], string>> = {
  end: "You are about to sign out another device. Your password shows that it is you who asks.",
  "end-others": "You are about to sign out every other device. Your password shows that it is you who asks.",
};

export async function getConfirm(visit: Visit): Promise<Response> {
  const { site } = visit;
  const me = await callApi<{ readonly user: User }>(visit, { method: "GET", path: "/auth/me" });
  if (!me.ok) return showRefusal(visit, me, null);
  const { flash, setCookies } = takeFlash(visit, "/account/confirm");
  const pending = flash.pending ?? "";
  const action = readAction(pending);
  // Without a name: for password managers, not for us.
  const hidden = html`<input type="email" autocomplete="username" value="${me.body.user.email}" readonly hidden /><input
      type="hidden"
      name="pending"
      value="${pending}"
    />`;
  const main = html`<h1>Confirm that it is you</h1>
    <p>${action === null ? "Your password shows that it is still you who sits here." : REASONS[action.kind]}</p>
    <p>Signed in as <strong>${me.body.user.email}</strong></p>
    ${renderForm(site, FORM, flash, hidden)}
    <p class="stub"><a href="${site.basePath}/account">Back to your account</a></p>`;
  const title = "Confirm that it is you";
  return showPage(
    visit,
    { title: flash.code === undefined ? title : `Error: ${title}`, main, signedIn: true },
    { effects: [me], setCookies },
  );
}

export async function postConfirm(visit: Visit): Promise<Response> {
  const form = await readForm(visit.request, { required: ["password", "pending"] });
  if (!form.ok) return showProblem(visit, form.code);
  const { password, pending } = form.fields;
  const action = readAction(pending);
  if (action === null && pending !== "") return showProblem(visit, "bad_request");
  const answer = await callApi(visit, { method: "POST", path: "/auth/confirm", body: { password } });
  if (!answer.ok) return showRefusal(visit, answer, { page: "/account/confirm", flash: { pending } });
  if (action !== null) return act(visit, action, answer);
  return goTo(visit, "/account", { effects: [answer], setCookies: [setFlash(visit.site, "/account", { note: "confirmed" })] });
}
