import type { CoatcheckError } from "../core/errors.ts";

/** The names of RFC 6749 §5.2 that this server says, with their status. */
export const OAUTH_ERRORS = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  invalid_scope: 400,
  unsupported_grant_type: 400,
} as const satisfies Record<string, number>;

export type OAuthErrorName = keyof typeof OAUTH_ERRORS;

/** A refusal in the words of RFC 6749: for `/oauth/*` alone. */
export class OAuthError extends Error {
  override readonly name = "OAuthError";
  readonly error: OAuthErrorName;
  /** With 401, the scheme that was tried comes too (RFC 6749 §5.2). */
  readonly challenge: string;

  constructor(error: OAuthErrorName, description: string, challenge = "Bearer") {
    super(description);
    this.error = error;
    this.challenge = challenge;
  }

  get status(): number {
    return OAUTH_ERRORS[this.error];
  }
}

/** The standard's nearest name for one of our errors: by fault of the caller, or ours (the names of RFC 6749 §4.1.2.1). */
export function oauthNameOf({ status }: CoatcheckError): string {
  if (status === 429 || status === 503) return "temporarily_unavailable";
  return status === 500 ? "server_error" : "invalid_request";
}
