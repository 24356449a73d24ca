import { CoatcheckError } from "../../core/errors.ts";
import { MAX_TOKEN } from "../../core/limits.ts";
import { decode } from "../../crypto/node-base64url.ts";
import { writeCompact } from "../../crypto/signing.ts";
import type { SigningKey } from "../../crypto/signing.ts";
import type { AccessClaims } from "./claims.ts";
import { readClaims, writeClaims } from "./claims.ts";
import { readProof } from "./read.ts";
import type { Proof } from "./read.ts";

export type { Proof } from "./read.ts";

const TYP = "at+jwt";

/** @returns null unless `text` is an access token's one spelling, of an algorithm of ours. Never throws. */
export function parseProof(text: string): Proof | null {
  return readProof(text, decode);
}

/**
 * An access token with these claims.
 * @throws {internal} if the application's claims make one that no reader accepts: better a login that fails than a token that never works.
 */
export function writeProof(key: SigningKey, claims: AccessClaims): string {
  const payload = writeClaims(claims);
  const token = writeCompact(key, TYP, payload);
  if (token.length > MAX_TOKEN || readClaims(payload) === null) {
    throw new CoatcheckError("internal", {
      cause: new Error(
        "the declared claims are too long, nest too deep, or hold text that no token may hold (NUL, half a surrogate pair, names with quotes)",
      ),
    });
  }
  return token;
}
