/**
 * Checks access tokens in services that have no store: by public keys and the issuer's change feed, in memory, under a lease.
 * @module
 */
import { ConfigError } from "./core/errors.ts";
import type { Clock, Log } from "./core/ports.ts";
import { isLocal } from "./core/settings.ts";
import type { MachineClocks } from "./revocation/elapsed.ts";
import { consoleLog, webClock, webClocks, webRandom } from "./verifier/machine.ts";
import { Verifier } from "./verifier/verifier.ts";
import type { WhenStale } from "./verifier/verifier.ts";

/** What `createVerifier()` takes. */
export interface VerifierOptions {
  /** The public address of the server, exactly as it says it is. `https`, but for localhost. */
  readonly issuer: string;
  /** Who this service is: tokens must be for it, among others or alone. Default: the issuer. */
  readonly audience?: string;
  /** A client with a secret that the issuer knows (`coatcheck client add`). */
  readonly client: { readonly id: string; readonly secret: string };
  /**
   * What to do while the lease has run out, because the issuer could not be heard. `introspect`: ask it about each token, which fails too while it is away.
   * `refuse`: say at once that it can't be known. Default: `introspect`.
   */
  readonly whenStale?: WhenStale;
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch;
  /** For tests. Default: the machine's. */
  readonly clock?: Clock;
  /** For tests: what the lease is measured by. Default: the machine's. */
  readonly clocks?: MachineClocks;
  /** Where it is told what somebody should see to. Default: warnings and errors as JSON on the console. */
  readonly log?: Log;
}

const OPTIONS: ReadonlySet<string> = new Set(["issuer", "audience", "client", "whenStale", "fetch", "clock", "clocks", "log"]);

/**
 * A verifier that begins to follow the issuer at once. The issuer need not be there yet: until it is, checks throw `store_unavailable`.
 * @throws ConfigError for an option that can't be meant.
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) throw new ConfigError(`there is no option "${unknown}" of a verifier; there are ${[...OPTIONS].join(", ")}`);
  const { issuer, client, whenStale = "introspect" } = options;
  requireIssuer(issuer);
  if (typeof client?.id !== "string" || typeof client.secret !== "string" || client.id === "" || client.secret === "")
    throw new ConfigError("client: give the id and the secret of a client that the issuer knows (coatcheck client add)");
  if (whenStale !== "introspect" && whenStale !== "refuse")
    throw new ConfigError('whenStale: "introspect" or "refuse": what to do while the issuer can\'t be heard');
  return new Verifier({
    ...{ issuer, client: { id: client.id, secret: client.secret }, whenStale, random: webRandom },
    audience: options.audience ?? issuer,
    fetch: options.fetch ?? ((address, init) => fetch(address, init)),
    clock: options.clock ?? webClock,
    clocks: options.clocks ?? webClocks,
    log: options.log ?? consoleLog,
  });
}

/** Whoever could listen on the way would learn the secret, and could say what has not ended. */
function requireIssuer(issuer: string): void {
  if (typeof issuer !== "string" || !URL.canParse(issuer))
    throw new ConfigError("issuer: give the address of the server, like https://login.example.com");
  const { protocol, search, hash, username, password } = new URL(issuer);
  if (search !== "" || hash !== "" || username !== "" || password !== "" || issuer.endsWith("/"))
    throw new ConfigError("issuer: an address without a slash at its end, a query, a fragment or a user's name");
  if (protocol !== "https:" && !isLocal(issuer)) throw new ConfigError("issuer: https, or http on localhost");
}

export { ConfigError, StoreUnavailable } from "./core/errors.ts";
export type {
  CheckOptions,
  CheckedToken,
  Freshness,
  RouteNeeds,
  ShownHeaders,
  VerdictFreshness,
  Verifier,
  VerifierState,
  WhenStale,
} from "./verifier/verifier.ts";
export type { Allowed, Guarded, Refusal } from "./core/guard.ts";
export type { ClientNeeds, Needs, UserNeeds } from "./core/needs.ts";
export type { ClientPrincipal, Principal, RefusalReason, UserPrincipal } from "./core/verdict.ts";
export type { Clock, Log } from "./core/ports.ts";
