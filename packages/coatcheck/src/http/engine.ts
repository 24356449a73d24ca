import type { Carrier } from "../carriers/carrier.ts";
import type { SessionService } from "../carriers/sessions.ts";
import type { OAuthTokens } from "../carriers/token/oauth.ts";
import type { RefreshService } from "../carriers/token/refresh.ts";
import type { ClientAuthentication } from "../accounts/clients.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { SecurityEvent } from "../core/events.ts";
import type { Clock, Log, Store } from "../core/ports.ts";
import type { Settings } from "../core/settings.ts";
import type { CarrierName } from "../core/session.ts";
import type { UserDirectory } from "../core/users.ts";
import type { MaybePromise } from "../core/maybe.ts";
import type { Verdict } from "../core/verdict.ts";
import type { PublicJwk } from "../crypto/jwk.ts";
import type { Revocations } from "../revocation/revocations.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Tracer } from "../observe/tracer.ts";
import type { ChangeFeed } from "./changes/feed.ts";

/** Public keys as a JWK Set (RFC 7517). */
export interface PublicKeys {
  /** As they are in the store now, or were when it was last in reach. */
  jwks(): Promise<{ readonly keys: readonly PublicJwk[] }>;
}

/** Everything that the routes stand on, wired by `compose.ts`. */
export interface Engine {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly users: UserDirectory;
  /** Null when the application has users of its own: then sign-up, sign-in, confirm and password do not exist (404). */
  readonly accounts: Accounts | null;
  readonly carriers: Readonly<Record<CarrierName, Carrier>>;
  readonly sessions: SessionService;
  readonly tokens: RefreshService;
  /** Who a client with a secret is. */
  readonly clients: ClientAuthentication;
  readonly oauth: OAuthTokens;
  readonly keys: PublicKeys;
  /** What this process knows of the log, and how fresh that is. */
  readonly revocations: Pick<Revocations, "sync" | "settled">;
  /** The log, for services without the store. */
  readonly changes: ChangeFeed;
  /** Writes a security event to the trail and the log. Never fails: what has happened is not undone by a trail that can't be written. */
  audit(event: SecurityEvent): MaybePromise<void>;
  /** Tells this process's requests in the log from those of others. */
  readonly instance: string;
  readonly metrics: Metrics;
  /** Null if nobody could be watching. */
  readonly tracer: Tracer | null;
  /** Whether this opens `/metrics`; null: there is no such address. */
  readonly opensMetrics: ((token: string) => boolean) | null;
  /** Whether each request gets a line in the log. */
  readonly logRequests: boolean;
}

/** Header values as a request shows them. Node joins repeated cookies with `; `. */
export interface Credentials {
  readonly cookie?: string | null | undefined;
  readonly authorization?: string | null | undefined;
}

export type Check = (credentials: Credentials) => MaybePromise<Verdict>;
