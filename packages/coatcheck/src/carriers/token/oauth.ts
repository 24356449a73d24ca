import type { ClientProof } from "../../core/clients.ts";
import type { MaybePromise } from "../../core/maybe.ts";
import type { SecurityEvent } from "../../core/events.ts";
import type { Clock } from "../../core/ports.ts";
import { deviceOf } from "../register.ts";
import type { From } from "../register.ts";
import { ownerOfProof } from "./check.ts";
import type { Owner } from "./check.ts";
import { introspectProof } from "./introspect.ts";
import type { Introspected, IntrospectionParts } from "./introspect.ts";
import { issueClientProof } from "./issue.ts";
import type { ClientGrant, ClientToken } from "./issue.ts";

/** What the OAuth endpoints do with tokens besides renewing them. */
export class OAuthTokens {
  readonly #parts: IntrospectionParts;
  readonly #clock: Clock;
  readonly #audit: (event: SecurityEvent) => MaybePromise<void>;

  constructor(parts: IntrospectionParts, deps: { readonly clock: Clock; readonly audit: (event: SecurityEvent) => MaybePromise<void> }) {
    this.#parts = parts;
    this.#clock = deps.clock;
    this.#audit = deps.audit;
  }

  /** A token of a client's own (RFC 6749 §4.4). Whatever ends the client from the moment on that it was read ends the token too. */
  async issue(
    { client, head }: ClientProof,
    { scopes, audience }: Pick<ClientGrant, "scopes" | "audience">,
    from: From,
  ): Promise<ClientToken> {
    await this.#parts.tokens.revocations.sync(); // made with the keys of now
    const token = issueClientProof(this.#parts.tokens, { clientId: client.id, scopes, audience, rsq: head }, this.#clock.now());
    const detail = { clientId: client.id, scopes, audience, ...deviceOf(from) };
    await this.#audit({ event: "client_token_issued", userId: null, sid: null, ip: from.ip, carrier: "token", detail });
    return token;
  }

  /** See {@link introspectProof}. @throws {store_unavailable} */
  introspect(token: string, audiences: readonly string[]): Promise<Introspected | null> {
    return introspectProof(this.#parts, token, audiences, this.#clock.now());
  }

  /** Whom an authentic token was made for, whatever its age; null if it is not authentic. @throws {store_unavailable} */
  ownerOf(token: string): MaybePromise<Owner | null> {
    return ownerOfProof(this.#parts.tokens, token, this.#clock.now());
  }
}
