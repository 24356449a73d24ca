import * as v from "valibot";
import { SID } from "../core/ids.ts";
import type { Sid } from "../core/ids.ts";
import { EMAIL_LENGTH, PASSWORD_LENGTH } from "../core/limits.ts";
import { atLeast, atMost, noControls, wellFormed } from "./rule.ts";

// One schema for each body, form and query. They check what comes in, and they are what the API's description is made from.

/** Text that every store keeps as it is. */
const text = v.pipe(v.string(), wellFormed());

/** A password that somebody has: as long as any may be, no shorter than nothing. Whether it fits is for the hash to say. */
const knownPassword = v.pipe(text, atMost(PASSWORD_LENGTH.max), v.examples(["correct horse battery"]));

/** A password that somebody chooses: length alone is judged here; what is easy to guess, where accounts are kept. */
const newPassword = v.pipe(knownPassword, atLeast(PASSWORD_LENGTH.min), v.description("Any characters, none of them needed."));

/** No longer than any address can be: what is one is decided where accounts are kept. */
const email = v.pipe(text, atMost(EMAIL_LENGTH.max), v.examples(["ada@example.com"]));

const name = v.pipe(text, atMost(200), noControls(), v.description("Shown to its owner."));

const carrier = v.optional(
  v.pipe(
    v.picklist(["cookie", "token"]),
    v.description("What the client will carry: a cookie in `Set-Cookie`, or tokens in the answer's body."),
  ),
  "cookie",
);

export const signUpBody = v.strictObject({ email, password: newPassword, name: v.optional(name), carrier });
export const signInBody = v.strictObject({ email, password: knownPassword, carrier });
export const signOutBody = v.strictObject({ refresh_token: v.optional(v.pipe(text, v.description("Its session ends too."))) });
export const confirmBody = v.strictObject({ password: knownPassword });
export const passwordBody = v.strictObject({ current: knownPassword, new: newPassword });

/** The public name of a session; what can't be one names nothing. */
export const sessionParams = v.strictObject({
  sid: v.pipe(
    v.string(),
    v.regex(SID),
    v.description("The session's public name."),
    v.transform((it) => it as Sid),
  ),
});

/** `keep=current` spares the asker; `wait=true` answers only once nobody can accept the ended ones any more. */
export const endAllQuery = v.strictObject({
  keep: v.optional(v.pipe(v.picklist(["current"]), v.description("Spares the session that asks, and needs a fresh proof."))),
  wait: v.optional(
    v.pipe(
      v.picklist(["true", "false"]),
      v.description(
        "Answers once nobody accepts the ended ones any more, no process and no verifier: in milliseconds as a rule, within the bound at most. 503 if that can't be known; they have ended all the same.",
      ),
    ),
  ),
});

const said = (description: string) => v.pipe(v.string(), v.description(description));

/** Who the client is, as far as the form says it (RFC 6749 §2.3.1). */
const clientFields = {
  client_id: v.optional(said("The client's id; the built-in public client unless given.")),
  client_secret: v.optional(said("The client's secret, where it is not shown by HTTP Basic.")),
};

/** RFC 6749 §4.4 and §6, RFC 8707 §2, and the name of one attempt: the same on every retry of it. */
export const tokenForm = v.strictObject({
  grant_type: said("`refresh_token` or `client_credentials`."),
  refresh_token: v.optional(said("With `refresh_token`: the newest one.")),
  refresh_id: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9_-]{16,64}$/, "must be 16 to 64 base64url characters"),
      v.description("With `refresh_token`: a name for this attempt, the same on every retry of it, so that a lost answer logs nobody out."),
    ),
  ),
  scope: v.optional(
    said(
      "With `client_credentials`: some of what the client may, separated by spaces; all of it unless given. A session has none: any is `invalid_scope`.",
    ),
  ),
  resource: v.optional(
    said(
      "With `client_credentials`: whom the token is for, one of the client's audiences; the first of them unless given. With `refresh_token`: no other than the session's own.",
    ),
  ),
  ...clientFields,
});

/** RFC 7009 §2.1. The hint is only a hint: our tokens say themselves what they are. */
export const revokeForm = v.strictObject({
  token: said("An access or a refresh token."),
  token_type_hint: v.optional(said("Not needed: tokens say themselves what they are.")),
  ...clientFields,
});

/** How a position of the log is written: every one that a number can hold exactly. */
export const POSITION: RegExp = /^(?:0|[1-9]\d{0,14}|[1-8]\d{15})$/;

export const changesQuery = v.strictObject({
  from: v.optional(
    v.pipe(
      v.string(),
      v.regex(POSITION, "must be a position of the log"),
      v.examples(["0"]),
      v.description("The position up to which everything is known: `head` of the last answer. 0, the default, asks for everything."),
    ),
    "0",
  ),
  mark: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9_-]{1,64}$/, "must be a mark that came with a position"),
      v.examples(["kPz0vQ3mW1b8xYtR"]),
      v.description(
        "The `mark` that came with that position: with another than the log has there it is 409. Without it, whoever asks is noted as having applied nothing.",
      ),
    ),
  ),
  wait: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^(?:[12]?\d|30)$/, "must be 0 to 30 seconds"),
      v.examples(["0"]),
      v.description("Seconds, 30 at most: if nothing is new, the answer comes when something is, or when they are over."),
    ),
    "0",
  ),
  verifier: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9_-]{16,64}$/, "must be 16 to 64 base64url characters"),
      v.examples(["a-name-for-this-process"]),
      v.description(
        "A name for the process that asks, made anew at each of its starts. Without it several may be meant, so what one has applied says nothing of the others: log-outs that wait for them wait the whole lease.",
      ),
    ),
  ),
});

/** RFC 7662 §2.1. */
export const introspectForm = v.strictObject({
  token: said("An access or a refresh token."),
  token_type_hint: v.optional(said("Not needed: tokens say themselves what they are.")),
  ...clientFields,
});
