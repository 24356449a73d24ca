import type { AuditEvent } from "./ports.ts";
import type { JsonValue } from "./session.ts";
import { duration } from "./time.ts";

/**
 * How long the trail keeps what was done, what was only refused, and what is done all day. The second is what strangers can cause as often as they like,
 * the third what a client may do so: of both the trail takes so many an hour, and no more.
 */
export const KEPT = { deed: duration("400d"), refusal: duration("30d"), routine: duration("30d") } as const;

export type Kept = keyof typeof KEPT;

interface EventRow {
  readonly kept: Kept;
  readonly meaning: string;
  /** What `detail` says besides who, what, when and from where; none of it is a secret or was typed as one. */
  readonly fields: Readonly<Record<string, string>>;
}

const DEVICE = "browser and system in words, made from the User-Agent";

/** Every security event there is. `docs/audit.md` is this table; an event that is not in it can't be written. */
export const EVENTS = {
  sign_up: { kept: "deed", meaning: "Somebody made an account.", fields: { device: DEVICE } },
  session_started: {
    kept: "deed",
    meaning: "A login: somebody proved who they are and got a session.",
    fields: { amr: "how it was proved (RFC 8176)", replaces: "sid that the same request ended, or null", device: DEVICE },
  },
  session_confirmed: {
    kept: "deed",
    meaning: "Somebody who is logged in proved themselves again and got a new credential.",
    fields: { amr: "how it was proved", device: DEVICE },
  },
  password_changed: {
    kept: "deed",
    meaning: "A password was changed by its owner; every other session of theirs ended.",
    fields: { amr: "how the owner was proved", device: DEVICE },
  },
  session_ended: {
    kept: "deed",
    meaning: "One session was ended.",
    fields: {
      why: "sign_out, revoked, ended_by_user, ended_by_application, ended_by_administrator",
      by: "sid of the session that asked, if another",
      device: DEVICE,
    },
  },
  sessions_ended: {
    kept: "deed",
    meaning: "All sessions of a user were ended, but the one in sid if there is one.",
    fields: {
      why: "ended_everywhere, ended_by_application, ended_by_administrator, user_disabled, password_set",
      ended: "how many",
      device: DEVICE,
    },
  },
  refresh_reused: {
    kept: "deed",
    meaning: "A refresh token was shown again after its successor had been used: it was copied, and its session ended.",
    fields: { generation: "the session's own by now", ended: "whether the session has ended", device: DEVICE },
  },
  refresh_from_the_future: {
    kept: "deed",
    meaning: "An authentic refresh token of a generation that the store has not reached: the store lost writes.",
    fields: { generation: "the session's own", ended: "whether the session has ended", device: DEVICE },
  },
  refresh_replayed_elsewhere: {
    kept: "refusal",
    meaning: "A refresh token was shown a second time within its grace, by another address or device than the session's.",
    fields: { generation: "the session's own", ended: "whether the session has ended", device: DEVICE },
  },
  refresh_by_other_client: {
    kept: "refusal",
    meaning: "An authentic refresh token was shown by another client than it was issued to.",
    fields: { generation: "the session's own", ended: "whether the session has ended", device: DEVICE },
  },
  refresh_refused: {
    kept: "refusal",
    meaning: "An authentic refresh token was refused.",
    fields: { reason: "ended, expired, idle, disabled, forged (of no generation of its session), too_often", device: DEVICE },
  },
  sign_up_refused: {
    kept: "refusal",
    meaning: "A try to make an account was turned away. The address that was typed is not kept.",
    fields: { reason: "email_taken, too_many_requests", device: DEVICE },
  },
  sign_in_refused: {
    kept: "refusal",
    meaning: "A sign-in failed. For an address that nobody has an account for there is no user, and what was typed is not kept.",
    fields: { reason: "unknown, disabled, wrong (password), too_many_requests", device: DEVICE },
  },
  confirm_refused: {
    kept: "refusal",
    meaning: "Somebody who is logged in could not prove themselves again.",
    fields: { reason: "unknown, disabled, wrong, too_many_requests", device: DEVICE },
  },
  password_change_refused: {
    kept: "refusal",
    meaning: "A change of password failed for want of the current one.",
    fields: { reason: "unknown, disabled, wrong, too_many_requests", device: DEVICE },
  },
  session_refused: {
    kept: "refusal",
    meaning: "Somebody got no session, or no new credential for one: they had too many of late for one user.",
    fields: { reason: "too_many_sessions, too_many_requests", device: DEVICE },
  },
  step_up_required: {
    kept: "refusal",
    meaning: "A call that needs a fresh proof of the person came without one.",
    fields: { route: "the route's pattern", device: DEVICE },
  },
  disabled_user_refused: {
    kept: "refusal",
    meaning: "An authentic credential of a user who is gone or disabled was shown.",
    fields: { route: "the route's pattern", device: DEVICE },
  },
  cross_origin: {
    kept: "refusal",
    meaning: "A call that changes something came from an origin that may not.",
    fields: { route: "the route's pattern", site: "Sec-Fetch-Site", origin: "Origin", device: DEVICE },
  },
  ambiguous_cookie: {
    kept: "refusal",
    meaning: "Two cookies of ours with different values: somebody may have planted one. Neither counted.",
    fields: { device: DEVICE },
  },
  user_added: { kept: "deed", meaning: "An administrator made an account.", fields: { roles: "its roles" } },
  user_disabled: { kept: "deed", meaning: "An account was disabled, and every session of its user ended.", fields: {} },
  user_enabled: { kept: "deed", meaning: "A disabled account was enabled; what had ended stays ended.", fields: {} },
  password_set: { kept: "deed", meaning: "An administrator set a password, and every session of the user ended.", fields: {} },
  roles_set: { kept: "deed", meaning: "A user's roles were replaced.", fields: { before: "the roles before", after: "the roles since" } },
  client_added: {
    kept: "deed",
    meaning: "An OAuth client was made.",
    fields: { clientId: "which", scopes: "what it may ask for", audiences: "what its tokens may be for" },
  },
  client_removed: {
    kept: "deed",
    meaning: "An OAuth client was removed, and all that was made for it ended.",
    fields: { clientId: "which" },
  },
  client_disabled: {
    kept: "deed",
    meaning: "An OAuth client was disabled, and all that was made for it ended.",
    fields: { clientId: "which" },
  },
  client_enabled: { kept: "deed", meaning: "A disabled OAuth client was enabled.", fields: { clientId: "which" } },
  client_token_issued: {
    kept: "routine",
    meaning: "An OAuth client got an access token of its own (client_credentials).",
    fields: { clientId: "which", scopes: "what it may do", audience: "what it is for", device: DEVICE },
  },
  client_refused: {
    kept: "refusal",
    meaning: "An OAuth client could not prove itself.",
    fields: { reason: "why", clientId: "which, if there is such a client", device: DEVICE },
  },
  key_made: {
    kept: "deed",
    meaning: "The first signing key of its algorithm was made.",
    fields: { kid: "which", alg: "its algorithm", signsFrom: "when it begins to sign", by: "start, schedule or command" },
  },
  key_rotated: {
    kept: "deed",
    meaning: "A new signing key was made, which takes over.",
    fields: { kid: "which", alg: "its algorithm", signsFrom: "when it begins to sign", by: "start, schedule or command" },
  },
  key_revoked: {
    kept: "deed",
    meaning: "A signing key was withdrawn: what it signed is refused, and its private half erased.",
    fields: { kid: "which", by: "command" },
  },
  key_removed: { kept: "deed", meaning: "A signing key went, as nothing that it signed holds any more.", fields: { kid: "which" } },
  secret_rotated: {
    kept: "deed",
    meaning: "The signing keys were sealed under another master secret.",
    fields: { resealed: "how many keys", secrets: "how many secrets can be read with" },
  },
  store_moved: {
    kept: "deed",
    meaning: "Everything was moved here from another store (coatcheck migrate). Nobody was logged out.",
    fields: { from: "the store that it came from", rows: "how many rows" },
  },
  audit_suppressed: {
    kept: "deed",
    meaning: "More of one kind came within an hour than the trail takes: the rest, summed up.",
    fields: { counts: "how many, by event" },
  },
} as const satisfies Readonly<Record<string, EventRow>>;

export type EventName = keyof typeof EVENTS;

/** The events that are kept for as long as this kind is. */
export function eventsOf(kind: Kept): readonly EventName[] {
  return (Object.keys(EVENTS) as EventName[]).filter((name) => EVENTS[name].kept === kind);
}

/** A security event as it is reported: one of the table, with fields that the table knows. */
export type SecurityEvent = {
  [Name in EventName]: Omit<AuditEvent, "at" | "event" | "detail"> & {
    readonly event: Name;
    readonly detail: { readonly [Field in keyof (typeof EVENTS)[Name]["fields"]]?: JsonValue };
  };
}[EventName];
