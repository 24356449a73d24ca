import { domainToASCII } from "node:url";
import { EMAIL_LENGTH } from "../core/limits.ts";

/** RFC 5321 §4.5.3.1.1. */
const MAX_LOCAL = 64;

/**
 * A dot-atom (RFC 5322 §3.2.3) without the characters that mail software reads as a route: `user%other@relay` and `other!user` go elsewhere,
 * `/` and `|` have meant files and programs. Nor may it begin like an option of a command. ASCII alone: in Unicode, one name has many spellings.
 */
const LOCAL_PART = /^(?!-)[a-z0-9#$&'*+=?^_`{}~-]+(?:\.[a-z0-9#$&'*+=?^_`{}~-]+)*$/;

/** Two labels or more (a name alone is completed by whoever delivers), the last one not a number (that would be an IPv4 address). */
const DOMAIN = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What a domain may hold before its Unicode is mapped: nothing that a parser of addresses could read as a delimiter. */
const DOMAIN_AS_TYPED = /^[A-Za-z0-9.\-\u0080-\u{10ffff}]+$/u;

/**
 * The one spelling of an address: canonicalised first, then validated as it will be stored and mailed to. Lower case throughout; an international
 * domain in its ASCII form (UTS #46), which mail software delivers to as it stands; nothing is trimmed.
 * @returns null for what is no address, or one that some mail software would take elsewhere.
 */
export function canonicalEmail(text: string): string | null {
  if (text.length > EMAIL_LENGTH.max) return null;
  const at = text.indexOf("@");
  const typed = text.slice(at + 1);
  if (at === -1 || !DOMAIN_AS_TYPED.test(typed)) return null;

  const local = asciiLowerCase(text.slice(0, at));
  const domain = domainToASCII(typed);
  const address = `${local}@${domain}`;
  const valid = address.length <= EMAIL_LENGTH.max && local.length <= MAX_LOCAL && LOCAL_PART.test(local) && DOMAIN.test(domain);
  return valid ? address : null;
}

/** Maps A to Z alone: the full mapping makes an ASCII `k` of the Kelvin sign. */
function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
