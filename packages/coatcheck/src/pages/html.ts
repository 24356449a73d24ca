/** Markup that is safe to send: only {@link html} makes it, so a string is never taken for one. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

/** What may stand in a template: text is escaped, `null` is nothing, a list is its members. */
export type Child = Html | string | number | null | readonly Child[];

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/**
 * A template that escapes by default and knows no way around it. Values may stand as content or inside quoted attribute values, nowhere else:
 * the five characters are all that can leave either (HTML §13.1.2.3).
 */
export function html(strings: TemplateStringsArray, ...values: readonly Child[]): Html {
  let markup = strings[0] as string;
  values.forEach((value, index) => (markup += render(value) + (strings[index + 1] as string)));
  return new Html(markup);
}

function render(value: Child): string {
  if (value === null) return "";
  if (value instanceof Html) return value.toString();
  if (typeof value === "object") return value.map(render).join("");
  return String(value).replace(/[&<>"']/g, (character) => ESCAPES[character] as string);
}
