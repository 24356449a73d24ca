import type { Sid } from "../../core/ids.ts";
import { encode } from "../../crypto/base64url.ts";

/** A ticket as read: sid, secret and the keyed check that tells ours from made-up ones without a look into the store. */
export interface Ticket {
  readonly sid: Sid;
  readonly secret: Uint8Array;
  readonly check: Uint8Array;
}

const SID_BYTES = 16;
export const SECRET_BYTES = 32;
export const CHECK_BYTES = 8;

/** 56 bytes in base64url: 75 characters, the last of which has two bits to spare and one spelling (RFC 4648 §3.5). */
const FORM = /^[A-Za-z0-9_-]{74}[AEIMQUYcgkosw048]$/;

/** @returns null unless `text` has the one spelling of a ticket. */
export function parseTicket(text: string): Ticket | null {
  if (!FORM.test(text)) return null;
  const bytes = Buffer.from(text, "base64url");
  return {
    sid: bytes.toString("base64url", 0, SID_BYTES) as Sid,
    secret: bytes.subarray(SID_BYTES, SID_BYTES + SECRET_BYTES),
    check: bytes.subarray(SID_BYTES + SECRET_BYTES),
  };
}

/** The cookie's value. */
export function formatTicket(ticket: Ticket): string {
  return encode(Buffer.concat([Buffer.from(ticket.sid, "base64url"), ticket.secret, ticket.check]));
}
