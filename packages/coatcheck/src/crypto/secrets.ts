import { StoreUnavailable } from "../core/errors.ts";
import { equal } from "./constant-time.ts";
import { hkdf } from "./hash.ts";

/** The keys that one master secret stands for, each for one use, none computable from another (HKDF, RFC 5869). */
export interface DerivedSecret {
  /** Four bytes that name the secret inside a refresh token; they say nothing about it. */
  readonly id: Uint8Array;
  /** Marks tickets as ours. Losing it opens nothing: it only spares reads. */
  readonly ticketKey: Uint8Array;
  /** Derives refresh tokens, together with the salt of their record. */
  readonly refreshKey: Uint8Array;
  /** Marks refresh tokens as ours, so that made-up ones cost no read. */
  readonly refreshCheckKey: Uint8Array;
  /** Seals private signing keys at rest. */
  readonly sealKey: Uint8Array;
  /** Hides addresses in the keys of throttle counts. */
  readonly throttleKey: Uint8Array;
}

/** The first secret writes, all of them read: that is how a secret is replaced with nobody logged out. */
export interface Secrets {
  readonly writer: DerivedSecret;
  readonly readers: readonly DerivedSecret[];
  /** False while others may write under a secret that this process was told of and could not read. */
  readonly complete: boolean;
}

/** Secrets that are read again while they are in use. */
export interface LiveSecrets extends Secrets {
  /** @throws whatever reading throws: what was known stays known, and {@link Secrets.complete} is false until it succeeds. */
  reread(): void;
}

export function deriveSecrets(masters: readonly Uint8Array[]): Secrets {
  const readers = masters.map(derive);
  const [writer] = readers;
  if (writer === undefined) throw new TypeError("at least one secret is needed");
  return { writer, readers, complete: true };
}

/** @param read gives the master secrets as they are now. @throws whatever `read` throws. */
export function liveSecrets(read: () => readonly Uint8Array[]): LiveSecrets {
  let masters = read();
  let known = deriveSecrets(masters);
  let complete = true;
  return {
    get writer() {
      return known.writer;
    },
    get readers() {
      return known.readers;
    },
    get complete() {
      return complete;
    },
    reread() {
      complete = false;
      const now = read();
      if (!alike(now, masters)) known = deriveSecrets((masters = now));
      complete = true;
    },
  };
}

function alike(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return some.length === others.length && some.every((secret, at) => equal(secret, others[at] as Uint8Array));
}

/**
 * The secret that something was made under, or null if it was made under none of ours.
 * @throws {store_unavailable} if that can't be known, since there is a secret that could not be read.
 */
export function readerFor(secrets: Secrets, made: (under: DerivedSecret) => boolean): DerivedSecret | null {
  const reader = secrets.readers.find(made);
  if (reader === undefined && !secrets.complete) throw new StoreUnavailable(new Error("the secret has changed, and could not be read"));
  return reader ?? null;
}

function derive(master: Uint8Array): DerivedSecret {
  const key = (use: string, length = 32): Uint8Array => hkdf(master, `coatcheck/1 ${use}`, length);
  return {
    id: key("id", 4),
    ticketKey: key("ticket check"),
    refreshKey: key("refresh token"),
    refreshCheckKey: key("refresh token check"),
    sealKey: key("sealed keys"),
    throttleKey: key("throttle"),
  };
}
