import type { ClientId, Seq, Sid, UserId } from "../core/ids.ts";
import { seq } from "../core/ids.ts";
import type { LogEntry, LogKind } from "../core/ports.ts";
import type { Instant } from "../core/time.ts";
import { LastingMarks, NamedMarks, UNMARKED } from "./marks.ts";
import { AgeingSidMarks } from "./sids.ts";

/** Which scopes a credential stands in, and the log head that it was made at. */
export interface Standing {
  /** Null for a token that no login stands behind. */
  readonly sid: Sid | null;
  readonly userId: UserId | null;
  readonly clientId: ClientId;
  readonly rsq: Seq;
}

/** The latest position for each key of one kind. */
interface Marks {
  readonly size: number;
  /** {@link UNMARKED} if there is none. */
  get(key: string): Seq;
  raise(key: string, to: Seq, expiresAt: Instant): void;
  prune(now: Instant): void;
}

/**
 * The live part of the revocation log, in memory: what has ended and what has changed, by scope.
 * Applying entries is idempotent and commutative: a mark keeps the larger position and the longer life of all that it was given.
 */
export class RevocationTable {
  /** Sessions are many, and named by 16 bytes; the others are few, and named anyhow. */
  readonly #marks: Readonly<Record<LogKind, Marks>> = {
    sid: new AgeingSidMarks(),
    "invalidate-sid": new AgeingSidMarks(),
    user: new NamedMarks(),
    "invalidate-user": new NamedMarks(),
    client: new NamedMarks(),
    key: new LastingMarks(),
    "invalidate-keys": new NamedMarks(),
    global: new NamedMarks(),
    "invalidate-all": new NamedMarks(),
  };

  apply(entry: LogEntry): void {
    this.#marks[entry.kind].raise(entry.key, entry.seq, entry.expiresAt);
  }

  /** Has this credential ended? A session's own end is final; a cutoff of a wider scope ends what was made before it. */
  ended(of: Standing): boolean {
    return this.#at("sid", of.sid) !== UNMARKED || this.#cutoff(of) > of.rsq;
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
    return this.#at("key", kid) !== UNMARKED;
  }

  /** Forgets what can hit nothing any more, now or later. A withdrawn key is never forgotten. */
  prune(now: Instant): void {
    for (const marks of Object.values(this.#marks)) marks.prune(now);
  }

  get size(): number {
    return Object.values(this.#marks).reduce((sum, { size }) => sum + size, 0);
  }

  /** The latest over all scopes: of several cutoffs the newest decides, never the narrowest. */
  #cutoff(of: Standing): Seq {
    return seq(Math.max(this.#at("global", ""), this.#at("client", of.clientId), this.#at("user", of.userId)));
  }

  #at(kind: LogKind, key: string | null): Seq {
    return key === null ? UNMARKED : this.#marks[kind].get(key);
  }
}
