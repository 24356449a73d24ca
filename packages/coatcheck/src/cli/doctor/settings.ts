import { isPrivateNetwork, networkOf } from "../../accounts/network.ts";
import { isLocal } from "../../core/settings.ts";
import { duration } from "../../core/time.ts";
import type { Duration } from "../../core/time.ts";
import { lasting } from "../inspect/words.ts";
import { fail, ok, warn } from "./check.ts";
import type { Check } from "./check.ts";
import type { Facts } from "./facts.ts";

const LOOPBACK = /^(?:127\.|::1$|localhost$)/;

/** More than these are rare, and each is one that an attacker may stand in for. */
const MANY_PROXIES = 2;

/** How the server is to be reached, and what it allows. */
export const settingChecks: Readonly<Record<string, Check>> = {
  node: ({ node }) => {
    const major = Number(node.split(".")[0]);
    if (major % 2 === 0) return ok(`Node ${node}`);
    return warn(`Node ${node} is a line that is not maintained for long`, "run it with Node 24");
  },

  plain_http: ({ config: { settings, host }, store }) => {
    if (isLocal(settings.issuer) && !LOOPBACK.test(host))
      return fail(
        `others reach ${host} in plain http, and with it every password`,
        "set --issuer to an https address, or --host to 127.0.0.1",
      );
    const others = store?.addresses.filter((ip) => !LOOPBACK.test(ip)) ?? [];
    if (isLocal(settings.issuer) && others.length > 0)
      return fail(
        `people from other machines (${others[0]}) are logged in to a localhost issuer`,
        "set --issuer to the https address that they use",
      );
    if (!isLocal(settings.issuer) && !LOOPBACK.test(host))
      return warn(
        `plain http is listened for on ${host}, and whoever gets there goes round the proxy that speaks https`,
        "let the proxy alone reach that port: a firewall, or --host 127.0.0.1 if the proxy is on this machine",
      );
    return ok(isLocal(settings.issuer) ? "reached from this machine alone" : "the issuer is https, and the port is for this machine alone");
  },

  proxies,

  sign_up: ({ config: { settings } }) =>
    settings.signUp === "at-once" && !isLocal(settings.issuer)
      ? warn("anybody may make an account, with an address that nobody has verified", "set --sign-up closed, unless that is what you want")
      : ok(settings.signUp === "closed" ? "sign-up is closed" : "sign-up is open, on this machine"),

  throttle: ({ config: { settings } }) =>
    settings.throttle ? ok("failed sign-ins are limited") : fail("passwords can be guessed without limit", "take away --throttle off"),

  access_ttl: ({ config: { settings } }) =>
    within(
      settings.accessTtl,
      "15m",
      "an access token is good for",
      "--access-ttl",
      "whoever has the public keys alone accepts one that long, whatever ended",
    ),
  idle: ({ config: { settings } }) =>
    within(
      settings.idle,
      "30d",
      "a session that nobody uses is good for",
      "--idle",
      "a device that is lost or lent stays logged in that long",
    ),
  absolute: ({ config: { settings } }) =>
    within(settings.absolute, "90d", "a session is good for", "--absolute", "one login is good that long without a proof"),
  grace: ({ config: { settings } }) =>
    within(settings.grace, "30s", "a refresh token that was used is good for", "--grace", "one that was stolen goes unnoticed that long"),
  bound: ({ config: { settings } }) =>
    within(settings.bound, "10s", "what has ended may be accepted for", "--bound", "that long may it still be accepted somewhere"),
};

/** Whether the addresses of clients are what the server takes them for: its limits count by them. */
function proxies({ config: { settings }, store }: Facts): ReturnType<Check> {
  const { trustedProxies: count, issuer } = settings;
  const addresses = store?.addresses ?? [];
  if (isLocal(issuer)) {
    if (count === 0) return ok("no proxy in front, and none is trusted");
    return warn(`${count} of what a client writes into X-Forwarded-For is believed, on this machine`, "set --trusted-proxies 0");
  }
  if (count === 0 && addresses.length > 0 && addresses.every(isPrivate))
    return fail(
      `everybody who is logged in seems to come from ${addresses[0]}: a proxy stands in front and is not trusted, so that nothing tells clients apart`,
      "set --trusted-proxies to how many append to X-Forwarded-For, mostly 1",
    );
  if (count === 0)
    return warn(
      "no proxy is trusted, yet something in front speaks https",
      "set --trusted-proxies to how many append to X-Forwarded-For, mostly 1",
    );
  if (count > MANY_PROXIES)
    return warn(
      `${count} proxies are trusted: whoever comes by a way with fewer writes an address of their choice`,
      "count them again, and close other ways",
    );
  return ok(`${count} trusted`);
}

/** One that no client on the internet has, by the rule that keeps the server's own limits from counting a proxy for everybody behind it. */
function isPrivate(ip: string): boolean {
  const network = networkOf(ip);
  return network !== null && isPrivateNetwork(network);
}

/** One that is set longer than people who know recommend. */
function within(ms: number, most: Duration, what: string, flag: string, why: string): ReturnType<Check> {
  if (ms <= duration(most)) return ok(`${what} ${lasting(ms)} at most`);
  return warn(`${what} ${lasting(ms)}: ${why}`, `set ${flag} to ${most} or less`);
}
