import { isIP } from "node:net";
import type { Log } from "../core/ports.ts";

const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/**
 * One spelling for one address, so that no alias gets a count of its own: lower case, shortest IPv6, IPv4 for `::ffff:1.2.3.4`, no zone, no port.
 * @returns null for what is no address.
 */
export function canonicalAddress(text: string): string | null {
  const bare = withoutPort(text.trim());
  const address = bare.includes(":") ? (bare.split("%", 1)[0] as string) : bare;
  const family = isIP(address);
  if (family === 0) return null;
  if (family === 4) return address;
  // The URL standard's serializer is RFC 5952 but for mapped addresses.
  const shortest = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = MAPPED.exec(shortest);
  return mapped === null ? shortest : ipv4(Number.parseInt(mapped[1] as string, 16), Number.parseInt(mapped[2] as string, 16));
}

function ipv4(high: number, low: number): string {
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

/** `[2001:db8::1]:443` and `192.0.2.1:443` as some proxies write them (RFC 7239 §6). */
function withoutPort(text: string): string {
  const bracket = text.indexOf("]");
  if (text.startsWith("[") && bracket !== -1) return text.slice(1, bracket);
  const colon = text.indexOf(":");
  return colon !== -1 && colon === text.lastIndexOf(":") ? text.slice(0, colon) : text;
}

/** Where a request came from, as far as it can be believed. Empty when there is nothing to see. */
export type ClientAddress = (peer: string | undefined, forwardedFor: string | null) => string;

/**
 * Each proxy appends to `X-Forwarded-For` whom it saw, so only the last `trustedProxies` hops are evidence; all to their left is what the
 * client chose to write. What is no address there falls back to the peer's.
 */
export function createClientAddress(trustedProxies: number, log: Log): ClientAddress {
  let warned = false;
  return (peer, forwardedFor) => {
    const own = (peer === undefined ? null : canonicalAddress(peer)) ?? "";
    if (forwardedFor === null) return own;
    if (trustedProxies === 0) {
      if (!warned)
        log.warn("untrusted_forwarded_for", {
          peer: own,
          mend: "a proxy seems to stand in front: set --trusted-proxies to how many there are",
        });
      warned = true;
      return own;
    }
    const hops = forwardedFor.split(",");
    return canonicalAddress(hops[Math.max(0, hops.length - trustedProxies)] as string) ?? own;
  };
}
