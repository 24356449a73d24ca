import { seq } from "../../src/core/ids.ts";
import type { ClientId, Sid, UserId } from "../../src/core/ids.ts";
import { duration, instant } from "../../src/core/time.ts";
import type { AccessClaims, ClaimsPolicy, ClientAccess, LoginAccess } from "../../src/carriers/token/claims.ts";
import { readClaims } from "../../src/carriers/token/claims.ts";
import { parseProof } from "../../src/carriers/token/credential.ts";
import type { SigningKey } from "../../src/crypto/signing.ts";
import { verify } from "../../src/crypto/verify.ts";
import { signed } from "../crypto/tokens.ts";

export const NOW = instant(1_764_000_000_000);

export const POLICY: ClaimsPolicy = { issuer: "http://localhost:3000", audience: "http://localhost:3000", maxTtl: duration("5m") };

export const CLAIMS: LoginAccess = {
  iss: POLICY.issuer,
  aud: POLICY.audience,
  sub: `usr_${"u".repeat(22)}` as UserId,
  client_id: "coatcheck" as ClientId,
  iat: NOW,
  exp: instant(NOW + POLICY.maxTtl),
  jti: "j".repeat(22),
  sid: `${"s".repeat(21)}A` as Sid,
  roles: ["user"],
  auth_time: NOW,
  amr: ["pwd"],
  rsq: seq(2 ** 40 + 7),
  declared: {},
};

/** The claims of {@link CLAIMS} as they stand in a token. */
export const WIRE: Readonly<Record<string, unknown>> = {
  iss: CLAIMS.iss,
  aud: CLAIMS.aud,
  sub: CLAIMS.sub,
  client_id: CLAIMS.client_id,
  iat: 1_764_000_000,
  exp: 1_764_000_300,
  jti: CLAIMS.jti,
  sid: CLAIMS.sid,
  roles: ["user"],
  auth_time: 1_764_000_000,
  amr: ["pwd"],
  rsq: 2 ** 40 + 7,
};

const CLIENT_ID = `cli_${"c".repeat(22)}` as ClientId;
const { sub: _sub, sid: _sid, roles: _roles, auth_time: _time, amr: _amr, ...both } = CLAIMS;

/** What a client's own token says. */
export const CLIENT_CLAIMS: ClientAccess = { ...both, sub: CLIENT_ID, client_id: CLIENT_ID, scope: ["report:read", "report:write"] };

const { sid: _s, roles: _r, auth_time: _t, amr: _a, ...wire } = WIRE;

/** The claims of {@link CLIENT_CLAIMS} as they stand in a token. */
export const CLIENT_WIRE: Readonly<Record<string, unknown>> = {
  ...wire,
  sub: CLIENT_ID,
  client_id: CLIENT_ID,
  scope: "report:read report:write",
};

export const payload = (wire: unknown): Uint8Array => Buffer.from(JSON.stringify(wire));

/** A token that says just this, truly signed. */
export function tokenOf(key: SigningKey, header: Readonly<Record<string, unknown>> = {}, wire: unknown = WIRE): string {
  return signed(key, JSON.stringify({ alg: key.alg.name, typ: "at+jwt", kid: key.kid, ...header }), payload(wire));
}

/** What it says, if it is authentic: read, proved, then read again. */
export function authentic(key: SigningKey, token: string): AccessClaims | null {
  const proof = parseProof(token);
  if (proof === null || proof.alg !== key.alg || !verify(key.public, proof.signingInput, proof.signature)) return null;
  return readClaims(proof.payload);
}
