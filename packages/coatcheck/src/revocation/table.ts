import type { ClientId, Seq, Sid, UserId } from "../core/ids.ts";
import { seq } from "../core/ids.ts";
import type { LogEntry, LogKind } from "../core/ports.ts";
import type { Instant } from "../core/time.ts";

/** Which scopes a credential stands in, and the log head that it was made at. */
export interface Standing {
  /** Null for a token that no login stands behind. */
  readonly sid: Sid | null;
  readonly userId: UserId | null;
  readonly clientId: ClientId;
  readonly rsq: Seq;
}

const NEVER = seq(-1);

interface Mark {
  readonly seq: Seq;
  readonly expiresAt: Instant;
}

/**
 * The live part of the revocation log, in memory: what has ended and what has changed, by scope.
 * Applying entries is idempotent and commutative: a mark keeps the larger position and the longer life of all that it was given.
 */
export class RevocationTable {
  readonly #marks = new Map<LogKind, Map<string, Mark>>();

  apply(entry: LogEntry): void {
    let byKey = this.#marks.get(entry.kind);
    if (byKey === undefined) this.#marks.set(entry.kind, (byKey = new Map()));
    const known = byKey.get(entry.key);
    byKey.set(entry.key, {
      seq: seq(Math.max(entry.seq, known?.seq ?? NEVER)),
      expiresAt: Math.max(entry.expiresAt, known?.expiresAt ?? 0) as Instant,
    });
  }

  /** Has this credential ended? A session's own end is final; a cutoff of a wider scope ends what was made before it. */
  ended(of: Standing): boolean {
    return this.#at("sid", of.sid) !== NEVER || this.#cutoff(of) > of.rsq;
  }

  /** Has anything that this credential says, or that was cached with it, changed since it was made? */
  stale(of: Standing): boolean {
    return (
      this.#at("invalidate-sid", of.sid) > of.rsq ||
      this.#at("invalidate-user", of.userId) > of.rsq ||
      this.#at("invalidate-all", "") > of.rsq
    );
  }

  /** Has the log said anything about what was read at `of.rsq`? Then read it again. */
  changedSince(of: Standing): boolean {
    return this.#at("sid", of.sid) > of.rsq || this.stale(of) || this.#cutoff(of) > of.rsq;
  }

  /** Was this signing key withdrawn? */
  keyRevoked(kid: string): boolean {
    return this.#at("key", kid) !== NEVER;
  }

  /** Forgets what can hit nothing any more. A withdrawn key is never forgotten. */
  prune(now: Instant): void {
    for (const [kind, byKey] of this.#marks) {
      if (kind === "key") continue;
      for (const [key, mark] of byKey) if (mark.expiresAt < now) byKey.delete(key);
    }
  }

  get size(): number {
    let size = 0;
    for (const byKey of this.#marks.values()) size += byKey.size;
    return size;
  }

  /** The latest over all scopes: of several cutoffs the newest decides, never the narrowest. */
  #cutoff(of: Standing): Seq {
    return seq(Math.max(this.#at("global", ""), this.#at("client", of.clientId), this.#at("user", of.userId)));
  }

  #at(kind: LogKind, key: string | null): Seq {
    return key === null ? NEVER : (this.#marks.get(kind)?.get(key)?.seq ?? NEVER);
  }
}
