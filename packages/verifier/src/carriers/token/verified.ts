import type { ClientId, Seq, Sid, UserId } from "../../core/ids.ts";
import { RecentRows } from "../../core/rows.ts";
import type { Piece } from "../../core/rows.ts";
import { instant } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";
import type { Principal } from "../../core/verdict.ts";
import type { Standing } from "../../revocation/table.ts";
import type { AccessClaims, Terms } from "./claims.ts";
import { principalOfClaims } from "./principal.ts";

/** What few tokens differ in: who made them, with which key, for whom. */
interface Label {
  readonly kid: string;
  readonly iss: string;
  readonly aud: AccessClaims["aud"];
}

/** Where each number stands in its row. */
const AT = { iat: 0, exp: 1, nbf: 2, rsq: 3, sightedAt: 4, label: 5 } as const;
const NUMBERS = 6;

/** A token whose signature was proved: who it is for does not change, whether it still holds is judged each time. Its numbers lie in the table. */
export class VerifiedToken implements Standing, Terms {
  readonly #piece: Piece<Principal>;
  readonly #nth: number;
  readonly #labels: readonly Label[];

  constructor(piece: Piece<Principal>, nth: number, labels: readonly Label[]) {
    this.#piece = piece;
    this.#nth = nth;
    this.#labels = labels;
  }

  get principal(): Principal {
    return this.#piece.values[this.#nth] as Principal;
  }

  get sid(): Sid | null {
    const { principal } = this;
    return principal.kind === "user" ? principal.sid : null;
  }

  get userId(): UserId | null {
    const { principal } = this;
    return principal.kind === "user" ? principal.userId : null;
  }

  get clientId(): ClientId {
    return this.principal.clientId;
  }

  get kid(): string {
    return this.#label.kid;
  }

  get iss(): string {
    return this.#label.iss;
  }

  get aud(): AccessClaims["aud"] {
    return this.#label.aud;
  }

  get iat(): Instant {
    return this.#number(AT.iat) as Instant;
  }

  get exp(): Instant {
    return this.#number(AT.exp) as Instant;
  }

  /** 0, which is always over, for a token that has none. */
  get nbf(): Instant {
    return this.#number(AT.nbf) as Instant;
  }

  get rsq(): Seq {
    return this.#number(AT.rsq) as Seq;
  }

  /** When its use was last noted for the list of devices. */
  get sightedAt(): Instant {
    return this.#number(AT.sightedAt) as Instant;
  }

  set sightedAt(at: Instant) {
    this.#piece.numbers[this.#nth * NUMBERS + AT.sightedAt] = at;
  }

  /** @param label which of the table's. */
  write({ iat, exp, nbf = instant(0), rsq }: AccessClaims, label: number): void {
    const { numbers } = this.#piece;
    const at = this.#nth * NUMBERS;
    numbers[at + AT.iat] = iat;
    numbers[at + AT.exp] = exp;
    numbers[at + AT.nbf] = nbf;
    numbers[at + AT.rsq] = rsq;
    numbers[at + AT.sightedAt] = 0;
    numbers[at + AT.label] = label;
  }

  get #label(): Label {
    return this.#labels[this.#number(AT.label)] as Label;
  }

  #number(at: number): number {
    return this.#piece.numbers[this.#nth * NUMBERS + at] as number;
  }
}

/** How many tokens a process remembers at least; less than 400 bytes each, besides the key. */
const CAPACITY = 50_000;

/** How many labels there may be. So many there are only where each token has an audience of its own: then all of it is forgotten, and begins anew. */
const LABELS = 10_000;

/** Names one token, to the last character. */
export type TokenKey = string & { readonly __brand: "TokenKey" };

/**
 * Tokens that were verified lately, so that a signature is checked once and not at each request. The key is the whole token, or the SHA-256 of it: exact, since nobody
 * finds two texts with one, and no builder of keys that could make two tokens one (CVE-2026-35039). Its lifetime, and whether it has ended, are judged on every hit.
 */
export class VerifiedTokens {
  readonly #name: (token: string) => string;
  readonly #capacity: number;
  #labels: Label[] = [];
  #labelNumbers = new Map<string, number>();
  #recent: RecentRows<Principal, VerifiedToken>;
  /** How often a signature was checked already, and how often not. */
  hits = 0;
  misses = 0;

  /** @param name of one token and no other: itself, or its SHA-256 where that can be had at once. */
  constructor(name: (token: string) => string, capacity = CAPACITY) {
    this.#name = name;
    this.#capacity = capacity;
    this.#recent = this.#table();
  }

  keyOf(token: string): TokenKey {
    return this.#name(token) as TokenKey;
  }

  get(key: TokenKey): VerifiedToken | null {
    const verified = this.#recent.get(key);
    if (verified === null) this.misses += 1;
    else this.hits += 1;
    return verified;
  }

  get size(): number {
    return this.#recent.size;
  }

  add(key: TokenKey, kid: string, claims: AccessClaims): VerifiedToken {
    const label = this.#labelOf(kid, claims);
    const verified = this.#recent.set(key, principalOfClaims(claims));
    verified.write(claims, label);
    return verified;
  }

  #labelOf(kid: string, { iss, aud }: AccessClaims): number {
    // As a rule all tokens have the same.
    const latest = this.#labels.at(-1);
    if (latest?.kid === kid && latest.iss === iss && latest.aud === aud) return this.#labels.length - 1;
    const key = JSON.stringify([kid, iss, aud]);
    const known = this.#labelNumbers.get(key);
    if (known !== undefined) return known;
    if (this.#labels.length >= LABELS) {
      [this.#labels, this.#labelNumbers] = [[], new Map()];
      this.#recent = this.#table();
    }
    const number = this.#labels.push({ kid, iss, aud }) - 1;
    this.#labelNumbers.set(key, number);
    return number;
  }

  #table(): RecentRows<Principal, VerifiedToken> {
    const labels = this.#labels;
    return new RecentRows(this.#capacity, NUMBERS, (piece, nth) => new VerifiedToken(piece, nth, labels));
  }
}
