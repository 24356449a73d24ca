import type { Facts } from "./facts.ts";

export type Severity = "ok" | "warn" | "fail";

/** What one check found: how it stands, on one line, and what to do about it. */
export interface Finding {
  readonly check: string;
  readonly severity: Severity;
  readonly says: string;
  /** Null: nothing needs to be done. */
  readonly mend: string | null;
}

/** What a check says of the facts; null if it has nothing to look at here. */
export type Check = (facts: Facts) => Omit<Finding, "check"> | null;

export function ok(says: string): Omit<Finding, "check"> {
  return { severity: "ok", says, mend: null };
}

export function warn(says: string, mend: string): Omit<Finding, "check"> {
  return { severity: "warn", says, mend };
}

export function fail(says: string, mend: string): Omit<Finding, "check"> {
  return { severity: "fail", says, mend };
}

/** What an error says of itself: those of ours are one line, and the mend stands behind the colon, or behind what is wrong. */
export function failBy(message: string): Omit<Finding, "check"> {
  const [, says, mend] = /^(.*?)(?:, but |: )(.*)$/s.exec(message) ?? [];
  return says === undefined || mend === undefined ? fail(message, "see coatcheck serve --help") : fail(says, mend);
}
