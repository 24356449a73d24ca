import type { Principal } from "../../core/verdict.ts";
import type { Standing } from "../../revocation/table.ts";
import { sharedClaims, sharedList, sharedText } from "../sharing.ts";
import type { AccessClaims } from "./claims.ts";

/** What a token is to the application: a person's login, the same as its session would be, or a client. Frozen: it is shared between requests. */
export function principalOfClaims(claims: AccessClaims): Principal {
  if (claims.sid === undefined)
    return Object.freeze({ kind: "client", clientId: sharedText(claims.client_id), scopes: sharedList(claims.scope) });
  return Object.freeze({
    kind: "user",
    userId: claims.sub,
    sid: claims.sid,
    clientId: sharedText(claims.client_id),
    carrier: "token",
    roles: sharedList(claims.roles),
    amr: sharedList(claims.amr),
    authTime: claims.auth_time,
    claims: sharedClaims(claims.declared),
  });
}

/** The scopes of the log that a token stands in: a client's has no user and no session. */
export function standingOf(claims: AccessClaims): Standing {
  const { client_id: clientId, rsq } = claims;
  return claims.sid === undefined ? { sid: null, userId: null, clientId, rsq } : { sid: claims.sid, userId: claims.sub, clientId, rsq };
}
