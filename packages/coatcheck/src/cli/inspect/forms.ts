import type { JsonObject } from "../../crypto/json.ts";
import { parseJsonObject } from "../../crypto/json.ts";
import { decode } from "../../crypto/base64url.ts";

/** A signed token (RFC 7515), read so leniently that whatever any verifier may accept can be looked at. */
export interface SignedForm {
  readonly form: "signed";
  readonly text: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signature: Uint8Array;
  /** Whether strict readers read it too, and each in the same way: one spelling of base64url, JSON without two members of one name. */
  readonly strict: boolean;
}

/** What somebody may have got hold of. */
export type Form =
  | SignedForm
  | { readonly form: "encrypted"; readonly header: JsonObject }
  | { readonly form: "refresh"; readonly text: string }
  | { readonly form: "ticket"; readonly text: string }
  | { readonly form: "unreadable" };

/** What may stand around it when it was copied out of a request. */
const AROUND = [/^(?:authorization:\s*)?(?:bearer|dpop)\s+/i, /^(?:(?:set-)?cookie:\s*)?(?:__Host-Http-)?coatcheck=/i, /^"(?=[^"]*"$)/];

const REFRESH = /^ccr_[A-Za-z0-9_-]{86}$/;
const TICKET = /^[A-Za-z0-9_-]{75}$/;

/** Never throws, and never says what it was given. */
export function readForm(typed: string): Form {
  const text = AROUND.reduce((rest, around) => rest.replace(around, ""), typed.trim()).replace(/[";].*$/s, "");
  if (REFRESH.test(text)) return { form: "refresh", text };
  if (TICKET.test(text)) return { form: "ticket", text };
  const parts = text.split(".");
  const [first, second = "", third = ""] = parts.map(lenient);
  const header = parts.length === 3 || parts.length === 5 ? objectIn(first ?? "") : null;
  if (header === null) return { form: "unreadable" };
  if (parts.length === 5) return { form: "encrypted", header };
  const claims = objectIn(second);
  if (claims === null) return { form: "unreadable" };
  const strict =
    parts.every((part) => decode(part) !== null) &&
    [first, second].every((it) => parseJsonObject(Buffer.from(it ?? "", "latin1")) !== null);
  return { form: "signed", text, header, claims, signature: Buffer.from(third, "latin1"), strict };
}

/** The bytes of a part, one a character. Node reads padding, both alphabets and stray bits. */
function lenient(part: string): string {
  return Buffer.from(part, "base64url").toString("latin1");
}

function objectIn(bytes: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes, "latin1").toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null; // Not JSON: then it is none of the forms above.
  }
}
