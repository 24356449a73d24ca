import type { Principal } from "../../core/verdict.ts";
import type { AccessClaims } from "./claims.ts";

/** What a token of a person's login is to the application: the same as its session would be. Frozen: it is shared between requests. */
export function principalOfClaims(claims: AccessClaims & { readonly sid: Principal["sid"] }): Principal {
  return Object.freeze({
    userId: claims.sub,
    sid: claims.sid,
    clientId: claims.client_id,
    carrier: "token",
    roles: Object.freeze([...claims.roles]),
    amr: Object.freeze([...claims.amr]),
    authTime: claims.auth_time,
    claims: Object.freeze({ ...claims.declared }),
  });
}
