import type { CoatcheckError, ErrorRow } from "../core/errors.ts";

/** The names of RFC 6749 §5.2, RFC 7009 §2.2.1 and RFC 8707 §2 that this server says. Closed both ways, like the table of our own codes. */
export const OAUTH_ERRORS = {
  invalid_request: {
    status: 400,
    title: "A parameter is missing, malformed or there twice",
    mend: "Mend the parameter that the description names.",
  },
  invalid_client: {
    status: 401,
    title: "There is no such client, or it has no such secret",
    mend: "Check the client's id and secret; for a refresh token that sign-in gave, send neither.",
  },
  invalid_grant: {
    status: 400,
    title: "The refresh token does not hold",
    mend: "Sign in again: it was used, ended, expired or never made.",
  },
  invalid_scope: { status: 400, title: "That scope is not to be had", mend: "Ask for no more than was granted; a session has no scopes." },
  invalid_target: {
    status: 400,
    title: "That resource is none that this client's tokens may be for",
    mend: "Ask for one that the client was registered with, or for none.",
  },
  unsupported_token_type: {
    status: 400,
    title: "A token of this kind can't be revoked",
    mend: "A client's own token ends with the client, or when its few minutes are over.",
  },
  unsupported_grant_type: { status: 400, title: "This server does not know that grant", mend: "Use one that the description names." },
} as const satisfies Record<string, ErrorRow>;

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
    return OAUTH_ERRORS[this.error].status;
  }
}

/** The standard's nearest name for one of our errors: by fault of the caller, or ours (the names of RFC 6749 §4.1.2.1). */
export function oauthNameOf({ status }: Pick<CoatcheckError, "status">): string {
  if (status === 429 || status === 503) return "temporarily_unavailable";
  return status === 500 ? "server_error" : "invalid_request";
}

/** @throws {invalid_request} An empty parameter is an absent one (RFC 6749 §3.1). */
export function missing(parameter: string): never {
  throw new OAuthError("invalid_request", `The parameter ${parameter} is missing.`);
}
