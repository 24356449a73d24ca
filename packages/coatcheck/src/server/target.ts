import type { IncomingMessage } from "node:http";

const HOST = /^[A-Za-z0-9._~!$&'()*+,;=:[\]%-]*$/;

/**
 * Path and query of a request as they were sent, whichever host it names: `/auth/me` also of `http://anything/auth/me` (RFC 9112 §3.2.2).
 * @returns null for what a server must refuse (RFC 9112 §3.2): more than one Host, one that can't be a host, or a target of no form that we serve.
 */
export function targetOf({ url = "", rawHeaders }: Pick<IncomingMessage, "url" | "rawHeaders">): string | null {
  if (!hostIsSound(rawHeaders)) return null;
  if (url.startsWith("/")) return url;
  const absolute = /^https?:\/\/[^/?#]*/i.exec(url);
  if (absolute === null) return null;
  const rest = url.slice(absolute[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** Of two hosts a proxy in front may have believed the other: that is how requests are smuggled past it. */
function hostIsSound(rawHeaders: readonly string[]): boolean {
  let seen = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== 4 || name.toLowerCase() !== "host") continue;
    seen += 1;
    if (seen > 1 || !HOST.test(rawHeaders[index + 1] as string)) return false;
  }
  return true;
}
