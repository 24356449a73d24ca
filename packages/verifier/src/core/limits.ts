import { duration } from "./time.ts";
import type { Milliseconds } from "./time.ts";

/** How far two machines' clocks may differ: how early a token's `iat` may be, and how much longer the log keeps what ended. One constant, used everywhere. */
export const LEEWAY: Milliseconds = duration("30s");

/** The largest request body that is read, in bytes. */
export const MAX_BODY = 64 * 1_024;

/** The longest token that is looked at, in characters. */
export const MAX_TOKEN = 8_192;

/** The largest `session.data`, in bytes of JSON. */
export const MAX_SESSION_DATA = 4_096;

/** How long a "fresh proof" of the person stays fresh. */
export const FRESH_PROOF: Milliseconds = duration("5m");

/** Password length in Unicode code points. */
export const PASSWORD_LENGTH = { min: 8, max: 1_024 } as const;

/** Length of an e-mail address, in characters: a path of 256 octets with its angle brackets (RFC 5321 §4.5.3.1.3). */
export const EMAIL_LENGTH = { max: 254 } as const;
