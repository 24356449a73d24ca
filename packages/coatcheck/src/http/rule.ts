import * as v from "valibot";

/** A check of text, and the same in the keywords of JSON Schema, as far as those can say it. */
export interface Rule extends v.CheckAction<string, string> {
  readonly keywords: Keywords;
}

type Keywords = Readonly<Record<string, number | string>>;

/** @param message says what was expected, never what came: it is answered. */
function rule(holds: (text: string) => boolean, message: string, keywords: Keywords = {}): Rule {
  return { ...v.check(holds, message), keywords };
}

/** The keywords of a rule; null for any other action. */
export function keywordsOf(action: object): Keywords | null {
  return "keywords" in action ? (action as Rule).keywords : null;
}

/** Length in code points, as JSON Schema counts it (Validation §6.3.1), and as a person would. */
const length = (text: string): number => [...text].length;

export const atLeast = (min: number): Rule => rule((it) => length(it) >= min, `must have at least ${min} characters`, { minLength: min });
export const atMost = (max: number): Rule => rule((it) => length(it) <= max, `must have at most ${max} characters`, { maxLength: max });

/** What every store keeps as it is: no lone surrogate, which has no UTF-8. */
export const wellFormed = (): Rule => rule((it) => it.isWellFormed(), "must be well-formed Unicode");

export const noControls = (): Rule =>
  rule((it) => !/\p{Cc}/u.test(it), "must hold no control characters", { pattern: String.raw`^[^\u0000-\u001F\u007F-\u009F]*$` });
