import type { RefusalReason } from "./verdict.ts";

export interface ErrorRow {
  readonly status: number;
  /** What the outside reads: never says more than the code does. */
  readonly title: string;
  /** What to do about it. */
  readonly mend: string;
}

/** Every error that Coatcheck answers or throws. Closed both ways: nothing is thrown that is not here, nothing here is unused. */
export const ERRORS = {
  bad_request: {
    status: 400,
    title: "The request could not be read",
    mend: "Send well-formed JSON (or, under /oauth, a well-formed form).",
  },
  invalid_credentials: { status: 401, title: "The address or the password is wrong", mend: "Try again, or choose a new password." },
  unauthenticated: { status: 401, title: "Nobody is logged in", mend: "Sign in, then send the cookie or the access token." },
  invalid_token: { status: 401, title: "The access token is not valid", mend: "Refresh it; if that is refused, sign in again." },
  stale_claims: { status: 401, title: "The access token no longer says what is true", mend: "Refresh it and go on." },
  login_required: {
    status: 401,
    title: "The access token is a client's, and nobody is logged in",
    mend: "Sign in: a client's token is for the services that it was granted for, and opens no account.",
  },
  insufficient_user_authentication: {
    status: 401,
    title: "A fresh proof of the person is needed",
    mend: "POST /auth/confirm with the password, then try again.",
  },
  step_up_required: {
    status: 403,
    title: "A fresh proof of the person is needed",
    mend: "POST /auth/confirm with the password, then try again.",
  },
  sign_up_closed: { status: 403, title: "Sign-up is closed", mend: "Ask an administrator for an account." },
  cross_origin: {
    status: 403,
    title: "This call may not come from that origin",
    mend: "Call from the issuer's own origin, or allow yours with --origins.",
  },
  not_found: { status: 404, title: "There is nothing here", mend: "Check the address." },
  method_not_allowed: { status: 405, title: "This address does not know that method", mend: "Use a method that the Allow header names." },
  email_taken: { status: 409, title: "An account with this address exists", mend: "Sign in instead." },
  position_gone: {
    status: 409,
    title: "The log has no such position any more",
    mend: "Take everything anew from the address in snapshot.",
  },
  position_lost: {
    status: 409,
    title: "The log does not have that position, or has another in its place",
    mend: "Take everything anew from the address in snapshot; whoever runs the server looks for lost writes.",
  },
  too_large: { status: 413, title: "The request is too large", mend: "Send at most 64 kB." },
  unsupported_media_type: {
    status: 415,
    title: "The body has the wrong type",
    mend: "Send application/json (under /oauth: application/x-www-form-urlencoded).",
  },
  invalid_input: { status: 422, title: "The input breaks the schema", mend: "Mend the fields that are named." },
  weak_password: {
    status: 422,
    title: "This password is too easy to guess",
    mend: "Choose one that is not on lists of common passwords and not made from your address.",
  },
  too_many_requests: { status: 429, title: "Too many tries", mend: "Wait as long as Retry-After says." },
  too_many_sessions: {
    status: 429,
    title: "This account has begun too many sessions of late",
    mend: "Wait as long as Retry-After says. Sessions that are there live on, and can be ended.",
  },
  store_unavailable: { status: 503, title: "The store is out of reach", mend: "Try again shortly; nobody has been logged out." },
  overloaded: { status: 503, title: "Too much is going on at once", mend: "Try again shortly." },
  internal: { status: 500, title: "Something went wrong inside", mend: "Tell whoever runs this server; the log has the details." },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface ErrorDetails {
  /** For the outside: one sentence about this occurrence, without any secret. */
  readonly detail?: string;
  /** For the outside, with 422: what is wrong with each field. */
  readonly fields?: readonly FieldError[];
  /** For the outside, with 429 and 503: seconds to wait. */
  readonly retryAfter?: number;
  /** For the outside, with 409 of the change feed: the address where everything can be had anew. */
  readonly snapshot?: string;
  /** Stays inside: what really happened. */
  readonly cause?: unknown;
}

export interface FieldError {
  /** A JSON pointer into the body (RFC 6901), for example `/email`. */
  readonly pointer: string;
  readonly detail: string;
}

/** The one error class. Its `code` is stable; its text is for people. */
export class CoatcheckError extends Error {
  override readonly name: string = "CoatcheckError";
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(details.detail ?? ERRORS[code].title, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/**
 * "Can't know": the store did not answer, so nothing may be said about anybody's login.
 * Always thrown, never turned into a refusal: it becomes 503, not 401.
 */
export class StoreUnavailable extends CoatcheckError {
  override readonly name = "StoreUnavailable";

  /** What an operator can do, where more is known than that it happened: for logs and the command line, never for an answer. */
  readonly mend: string | null;

  constructor(cause: unknown, mend: string | null = null) {
    super("store_unavailable", { cause, retryAfter: 1 });
    this.mend = mend;
  }
}

/** The set-up is wrong: the message is one line that says what and how to mend it. Thrown at start only. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Which error a refusal becomes when a route needs somebody to be logged in, by what was shown. */
export function refusalCode(reason: RefusalReason, shown: "cookie" | "token" | "nothing"): ErrorCode {
  if (shown !== "token") return "unauthenticated";
  return reason === "stale" ? "stale_claims" : "invalid_token";
}
