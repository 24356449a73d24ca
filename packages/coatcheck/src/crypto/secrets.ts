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
}

export function deriveSecrets(masters: readonly Uint8Array[]): Secrets {
  const readers = masters.map(derive);
  const [writer] = readers;
  if (writer === undefined) throw new TypeError("at least one secret is needed");
  return { writer, readers };
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
