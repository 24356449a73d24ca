import { LEEWAY } from "../../core/limits.ts";
import { later } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import type { RefusalReason } from "../../core/verdict.ts";
import { algorithm } from "../../crypto/algorithms.ts";
import type { PublicKey } from "../../crypto/jwk.ts";
import { verify } from "../../crypto/verify.ts";
import type { SignedForm } from "./forms.ts";
import { relative, timeOf } from "./words.ts";

/** Why something does not hold: as the server would say it, and what the server has no word for. */
export type Reason = RefusalReason | "unproved" | "early" | "wrong_issuer" | "reuse" | "future" | "too_often";

/** One thing that must be so for it to hold. */
export interface Check {
  readonly check: "form" | "signature" | "time" | "issuer" | "audience" | "key" | "log" | "session" | "secret" | "user";
  /** Null: it is so. */
  readonly reason: Reason | null;
  readonly says: string;
}

/** Keys that may have signed it, and what to call the place that they are from. */
export interface KeyRing {
  readonly from: string;
  readonly keys: readonly PublicKey[];
}

/** Each key has exactly one algorithm, and the header's word for it must be the key's (RFC 8725 §3.1). */
export function signatureCheck({ text, header, signature }: SignedForm, { from, keys }: KeyRing): Check {
  const check = "signature";
  const alg = typeof header["alg"] === "string" ? algorithm(header["alg"]) : undefined;
  if (alg === undefined)
    return { check, reason: "unproved", says: "its alg is not one of those that are read here: ES256, EdDSA, PS256, RS256" };
  const { kid } = header;
  const candidates = keys.filter((key) => key.alg === alg && (kid === undefined || key.kid === kid));
  if (candidates.length === 0) return { check, reason: "forged", says: `no key of ${from} has its kid and alg` };
  const signed = Buffer.from(text.slice(0, text.lastIndexOf(".")), "latin1");
  const signer = candidates.find((key) => verify(key, signed, signature));
  if (signer === undefined) return { check, reason: "forged", says: `it is not the signature of that key of ${from}` };
  return { check, reason: null, says: `signed by the key ${signer.kid} of ${from}` };
}

/** As the server judges them: no leeway at the end, a little at the beginning, for a clock that is behind the issuer's. */
export function timeCheck({ claims }: SignedForm, now: Instant): Check {
  const check = "time";
  const times = { exp: timeOf(claims["exp"]), nbf: timeOf(claims["nbf"]), iat: timeOf(claims["iat"]) };
  for (const name of ["exp", "nbf", "iat"] as const) {
    if (claims[name] !== undefined && times[name] === null) return { check, reason: "malformed", says: `its ${name} is no time` };
  }
  const { exp, nbf, iat } = times;
  if (exp !== null && now >= exp) return { check, reason: "expired", says: `it ended ${relative(exp, now)}` };
  if (nbf !== null && nbf > now) return { check, reason: "early", says: `it is good ${relative(nbf, now)}, not yet` };
  if (iat !== null && iat > later(now, LEEWAY)) return { check, reason: "early", says: `it says that it was issued ${relative(iat, now)}` };
  return { check, reason: null, says: exp === null ? "it has no end" : `it ends ${relative(exp, now)}` };
}

export function issuerCheck({ claims: { iss } }: SignedForm, issuer: string): Check {
  const check = "issuer";
  return iss === issuer
    ? { check, reason: null, says: `issued by ${issuer}` }
    : { check, reason: "wrong_issuer", says: `not issued by ${issuer}` };
}

export function audienceCheck({ claims: { aud } }: SignedForm, audience: string): Check {
  const check = "audience";
  const isForUs = aud === audience || (Array.isArray(aud) && aud.includes(audience));
  return isForUs ? { check, reason: null, says: `for ${audience}` } : { check, reason: "wrong_audience", says: `not for ${audience}` };
}
