import type { Milliseconds } from "./time.ts";

export type SignUp = "at-once" | "closed";
export type SigningAlgorithm = "ES256" | "EdDSA" | "PS256" | "RS256";

/** Every setting, parsed: what the rest of the program reads. Made once at start, then frozen. */
export interface Settings {
  /** The public address, without a slash at its end. `https`, but for localhost. */
  readonly issuer: string;
  /** Path that the routes stand under, without a slash at its end; the issuer's own path unless set. */
  readonly basePath: string;
  /** Who access tokens are for. */
  readonly audience: string;
  readonly accessTtl: Milliseconds;
  readonly idle: Milliseconds;
  readonly absolute: Milliseconds;
  readonly grace: Milliseconds;
  readonly bound: Milliseconds;
  /** Origins besides the issuer's that may call with credentials. */
  readonly origins: ReadonlySet<string>;
  readonly signUp: SignUp;
  /** How many proxies in front of us append to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  readonly throttle: boolean;
  readonly alg: SigningAlgorithm;
}

/** Whether the issuer is plain http on localhost: the one place where cookies go without `Secure` and defaults are relaxed. */
export function isLocal(issuer: string): boolean {
  const { protocol, hostname } = new URL(issuer);
  return (
    protocol === "http:" &&
    (hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]" || hostname.endsWith(".localhost"))
  );
}

/** The cookie's name: `__Host-Http-` wherever browsers keep it, plain on http://localhost (RFC 6265bis §4.1.3). */
export function cookieName(issuer: string): "__Host-Http-coatcheck" | "coatcheck" {
  return isLocal(issuer) ? "coatcheck" : "__Host-Http-coatcheck";
}
