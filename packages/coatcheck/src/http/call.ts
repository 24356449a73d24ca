import type { From } from "../carriers/register.ts";
import type { Device } from "../core/session.ts";
import type { Instant } from "../core/time.ts";
import { describeDevice } from "./device.ts";
import type { Located } from "./locate.ts";
import type { Note } from "./note.ts";
import type { WatchedPeer } from "./observe.ts";
import type { Site } from "./site.ts";

/** One request, as far as it was read before its route runs. */
export interface Call {
  readonly site: Site;
  readonly request: Request;
  readonly now: Instant;
  /** The client's address, canonical; empty if there is none to see. */
  readonly ip: string;
  readonly device: Device;
  readonly located: Located;
  /** The route's path pattern: what logs may say of the address. */
  readonly route: string;
  /** What stands in the path where the pattern has `{name}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: string;
  readonly note: Note;
}

/** Who is at the other end of the connection, as the server saw it. */
export interface Peer {
  readonly address?: string | undefined;
  /**
   * The request target as it stood on the wire (RFC 9112 §3.2). A `Request` has its path normalised already: with this, a second spelling of a path
   * is not found instead of quietly being the same one.
   */
  readonly target?: string | undefined;
  /** There if the request is a part of one that is watched already: a page's. */
  readonly note?: Note | undefined;
}

/** Where a call comes from, for the trail. */
export function fromOf({ ip, device }: Call): From {
  return { ip, device: device.label };
}

export function openCall(site: Site, request: Request, peer: WatchedPeer, at: Pick<Call, "route" | "params" | "query">): Call {
  const { headers } = request;
  const ip = site.addressOf(peer.address, headers.get("x-forwarded-for"));
  return {
    ...at,
    note: peer.note,
    site,
    request,
    now: site.engine.clock.now(),
    ip,
    device: describeDevice(headers.get("user-agent"), ip),
    located: site.locate({ cookie: headers.get("cookie"), authorization: headers.get("authorization") }),
  };
}
