import { ERRORS } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Flash } from "./flash.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import type { FormPath, PagePath, Site } from "./site.ts";
import { NOTES, waitingTime } from "./words.ts";

/** One field, as the API calls it and as a person reads it. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type: "email" | "text" | "password";
  /** WHATWG autofill: what lets password managers fill in and save the right thing (ASVS 6.2.7). */
  readonly autocomplete: "username" | "name" | "current-password" | "new-password";
  readonly hint?: string;
  readonly optional?: true;
  /** What to say when the API says that it breaks the schema. */
  readonly wrong: string;
}

/** A form as data: one place draws all of them. */
export interface FormSpec {
  readonly action: PagePath | FormPath;
  readonly fields: readonly Field[];
  readonly submit: string;
  /** What the API's other refusals mean here, and at which field; those that are not listed are said above the form. */
  readonly refusals: Readonly<Partial<Record<ErrorCode, { readonly field: string; readonly text: string }>>>;
}

interface Explained {
  /** By field. */
  readonly errors: ReadonlyMap<string, string>;
  /** Above the form. */
  readonly general: string | null;
}

/** Draws a form with what was typed before and why it was refused, the first error in focus. */
export function renderForm(site: Site, spec: FormSpec, flash: Flash, hidden: Html | null = null): Html {
  const { errors, general } = explain(spec, flash);
  const first = spec.fields.find(({ name }) => errors.has(name));
  // `novalidate`: the API alone says what is valid, and says it where screen readers find it again.
  return html`<form method="post" action="${site.basePath}${spec.action}" novalidate>
    ${general === null ? null : html`<p class="alert" role="alert" tabindex="-1" autofocus>${general}</p>`} ${hidden}
    ${spec.fields.map((field) => renderField(field, typedIn(field, flash), errors.get(field.name) ?? null, field === first))}
    <button class="primary">${spec.submit}</button>
  </form>`;
}

/** A form that is one button. */
export function renderButton(
  site: Site,
  action: FormPath,
  look: "quiet" | "danger",
  label: Html | string,
  hidden: Html | null = null,
): Html {
  return html`<form method="post" action="${site.basePath}${action}">${hidden}<button class="${look}">${label}</button></form>`;
}

export function renderNote({ note, count = 0 }: Flash): Html | null {
  return note === undefined ? null : html`<p class="note" role="status">${NOTES[note](count)}</p>`;
}

function renderField(field: Field, value: string, error: string | null, focus: boolean): Html {
  const { name, label, type, autocomplete, hint, optional } = field;
  const described = [error === null ? "" : `${name}-error`, hint === undefined ? "" : `${name}-hint`].filter(Boolean).join(" ");
  return html`<div class="field">
    <label for="${name}">${label}${optional ? html` <span class="soft">(optional)</span>` : null}</label>
    ${hint === undefined ? null : html`<p class="hint" id="${name}-hint">${hint}</p>`}
    ${error === null ? null : html`<p class="error" id="${name}-error" role="alert">${error}</p>`}
    <input
      id="${name}"
      name="${name}"
      type="${type}"
      autocomplete="${autocomplete}"
      ${[
        value === "" ? null : html` value="${value}"`,
        type === "email" ? html` autocapitalize="none" spellcheck="false"` : null,
        optional ? null : html` required`,
        described === "" ? null : html` aria-describedby="${described}"`,
        error === null ? null : html` aria-invalid="true"`,
        focus ? html` autofocus` : null,
      ]}
    />
  </div>`;
}

/** What was typed, but never a password: a flash has no place for one. */
function typedIn(field: Field, flash: Flash): string {
  if (field.name === "email") return flash.email ?? "";
  return field.name === "name" ? (flash.name ?? "") : "";
}

function explain(spec: FormSpec, { code, fields = [], retryAfter }: Flash): Explained {
  const errors = new Map<string, string>();
  if (code === undefined) return { errors, general: null };
  const refusal = spec.refusals[code];
  if (refusal !== undefined) return { errors: errors.set(refusal.field, refusal.text), general: null };
  for (const field of spec.fields) if (fields.includes(field.name)) errors.set(field.name, field.wrong);
  if (errors.size > 0) return { errors, general: null };
  return { errors, general: generalText(code, retryAfter) };
}

const WAITING: Readonly<Partial<Record<ErrorCode, string>>> = {
  too_many_requests: "Too many tries.",
  too_many_sessions: "This account signs in too often.",
};

function generalText(code: ErrorCode, retryAfter: number | undefined): string {
  const why = WAITING[code];
  if (why === undefined) return `${ERRORS[code].title}.`;
  return retryAfter === undefined ? `${why} Wait a while, then try again.` : `${why} Try again in ${waitingTime(retryAfter)}.`;
}
