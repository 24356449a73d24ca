import { hash, timingSafeEqual } from "node:crypto";

// The least that does the same work by hand: what a check of ours is measured against, in the same run.

interface Kept {
  readonly sid: string;
  readonly userId: string;
  readonly hash: Buffer;
  readonly expiresAt: number;
}

/** Cut the cookie, look its session up in a map, hash the secret, compare, judge its age, probe what has ended. */
export function cookieByHand(name: string, sessions: ReadonlyMap<string, Kept>, ended: ReadonlySet<string>) {
  const start = `${name}=`;
  return (header: string | undefined): string | null => {
    const from = header?.indexOf(start) ?? -1;
    if (header === undefined || from === -1) return null;
    const end = header.indexOf(";", from);
    const ticket = Buffer.from(header.slice(from + start.length, end === -1 ? undefined : end), "base64url");
    const session = sessions.get(ticket.toString("base64url", 0, 16));
    if (session === undefined || !timingSafeEqual(sha256(ticket.subarray(16, 48)), session.hash)) return null;
    if (Date.now() >= session.expiresAt || ended.has(session.sid) || ended.has(session.userId)) return null;
    return session.userId;
  };
}

export function kept(ticket: string, userId: string): readonly [string, Kept] {
  const bytes = Buffer.from(ticket, "base64url");
  const sid = bytes.toString("base64url", 0, 16);
  return [sid, { sid, userId, hash: sha256(bytes.subarray(16, 48)), expiresAt: Date.now() + 86_400_000 }];
}

/** By way of a text it takes a third of the time that it takes as bytes. */
function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash("sha256", bytes, "binary"), "binary");
}

interface Claims {
  readonly sid: string;
  readonly sub: string;
  readonly exp: number;
}

export function known(token: string): readonly [string, Claims] {
  return [token, JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as Claims];
}

/** Find the verified token by its text, judge its age, probe what has ended. */
export function tokenByHand(tokens: ReadonlyMap<string, Claims>, ended: ReadonlySet<string>) {
  return (header: string | undefined): string | null => {
    const claims = header?.startsWith("Bearer ") === true ? tokens.get(header.slice(7)) : undefined;
    if (claims === undefined || Date.now() >= claims.exp * 1_000 || ended.has(claims.sid) || ended.has(claims.sub)) return null;
    return claims.sub;
  };
}
