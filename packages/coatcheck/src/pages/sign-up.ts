import { PASSWORD_LENGTH } from "../core/limits.ts";
import { callApi } from "./api.ts";
import type { FormSpec } from "./fields.ts";
import { renderForm } from "./fields.ts";
import { takeFlash } from "./flash.ts";
import { readForm } from "./forms.ts";
import { html } from "./html.ts";
import { showProblem, showRefusal } from "./problem.ts";
import { goTo, showPage } from "./respond.ts";
import type { Visit } from "./site.ts";

/** The same wherever a password is chosen. */
export const NEW_PASSWORD = {
  hint: `At least ${PASSWORD_LENGTH.min} characters. A few words that only you would put together work well.`,
  wrong: `Choose a password of ${PASSWORD_LENGTH.min} to ${PASSWORD_LENGTH.max} characters.`,
  weak: "This password is too easy to guess. Choose one that is not common and not made from your address.",
} as const;

const FORM: FormSpec = {
  action: "/sign-up",
  submit: "Create account",
  fields: [
    { name: "email", label: "E-mail address", type: "email", autocomplete: "username", wrong: "Write the address like name@example.org." },
    {
      name: "name",
      label: "Name",
      type: "text",
      autocomplete: "name",
      optional: true,
      wrong: "This name can't be used. Shorten it, or leave it empty.",
    },
    {
      name: "password",
      label: "Password",
      type: "password",
      autocomplete: "new-password",
      hint: NEW_PASSWORD.hint,
      wrong: NEW_PASSWORD.wrong,
    },
  ],
  refusals: {
    weak_password: { field: "password", text: NEW_PASSWORD.weak },
    email_taken: { field: "email", text: "There is an account with this address. Sign in instead." },
  },
};

export async function getSignUp(visit: Visit): Promise<Response> {
  const { site } = visit;
  const me = await callApi(visit, { method: "GET", path: "/auth/me" });
  if (me.ok) return goTo(visit, "/account", { effects: [me] });
  if (me.code !== "unauthenticated") return showRefusal(visit, me, null);
  const stub = html`<p class="stub">Have an account? <a href="${site.basePath}/sign-in">Sign in</a></p>`;
  const { flash, setCookies } = takeFlash(visit, "/sign-up");
  if (site.signUp === "closed") {
    const main = html`<h1>Sign-up is closed</h1>
      <p>Ask an administrator for an account.</p>
      ${stub}`;
    return showPage(visit, { title: "Sign-up is closed", main, status: 403 }, { effects: [me], setCookies });
  }
  const main = html`<h1>Create an account</h1>
    ${renderForm(site, FORM, flash)} ${stub}`;
  const title = "Create an account";
  return showPage(visit, { title: flash.code === undefined ? title : `Error: ${title}`, main }, { effects: [me], setCookies });
}

export async function postSignUp(visit: Visit): Promise<Response> {
  const form = await readForm(visit.request, { required: ["email", "password"], optional: ["name"] });
  if (!form.ok) return showProblem(visit, form.code);
  const { email, password, name = "" } = form.fields;
  // An empty field is what a browser sends for "left out".
  const body = name === "" ? { email, password } : { email, password, name };
  const answer = await callApi(visit, { method: "POST", path: "/auth/sign-up", body });
  if (!answer.ok) return showRefusal(visit, answer, { page: "/sign-up", flash: { email, name } });
  return goTo(visit, "/account", { effects: [answer] });
}
