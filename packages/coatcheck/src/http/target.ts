import type { Peer } from "./call.ts";

/** Where a request goes: the path as it was spelt, and the query without its `?`. */
export interface Target {
  readonly path: string;
  readonly query: string;
  /** False if the path on the wire was another spelling than the one that the URL parser made of it. */
  readonly isCanonical: boolean;
}

/** The host is not looked at: the issuer is configured, and never taken from a request. */
export function readTarget(request: Request, peer: Peer): Target {
  const { path, query } = split(request.url);
  return { path, query, isCanonical: peer.target === undefined || split(peer.target).path === path };
}

function split(target: string): Pick<Target, "path" | "query"> {
  const hash = target.indexOf("#");
  const whole = hash === -1 ? target : target.slice(0, hash);
  const mark = whole.indexOf("?");
  const address = mark === -1 ? whole : whole.slice(0, mark);
  return { path: pathOf(address), query: mark === -1 ? "" : whole.slice(mark + 1) };
}

/** Of a path, or of the absolute form that proxies are sent (RFC 9112 §3.2.2). */
function pathOf(address: string): string {
  if (address.startsWith("/")) return address;
  const host = address.indexOf("://");
  const slash = host === -1 ? -1 : address.indexOf("/", host + 3);
  return slash === -1 ? "/" : address.slice(slash);
}
