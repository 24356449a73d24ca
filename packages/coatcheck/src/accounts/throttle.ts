import { CoatcheckError } from "../core/errors.ts";
import type { Clock, ThrottleRule, Throttles } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import type { Duration } from "../core/time.ts";
import { encode } from "../crypto/base64url.ts";
import { hmac } from "../crypto/hash.ts";
import { isPrivateNetwork, networkOf } from "./network.ts";

interface ThrottleRow {
  /** What one count is. */
  readonly counts: string;
  /** What has a count of its own. */
  readonly per: string;
  /** At most so many within `window`, which runs from the first of them. */
  readonly limit: number;
  readonly window: Duration;
}

const FAILED = "a wrong password at sign-in, confirm or password change";

/**
 * Every throttle. Only what failed is counted (and each try to sign up); a try that is turned away counts nothing, so a window always ends. An
 * address that nobody has an account for is counted like any other. The docs print this table.
 */
export const THROTTLES = {
  account: { counts: FAILED, per: "account, from all networks together that it is not known on", limit: 10, window: "15m" },
  knownNetwork: { counts: FAILED, per: "account and network that it signed in from within 90 days", limit: 10, window: "15m" },
  network: { counts: FAILED, per: "network: an IPv4 address or an IPv6 /64", limit: 50, window: "15m" },
  client: {
    counts: "an OAuth client's wrong secret, or no such client",
    per: "network: an IPv4 address or an IPv6 /64",
    limit: 50,
    window: "15m",
  },
  signUp: { counts: "a try to sign up", per: "network: an IPv4 address or an IPv6 /64", limit: 20, window: "1h" },
} as const satisfies Record<string, ThrottleRow>;

/**
 * How long an account stays known on a network after it last signed in from there. The mark is a count too, full at one: nothing is refused by
 * it, it only says which row applies, so that nobody else's failures can lock the owner out.
 */
const KNOWN = { limit: 1, window: "90d" } as const;

/** One try, on its way past the counts. */
export interface Door {
  /** Asked at the door, and again just before the hash: of many tries at once no more get through than hash at the same time. @throws {too_many_requests} */
  enter(): Promise<void>;
  count(): Promise<void>;
}

export interface ProofDoor extends Door {
  /** Forgets the account's failures from here and makes this network known. The network's own count stays: others are behind it. */
  succeeded(): Promise<void>;
}

export interface Throttle {
  /** @param email canonical, whether or not an account has it. @param ip as the request came from; empty if there is none to see. */
  proof(email: string, ip: string): Promise<ProofDoor>;
  client(ip: string): Door;
  signUp(ip: string): Door;
}

export interface ThrottleOptions {
  readonly throttles: Throttles;
  readonly clock: Clock;
  /** False switches everything off. */
  readonly enabled: boolean;
  /** Keys the hashes that counts are kept under: a copy of the store alone names no address. */
  readonly key: () => Uint8Array;
  /** False: private and loopback addresses get no count of their network, as they may be those of a proxy that was not declared. */
  readonly privateNetworks: boolean;
}

export function createThrottle({ throttles, clock, enabled, key, privateNetworks }: ThrottleOptions): Throttle {
  if (!enabled) return OPEN;

  const rule = (name: string, { limit, window }: Pick<ThrottleRow, "limit" | "window">, ...of: readonly string[]): ThrottleRule => ({
    key: `${name}:${encode(hmac(key(), of.join("\n")))}`,
    limit,
    window: duration(window),
  });

  function networkRules(name: "network" | "client" | "signUp", network: string | null): readonly ThrottleRule[] {
    if (network === null || (!privateNetworks && isPrivateNetwork(network))) return [];
    return [rule(name, THROTTLES[name], network)];
  }

  function door(rules: readonly ThrottleRule[]): Door {
    return {
      enter: async () => {
        const now = clock.now();
        const until = await throttles.blockedUntil(rules, now);
        if (until !== null) throw new CoatcheckError("too_many_requests", { retryAfter: Math.ceil((until - now) / 1_000) });
      },
      count: async () => throttles.count(rules, clock.now()),
    };
  }

  return {
    proof: async (email, ip) => {
      const network = networkOf(ip);
      const marks = network === null ? [] : [rule("known", KNOWN, email, network)];
      const known = (await throttles.blockedUntil(marks, clock.now())) !== null;
      const own = known
        ? rule("knownNetwork", THROTTLES.knownNetwork, email, network as string)
        : rule("account", THROTTLES.account, email);
      return {
        ...door([own, ...networkRules("network", network)]),
        succeeded: async () => {
          // The mark goes with the failures and comes back at once: its window runs from its first count.
          await throttles.forget([own.key, ...marks.map((mark) => mark.key)]);
          await throttles.count(marks, clock.now());
        },
      };
    },
    client: (ip) => door(networkRules("client", networkOf(ip))),
    signUp: (ip) => door(networkRules("signUp", networkOf(ip))),
  };
}

const nothing = async (): Promise<void> => undefined;
const OPEN_DOOR: ProofDoor = { enter: nothing, count: nothing, succeeded: nothing };
const OPEN: Throttle = { proof: async () => OPEN_DOOR, client: () => OPEN_DOOR, signUp: () => OPEN_DOOR };
