import { BUILT_IN_CLIENT } from "../../core/ids.ts";
import type { ClientId } from "../../core/ids.ts";
import type { SecurityEvent } from "../../core/events.ts";
import type { Clock, Log } from "../../core/ports.ts";
import type { SessionRecord } from "../../core/session.ts";
import type { Metrics } from "../../observe/metrics.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import { about, deviceOf } from "../register.ts";
import type { From } from "../register.ts";
import type { TokenParts } from "./index.ts";
import { refreshProof } from "./renew.ts";
import type { Refreshed, RefreshRefusal } from "./renew.ts";

export interface RefreshFrom extends From {
  readonly userAgent: string;
}

export interface RefreshDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly audit: (event: SecurityEvent) => MaybePromise<void>;
}

/** Renewing by refresh token, with what the audit trail and the operator must hear of it. */
export class RefreshService {
  readonly #parts: TokenParts;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #audit: RefreshDeps["audit"];
  readonly #metrics: Metrics;

  constructor(parts: TokenParts, deps: RefreshDeps) {
    this.#parts = parts;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#audit = deps.audit;
    this.#metrics = deps.metrics;
  }

  /**
   * Every refusal but `too_often` (429) is `invalid_grant` outside (RFC 6749 §5.2).
   * @param refreshId 16 to 64 base64url characters, the same on every retry of one attempt, or null.
   * @param clientId who shows it, as the client has proved; default: the built-in public client, which has nothing to prove.
   * @throws {store_unavailable}
   */
  async refresh(
    refreshToken: string,
    refreshId: string | null,
    from: RefreshFrom,
    clientId: ClientId = BUILT_IN_CLIENT,
  ): Promise<Refreshed> {
    const refreshed = await refreshProof(this.#parts, refreshToken, refreshId, clientId, this.#clock.now());
    this.#metrics.refreshes.cell(outcomeOf(refreshed)).value += 1;
    if (refreshed.ok) {
      const { session } = refreshed.issued;
      if (refreshed.replayed && isElsewhere(session, from)) await this.#audit(alarm("refresh_replayed_elsewhere", session, from));
    } else if (refreshed.session !== null) {
      await this.#refused(refreshed.reason, refreshed.session, from);
    }
    return refreshed;
  }

  async #refused(reason: RefreshRefusal, session: SessionRecord, from: RefreshFrom): Promise<void> {
    if (reason === "foreign") return this.#audit(alarm("refresh_by_other_client", session, from));
    if (reason === "reuse") return this.#audit(alarm("refresh_reused", session, from));
    if (reason !== "future")
      return this.#audit({ event: "refresh_refused", ...about(session, from), detail: { reason, ...deviceOf(from) } });
    this.#log.error("refresh_token_from_the_future", {
      sid: session.sid,
      mend: "the store lost writes it had acknowledged: look for a restore or a fail-over",
    });
    await this.#audit(alarm("refresh_from_the_future", session, from));
  }
}

type Alarm = "refresh_by_other_client" | "refresh_reused" | "refresh_from_the_future" | "refresh_replayed_elsewhere";

function alarm(event: Alarm, session: SessionRecord, from: RefreshFrom): SecurityEvent {
  const { generation } = session.rotation;
  return { event, ...about(session, from), detail: { generation, ended: session.endedSeq !== null, ...deviceOf(from) } };
}

function outcomeOf(refreshed: Refreshed): string {
  if (!refreshed.ok) return refreshed.reason;
  return refreshed.replayed ? "replayed" : "rotated";
}

function isElsewhere({ device }: SessionRecord, from: RefreshFrom): boolean {
  return device.ip !== from.ip || device.userAgent !== from.userAgent;
}
