import { BUILT_IN_CLIENT } from "../../core/ids.ts";
import type { ClientId } from "../../core/ids.ts";
import type { AuditEvent, Clock, Log } from "../../core/ports.ts";
import type { SessionRecord } from "../../core/session.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import type { TokenParts } from "./index.ts";
import { refreshProof } from "./renew.ts";
import type { Refreshed } from "./renew.ts";

export interface RefreshFrom {
  readonly ip: string;
  readonly userAgent: string;
}

/** Renewing by refresh token, with what the audit trail and the operator must hear of it. */
export class RefreshService {
  readonly #parts: TokenParts;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #audit: (event: Omit<AuditEvent, "at">) => MaybePromise<void>;

  constructor(
    parts: TokenParts,
    deps: { readonly clock: Clock; readonly log: Log; readonly audit: (event: Omit<AuditEvent, "at">) => MaybePromise<void> },
  ) {
    this.#parts = parts;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#audit = deps.audit;
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
    if (refreshed.ok) {
      if (refreshed.replayed && isElsewhere(refreshed.issued.session, from))
        await this.#record("refresh_replayed_elsewhere", refreshed.issued.session, from);
    } else if (refreshed.session !== null) {
      await this.#refused(refreshed.reason, refreshed.session, from);
    }
    return refreshed;
  }

  async #refused(reason: string, session: SessionRecord, from: RefreshFrom): Promise<void> {
    if (reason === "foreign") await this.#record("refresh_by_other_client", session, from);
    if (reason === "reuse") await this.#record("refresh_reused", session, from);
    if (reason !== "future") return;
    this.#log.error("refresh_token_from_the_future", {
      sid: session.sid,
      mend: "the store lost writes it had acknowledged: look for a restore or a fail-over",
    });
    await this.#record("refresh_from_the_future", session, from);
  }

  #record(event: string, session: SessionRecord, from: RefreshFrom): MaybePromise<void> {
    return this.#audit({
      event,
      userId: session.userId,
      sid: session.sid,
      ip: from.ip,
      carrier: session.carrier,
      detail: { generation: session.rotation.generation, userAgent: from.userAgent, ended: session.endedSeq !== null },
    });
  }
}

function isElsewhere({ device }: SessionRecord, from: RefreshFrom): boolean {
  return device.ip !== from.ip || device.userAgent !== from.userAgent;
}
