import type { CompactJws, Decode, HeaderRules } from "../../crypto/jws.ts";
import { readCompact } from "../../crypto/jws.ts";
import { KID } from "../../crypto/public-jwk.ts";

/** What the token carrier's client shows: an access token (RFC 9068), read but not yet proved. */
export type Proof = CompactJws;

const RULES: HeaderRules = { members: new Set(["alg", "typ", "kid"]), kid: KID };

/**
 * RFC 9068 §4 names both; media types compare without case and may leave out `application/` (RFC 7515 §4.1.9). That is no second spelling of a
 * token: the header is signed, so only the issuer can have chosen it. Every other kind of JWT has another `typ`, or none, and is refused here.
 */
const IS_ACCESS_TOKEN = /^(?:application\/)?at\+jwt$/i;

/** @returns null unless `text` is an access token's one spelling, of an algorithm of ours. Never throws. */
export function readProof(text: string, decode?: Decode): Proof | null {
  const proof = readCompact(text, RULES, decode);
  return proof?.typ != null && IS_ACCESS_TOKEN.test(proof.typ) ? proof : null;
}
