import type { Sid } from "../../core/ids.ts";
import { encode } from "../../crypto/base64url.ts";
import { equal } from "../../crypto/constant-time.ts";
import { hmac } from "../../crypto/hash.ts";
import { readerFor } from "../../crypto/secrets.ts";
import type { DerivedSecret, Secrets } from "../../crypto/secrets.ts";

/** So that people and secret scanners see what it is. */
const PREFIX = "ccr_";
const BYTES = 64;
const CHECK_AT = 56;

/** `ccr_` and 64 bytes in base64url: 86 characters, the last of which has four bits to spare and one spelling. */
const FORM = /^ccr_[A-Za-z0-9_-]{85}[AQgw]$/;

/** A refresh token as read: authentic in form and check, its generation not yet proved against the record's salt. */
export interface RefreshToken {
  readonly sid: Sid;
  readonly generation: number;
  readonly mac: Uint8Array;
  readonly secret: DerivedSecret;
}

/**
 * The refresh token of one generation: `secret id 4 || sid 16 || generation 4 || HMAC(refresh key, sid || generation || salt) 32 || check 8`.
 * Derived, never stored: a copy of the store has none, any generation is recognised without a history, and a replay yields the same child.
 */
export function deriveRefreshToken(secret: DerivedSecret, sid: Sid, generation: number, salt: Uint8Array): string {
  const bytes = Buffer.alloc(BYTES);
  bytes.set(secret.id, 0);
  bytes.write(sid, 4, "base64url");
  bytes.writeUInt32BE(generation, 20);
  bytes.set(generationMac(secret, sid, generation, salt), 24);
  bytes.set(formCheck(secret, bytes.subarray(0, CHECK_AT)), CHECK_AT);
  return PREFIX + encode(bytes);
}

/** Ask the log first: it says when there is a new master secret to judge by. @returns null for what this server never made: that costs no look into the store. */
export function parseRefreshToken(secrets: Secrets, text: string): RefreshToken | null {
  if (!FORM.test(text)) return null;
  const bytes = Buffer.from(text.slice(PREFIX.length), "base64url");
  const secret = readerFor(secrets, (it) => equal(it.id, bytes.subarray(0, 4)));
  if (secret === null || !equal(formCheck(secret, bytes.subarray(0, CHECK_AT)), bytes.subarray(CHECK_AT))) return null;
  return {
    sid: bytes.toString("base64url", 4, 20) as Sid,
    generation: bytes.readUInt32BE(20),
    mac: bytes.subarray(24, CHECK_AT),
    secret,
  };
}

/** Does it belong to this record? A forgery would need the key and the row's salt. */
export function provesGeneration(token: RefreshToken, salt: Uint8Array): boolean {
  return equal(token.mac, generationMac(token.secret, token.sid, token.generation, salt));
}

/** Every field has a fixed length, so that no two inputs spell the same bytes. */
function generationMac(secret: DerivedSecret, sid: Sid, generation: number, salt: Uint8Array): Uint8Array {
  const input = Buffer.alloc(20 + salt.byteLength);
  input.write(sid, 0, "base64url");
  input.writeUInt32BE(generation, 16);
  input.set(salt, 20);
  return hmac(secret.refreshKey, input);
}

function formCheck(secret: DerivedSecret, front: Uint8Array): Uint8Array {
  return hmac(secret.refreshCheckKey, front).subarray(0, BYTES - CHECK_AT);
}
