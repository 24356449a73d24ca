import { CoatcheckError } from "../core/errors.ts";
import { PASSWORD_LENGTH } from "../core/limits.ts";
import { isCommon } from "./blocklist.ts";

/**
 * Why a password is refused. There is no rule about which kinds of characters it must hold, and none about its age: both make passwords worse
 * (NIST SP 800-63B §3.1.1.2, ASVS 6.2.5 and 6.2.10). It is taken exactly as received: nothing trimmed, nothing normalised.
 */
export const PASSWORD_FAULTS = {
  malformed: { code: "invalid_input", detail: "must be well-formed Unicode" },
  too_short: { code: "invalid_input", detail: `must have at least ${PASSWORD_LENGTH.min} characters` },
  too_long: { code: "invalid_input", detail: `must have at most ${PASSWORD_LENGTH.max} characters` },
  common: { code: "weak_password", detail: "is one of the passwords that are tried first" },
  personal: { code: "weak_password", detail: "is made of your address, your name or the name of this site" },
} as const;

export type PasswordFault = keyof typeof PASSWORD_FAULTS;

/** Whose password it is and where: what a guess would start from. */
export interface PasswordContext {
  /** Canonical. */
  readonly email: string;
  /** Empty if there is none. */
  readonly name: string;
  /** Host of the issuer. */
  readonly issuerHost: string;
}

/** What any password must be to be hashed at all, an old one too. */
export function unreadable(password: string): PasswordFault | null {
  // Without a UTF-8 form of its own, a lone surrogate would hash like the replacement character.
  if (/\p{Surrogate}/u.test(password)) return "malformed";
  return codePoints(password) > PASSWORD_LENGTH.max ? "too_long" : null;
}

/** Judges a password that somebody chooses. @returns why it is refused, or null. */
export function passwordFault(password: string, context: PasswordContext): PasswordFault | null {
  const fault = unreadable(password);
  if (fault !== null) return fault;
  if (codePoints(password) < PASSWORD_LENGTH.min) return "too_short";
  if (isCommon(password)) return "common";
  return isPersonal(password, context) ? "personal" : null;
}

/**
 * Turns a fault into the error that the outside reads.
 * @param pointer where the password stands in the body, as a JSON pointer.
 * @throws {invalid_input} {weak_password}
 */
export function refuseFault(fault: PasswordFault | null, pointer: string): void {
  if (fault === null) return;
  const { code, detail } = PASSWORD_FAULTS[fault];
  throw new CoatcheckError(code, { fields: [{ pointer, detail }] });
}

function codePoints(text: string): number {
  return [...text].length;
}

const PRODUCT = "coatcheck";

/** A single letter is in too many words to say anything. */
const SHORTEST_PIECE = 2;

/**
 * Whether nothing is left of a password but digits, too few to be one, once the words are taken out that the context gives away: the words
 * themselves, in any case, number, order and punctuation, with a year at their end.
 */
function isPersonal(password: string, context: PasswordContext): boolean {
  const bare = compact(password);
  const words = contextWords(context);
  if (words.includes(bare)) return true;
  const left = words.reduce((rest, word) => (/\p{L}/u.test(word) ? rest.replaceAll(word, "") : rest), bare);
  return left !== bare && left.length < PASSWORD_LENGTH.min && /^\d*$/.test(left);
}

/** What the context is made of, whole and in pieces, the longest first so that no piece spoils a longer one. */
function contextWords({ email, name, issuerHost }: PasswordContext): readonly string[] {
  const [local = "", domain = ""] = email.split("@");
  const wholes = [PRODUCT, email, local, domain, name, issuerHost];
  const pieces = wholes.flatMap((whole) => whole.split(/[^\p{L}\p{N}]+|(?<=\p{L})(?=\p{N})/u));
  const words = new Set([...wholes, ...pieces].map(compact).filter((word) => word.length >= SHORTEST_PIECE));
  return [...words].toSorted((a, b) => b.length - a.length);
}

/** Lower case, without spaces and ASCII punctuation. */
function compact(text: string): string {
  return text.toLowerCase().replace(/[\s!-/:-@[-`{-~]/g, "");
}
