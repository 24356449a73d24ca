import { callApi } from "./api.ts";
import type { FormSpec } from "./fields.ts";
import { renderForm, renderNote } from "./fields.ts";
import { takeFlash } from "./flash.ts";
import { readForm } from "./forms.ts";
import { html } from "./html.ts";
import { showProblem, showRefusal } from "./problem.ts";
import { goTo, showPage } from "./respond.ts";
import type { Visit } from "./site.ts";

const FORM: FormSpec = {
  action: "/sign-in",
  submit: "Sign in",
  fields: [
    { name: "email", label: "E-mail address", type: "email", autocomplete: "username", wrong: "Write the address like name@example.org." },
    { name: "password", label: "Password", type: "password", autocomplete: "current-password", wrong: "Type your password." },
  ],
  refusals: { invalid_credentials: { field: "password", text: "The address or the password is wrong." } },
};

export async function getSignIn(visit: Visit): Promise<Response> {
  const { site } = visit;
  const me = await callApi(visit, { method: "GET", path: "/auth/me" });
  if (me.ok) return goTo(visit, "/account", { effects: [me] });
  if (me.code !== "unauthenticated") return showRefusal(visit, me, null);
  const { flash, setCookies } = takeFlash(visit, "/sign-in");
  const main = html`<h1>Sign in</h1>
    ${renderNote(flash)} ${renderForm(site, FORM, flash)}
    ${site.signUp === "closed" ? null : html`<p class="stub">New here? <a href="${site.basePath}/sign-up">Create an account</a></p>`}`;
  return showPage(visit, { title: flash.code === undefined ? "Sign in" : "Error: Sign in", main }, { effects: [me], setCookies });
}

export async function postSignIn(visit: Visit): Promise<Response> {
  const form = await readForm(visit.request, { required: ["email", "password"] });
  if (!form.ok) return showProblem(visit, form.code);
  const { email, password } = form.fields;
  const answer = await callApi(visit, { method: "POST", path: "/auth/sign-in", body: { email, password } });
  if (!answer.ok) return showRefusal(visit, answer, { page: "/sign-in", flash: { email } });
  return goTo(visit, "/account", { effects: [answer] });
}
