/** A point in time: milliseconds since the Unix epoch, as one clock saw it. Never seconds, never a duration. */
export type Instant = number & { readonly __brand: "Instant" };

/** A length of time as people write it in settings: `"30s"`, `"15m"`, `"12h"`, `"7d"`. A bare number is never a duration. */
export type Duration = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** A length of time inside the program. */
export type Milliseconds = number & { readonly __brand: "Milliseconds" };

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads `"15m"` as 900 000 ms.
 * @returns null for anything else: a bare number, a sign, a fraction, an unknown unit.
 */
export function parseDuration(text: string): Milliseconds | null {
  const match = /^(0|[1-9]\d{0,9})(ms|s|m|h|d)$/.exec(text);
  if (match === null) return null;
  const ms = Number(match[1]) * (UNITS[match[2] as string] as number);
  return Number.isSafeInteger(ms) ? (ms as Milliseconds) : null;
}

/** {@link parseDuration} for durations written in the program itself. @throws TypeError on a spelling that is not a duration. */
export function duration(text: Duration): Milliseconds {
  const ms = parseDuration(text);
  if (ms === null) throw new TypeError(`"${text}" is not a duration; write it like "30s", "15m" or "7d"`);
  return ms;
}

/** Names a number as an instant: for values that come from a clock or a store. */
export function instant(ms: number): Instant {
  return ms as Instant;
}

export function later(from: Instant, by: Milliseconds): Instant {
  return (from + by) as Instant;
}

export function earliest(...instants: readonly Instant[]): Instant {
  return Math.min(...instants) as Instant;
}

/** `2026-11-24T08:00:00.000Z`: how every answer writes time. */
export function iso(at: Instant): string {
  return new Date(at).toISOString();
}

/** Whole seconds since the epoch, rounded down: only for claims of a token and headers (RFC 7519 §2, NumericDate). */
export function epochSeconds(at: Instant): number {
  return Math.floor(at / 1_000);
}
