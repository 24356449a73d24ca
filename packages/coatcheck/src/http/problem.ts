import { challengeOf, stepUpChallenge } from "../core/challenge.ts";
import { CoatcheckError, ERRORS } from "../core/errors.ts";
import { FRESH_PROOF } from "../core/limits.ts";
import type { Answer } from "./answer.ts";
import { OAuthError, oauthNameOf } from "./oauth-errors.ts";
import type { Refused } from "./row.ts";

/** Our own routes ask for no other proof than a fresh one. */
const FRESHER = stepUpChallenge({ maxAge: FRESH_PROOF });

/** Whether errors of an address have the form of RFC 6749 §5.2. */
export function hasOAuthErrors(path: string): boolean {
  return path.startsWith("/oauth/");
}

/** The error form of everything but `/oauth/*`: RFC 9457, with a stable `code` and, for 422, each field by name. */
export function problem(error: CoatcheckError, issuer: string): Refused {
  const { code, status, details } = error;
  return {
    status,
    type: "application/problem+json",
    headers: errorHeaders(error),
    body: {
      type: `${issuer}/errors#${code}`,
      title: ERRORS[code].title,
      status,
      detail: details.detail ?? ERRORS[code].mend,
      code,
      ...(details.fields === undefined ? {} : { errors: details.fields }),
    },
  };
}

/** The error form of `/oauth/*`: RFC 6749 §5.2, and our own `code` beside it where the error is one of ours. */
export function oauthProblem(error: OAuthError | CoatcheckError): Answer {
  if (error instanceof OAuthError) {
    const headers = error.status === 401 ? { "WWW-Authenticate": error.challenge } : {};
    return { status: error.status, headers, body: { error: error.error, error_description: error.message } };
  }
  return {
    status: error.status,
    headers: errorHeaders(error),
    body: {
      error: oauthNameOf(error),
      error_description: asciiOnly(error.details.detail ?? ERRORS[error.code].mend),
      code: error.code,
      ...(error.details.snapshot === undefined ? {} : { snapshot: error.details.snapshot }),
    },
  };
}

function errorHeaders({ code, status, details }: CoatcheckError): Record<string, string> {
  if (status === 401) return { "WWW-Authenticate": code === "insufficient_user_authentication" ? FRESHER : challengeOf(code) };
  if (status === 429 || status === 503) return { "Retry-After": String(Math.max(1, Math.ceil(details.retryAfter ?? 1))) };
  return {};
}

/** RFC 6749 §5.2 allows no more in a description. */
function asciiOnly(text: string): string {
  return text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, "'");
}

/** Whatever was thrown, as an error that may be answered: what is not ours is `internal`, and says nothing. */
export function answerable(thrown: unknown): CoatcheckError | OAuthError {
  if (thrown instanceof CoatcheckError || thrown instanceof OAuthError) return thrown;
  return new CoatcheckError("internal", { cause: thrown });
}
