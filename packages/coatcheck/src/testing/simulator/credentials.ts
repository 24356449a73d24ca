import type { ClientId, Seq, Sid, UserId } from "../../core/ids.ts";
import type { LogEntry } from "../../core/ports.ts";
import type { Dice } from "./dice.ts";

/** An access token, as far as the log is concerned. */
export interface Credential {
  readonly sid: Sid;
  readonly userId: UserId;
  readonly clientId: ClientId;
  readonly kid: string;
  readonly rsq: Seq;
  /** By the wall clock of whoever minted it. */
  readonly exp: number;
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Few users and clients, so that a cutoff hits some credentials and spares others. */
export function mint(dice: Dice, kid: string, rsq: Seq, exp: number): Credential {
  const sid = `${Array.from({ length: 21 }, () => dice.pick([...DIGITS])).join("")}A` as Sid;
  return { sid, userId: `user ${dice.pick([1, 2, 3, 4])}` as UserId, clientId: `client ${dice.pick([1, 2])}` as ClientId, kid, rsq, exp };
}

/** The oracle: does this entry end that credential, or make it stale? By the rules of the log, from the whole entry, without any table. */
export function hits(entry: LogEntry, credential: Credential): boolean {
  const rule = RULES[entry.kind];
  return rule(entry, credential);
}

type Rule = (entry: LogEntry, credential: Credential) => boolean;

const before: Rule = (entry, { rsq }) => rsq < entry.seq;

const RULES: Readonly<Record<LogEntry["kind"], Rule>> = {
  sid: ({ key }, { sid }) => key === sid,
  key: ({ key }, { kid }) => key === kid,
  user: (entry, it) => entry.key === it.userId && before(entry, it),
  client: (entry, it) => entry.key === it.clientId && before(entry, it),
  global: before,
  "invalidate-sid": (entry, it) => entry.key === it.sid && before(entry, it),
  "invalidate-user": (entry, it) => entry.key === it.userId && before(entry, it),
  // Keys are read again: nothing that they signed is hit.
  "invalidate-keys": () => false,
  "invalidate-all": before,
};
