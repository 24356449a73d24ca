import { CoatcheckError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { UserId } from "../core/ids.ts";
import type { Clock, Throttles } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import type { Duration } from "../core/time.ts";

interface CapRow {
  /** What one count is. */
  readonly counts: string;
  /** What has a count of its own. */
  readonly per: string;
  /** At most so many within `window`, which runs from the first of them. */
  readonly limit: number;
  readonly window: Duration;
  readonly code: ErrorCode;
}

/**
 * How much one user may make the log grow. Each session that begins may end as an entry of it, and each new credential is one; the log keeps them for about
 * as long as this window with the default access token life. Nobody signs in every four seconds for twenty minutes, and a suite of tests that shares one account has room.
 * What ends a session is never counted and never refused. The docs print this table.
 */
export const CAPS = {
  starts: {
    counts: "a session that begins, however the person was proved",
    per: "user",
    limit: 300,
    window: "20m",
    code: "too_many_sessions",
  },
  renewals: {
    counts: "a session that is spared or gets a new credential: confirm, password change, `keep=current`",
    per: "user",
    limit: 300,
    window: "20m",
    code: "too_many_requests",
  },
} as const satisfies Record<string, CapRow>;

/** What a user is about to do that makes the log grow. Each is asked once, right before it is done. */
export interface Caps {
  /** @throws {too_many_sessions} */
  start(userId: UserId): Promise<void>;
  /** @throws {too_many_requests} */
  renew(userId: UserId): Promise<void>;
}

/** @param enabled false switches them off. */
export function createCaps(throttles: Throttles, clock: Clock, enabled: boolean): Caps {
  async function take(name: keyof typeof CAPS, userId: UserId): Promise<void> {
    if (!enabled) return;
    const { limit, window, code } = CAPS[name];
    const now = clock.now();
    // The id as it is: it stands in every session's row beside this.
    const until = await throttles.take({ key: `${name}:${userId}`, limit, window: duration(window) }, now);
    if (until !== null) throw new CoatcheckError(code, { retryAfter: Math.ceil((until - now) / 1_000) });
  }
  return { start: (userId) => take("starts", userId), renew: (userId) => take("renewals", userId) };
}
