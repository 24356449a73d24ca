import type { Issued, Shown, ShownProof } from "../carriers/carrier.ts";
import type { Instant } from "../core/time.ts";
import type { Answer } from "./answer.ts";
import type { Call } from "./call.ts";
import type { Cookies } from "./cookies.ts";

/** RFC 6749 §5.1. */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: "Bearer";
  /** Seconds. */
  readonly expires_in: number;
  readonly refresh_token: string;
}

/** What a client is handed: a ticket in one `Set-Cookie` and nowhere else, a proof in the body. Exactly one of them is there. */
export interface Handed {
  readonly setCookie: string | null;
  readonly tokens: TokenResponse | null;
}

/** The one place in HTTP where the carriers differ. */
export function hand(shown: Shown, cookies: Cookies, now: Instant): Handed {
  if (shown.carrier === "cookie") return { setCookie: cookies.set(shown.ticket, shown.expiresAt, now), tokens: null };
  return { setCookie: null, tokens: tokenResponse(shown) };
}

export function tokenResponse({ accessToken, expiresIn, refreshToken }: ShownProof): TokenResponse {
  return { access_token: accessToken, token_type: "Bearer", expires_in: Math.floor(expiresIn / 1_000), refresh_token: refreshToken };
}

interface HandedOver<S extends number, F extends object> extends Pick<Answer, "cookie"> {
  readonly status: S;
  readonly body: F | (F & TokenResponse);
}

/** Hands a new credential over, with what else the answer says. */
export function handOver<S extends number, F extends object>(
  { shown }: Issued,
  { site, now }: Call,
  status: S,
  fields: F,
): HandedOver<S, F> {
  const { setCookie, tokens } = hand(shown, site.cookies, now);
  return { status, body: { ...tokens, ...fields }, ...(setCookie === null ? {} : { cookie: setCookie }) };
}
