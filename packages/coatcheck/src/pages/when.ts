import type { Instant } from "../core/time.ts";
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import { counted } from "./words.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const TIME = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: "UTC" });

/** `24 November 2026`, with the exact time in the markup. */
export function dateOf(at: string): Html {
  return html`<time datetime="${at}">${DATE.format(Date.parse(at))}</time>`;
}

/** `24 November 2026, 08:00 UTC`: without script nobody knows the reader's time zone, so the words name ours. */
export function momentOf(at: string): Html {
  return html`<time datetime="${at}">${DATE.format(Date.parse(at))}, ${TIME.format(Date.parse(at))} UTC</time>`;
}

/** `3 minutes ago`; activity is exact to a minute, so nothing finer is claimed. Older than 30 days is a date. */
export function agoOf(at: string, now: Instant): Html {
  const age = now - Date.parse(at);
  if (age >= 30 * DAY) return html`on ${dateOf(at)}`;
  return html`<time datetime="${at}">${ago(age)}</time>`;
}

/** A negative age is another machine's clock, not the future. */
function ago(age: number): string {
  if (age < 2 * MINUTE) return "just now";
  if (age < HOUR) return `${counted(Math.floor(age / MINUTE), "minute")} ago`;
  if (age < DAY) return `${counted(Math.floor(age / HOUR), "hour")} ago`;
  return `${counted(Math.floor(age / DAY), "day")} ago`;
}
