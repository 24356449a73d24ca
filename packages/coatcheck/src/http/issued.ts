import type { Issued, Shown } from "../carriers/carrier.ts";
import type { Answer } from "./answer.ts";
import type { Call } from "./call.ts";

/** RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token: string;
}

export function tokenResponse({ accessToken, expiresIn, refreshToken }: Extract<Shown, { readonly carrier: "token" }>): TokenResponse {
  return { access_token: accessToken, token_type: "Bearer", expires_in: Math.floor(expiresIn / 1_000), refresh_token: refreshToken };
}

/**
 * Hands a new credential over, with what else the answer says. The one place in HTTP where the carriers differ: a ticket goes into `Set-Cookie` and
 * nowhere else, a proof into the body.
 */
export function handOver({ shown }: Issued, { site, now }: Call, status: number, fields: object): Answer {
  if (shown.carrier === "cookie") return { status, cookie: site.cookies.set(shown.ticket, shown.expiresAt, now), body: fields };
  return { status, body: { ...tokenResponse(shown), ...fields } };
}
