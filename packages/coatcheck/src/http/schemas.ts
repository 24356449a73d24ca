import * as v from "valibot";
import { SID } from "../core/ids.ts";
import type { Sid } from "../core/ids.ts";
import { PASSWORD_LENGTH } from "../core/limits.ts";

// One schema for each body, form and query. They check what comes in, and they are what the API's description is made from.
// A message of a check says what was expected, never what came.

/** Text that every store keeps as it is: no lone surrogate, which has no UTF-8. */
const text = v.pipe(
  v.string(),
  v.check((it) => it.isWellFormed(), "must be well-formed Unicode"),
);

const codePoints = (it: string): number => [...it].length;

/** A password that somebody has: as long as any may be, no shorter than nothing. Whether it fits is for the hash to say. */
const knownPassword = v.pipe(
  text,
  v.check((it) => codePoints(it) <= PASSWORD_LENGTH.max, `must have at most ${PASSWORD_LENGTH.max} characters`),
);

/** A password that somebody chooses: length alone is judged here; what is easy to guess, where accounts are kept. */
const newPassword = v.pipe(
  knownPassword,
  v.check((it) => codePoints(it) >= PASSWORD_LENGTH.min, `must have at least ${PASSWORD_LENGTH.min} characters`),
);

/** Longer than any address can be (RFC 5321 §4.5.3.1.3): what is one is decided where accounts are kept. */
const email = v.pipe(text, v.maxLength(320, "must have at most 320 characters"));

const name = v.pipe(
  text,
  v.maxLength(200, "must have at most 200 characters"),
  v.check((it) => !/\p{Cc}/u.test(it), "must hold no control characters"),
);

const carrier = v.optional(v.picklist(["cookie", "token"]), "cookie");

export const signUpBody = v.strictObject({ email, password: newPassword, name: v.optional(name), carrier });
export const signInBody = v.strictObject({ email, password: knownPassword, carrier });
export const signOutBody = v.strictObject({ refresh_token: v.optional(text) });
export const confirmBody = v.strictObject({ password: knownPassword });
export const passwordBody = v.strictObject({ current: knownPassword, new: newPassword });

/** The public name of a session; what can't be one names nothing. */
export const sessionParams = v.strictObject({
  sid: v.pipe(
    v.string(),
    v.regex(SID),
    v.transform((it) => it as Sid),
  ),
});

/** `keep=current` spares the asker; `wait=true` answers only once nobody can accept the ended ones any more. */
export const endAllQuery = v.strictObject({ keep: v.optional(v.picklist(["current"])), wait: v.optional(v.picklist(["true", "false"])) });

/** RFC 6749 §6, and the name of one attempt: the same on every retry of it. */
export const tokenForm = v.strictObject({
  grant_type: v.string(),
  refresh_token: v.optional(v.string()),
  refresh_id: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{16,64}$/, "must be 16 to 64 base64url characters"))),
  scope: v.optional(v.string()),
  client_id: v.optional(v.string()),
  client_secret: v.optional(v.string()),
});

/** RFC 7009 §2.1. The hint is only a hint: our tokens say themselves what they are. */
export const revokeForm = v.strictObject({
  token: v.string(),
  token_type_hint: v.optional(v.string()),
  client_id: v.optional(v.string()),
  client_secret: v.optional(v.string()),
});
