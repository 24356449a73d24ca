import type { CarrierName } from "../../src/core/session.ts";

// Who must be let in now: what the contract says, in as few words as it takes. It knows no log, no cache, no store and no hash.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const POLICY = { idle: 10 * MINUTE, absolute: 60 * MINUTE, accessTtl: 2 * MINUTE, grace: 10 * SECOND } as const;
const FRESH = 5 * MINUTE;
const RETRY = 10 * MINUTE;
const MAX_REPLAYS = 20;

export interface Person {
  readonly email: string;
  readonly id: string;
  password: string;
  disabled: boolean;
}

export interface Login {
  readonly sid: string;
  readonly person: Person;
  readonly carrier: CarrierName;
  readonly endsAt: number;
  idleAt: number;
  provedAt: number;
  ended: boolean;
  /** Grows with each credential that replaces the ones before: of tickets and refresh tokens the newest counts. */
  generation: number;
  rotatedAt: number;
  wonBy: string | null;
  replays: number;
  /** Grows with everything that makes access tokens stale. */
  changes: number;
}

/** Everything that was ever handed to a client. */
export type Credential = { readonly login: Login; readonly text: string } & (
  | { readonly kind: "ticket"; readonly generation: number }
  | { readonly kind: "refresh"; readonly generation: number }
  | { readonly kind: "access"; readonly expiresAt: number; readonly changes: number }
);

/** What a shown refresh token comes to; `same` hands out the successor that was handed out before. */
export type Refreshing = "next" | "same" | "wait" | "refused";

export class Model {
  now: number;
  readonly people: readonly Person[];
  readonly logins: Login[] = [];
  readonly credentials: Credential[] = [];

  constructor(now: number, people: readonly Person[]) {
    this.now = now;
    this.people = people;
  }

  begin(sid: string, person: Person, carrier: CarrierName): Login {
    const endsAt = this.now + POLICY.absolute;
    const clocks = { endsAt, idleAt: Math.min(this.now + POLICY.idle, endsAt), provedAt: this.now, rotatedAt: this.now };
    const login: Login = { sid, person, carrier, ...clocks, ended: false, generation: 0, wonBy: null, replays: 0, changes: 0 };
    this.logins.push(login);
    return login;
  }

  isLive({ ended, endsAt, idleAt }: Login): boolean {
    return !ended && this.now < endsAt && this.now < idleAt;
  }

  /** Whether this lets its holder in, now. */
  letsIn(credential: Credential): boolean {
    const { login } = credential;
    if (credential.kind === "refresh" || !this.isLive(login)) return false;
    if (credential.kind === "ticket") return credential.generation === login.generation;
    return this.now < credential.expiresAt && credential.changes === login.changes;
  }

  /** Somebody came with it: a ticket that lets in keeps its login from idling. */
  shows(credential: Credential): boolean {
    const isIn = this.letsIn(credential);
    if (isIn && credential.kind === "ticket") this.#slide(credential.login);
    return isIn;
  }

  /** Whether signing out with it is believed: authentic, whatever its age. */
  isAuthentic(credential: Credential): boolean {
    return credential.kind !== "ticket" || credential.generation === credential.login.generation;
  }

  isFresh({ provedAt }: Login): boolean {
    return this.now - provedAt <= FRESH;
  }

  live(person: Person): readonly Login[] {
    return this.logins.filter((login) => login.person === person && this.isLive(login));
  }

  end(login: Login): void {
    login.ended = true;
  }

  endAll(person: Person, keep: Login | null): void {
    for (const login of this.logins.filter((it) => it.person === person && it !== keep)) this.end(login);
    if (keep !== null) keep.changes += 1;
  }

  /** The person proved themselves again: all that was handed out before is replaced. */
  renew(login: Login): void {
    Object.assign(login, { provedAt: this.now, wonBy: null, replays: 0, rotatedAt: this.now });
    login.generation += 1;
    login.changes += 1;
    this.#slide(login);
  }

  changeRoles(person: Person): void {
    for (const login of this.logins.filter((it) => it.person === person)) login.changes += 1;
  }

  disable(person: Person, disabled: boolean): void {
    person.disabled = disabled;
    if (disabled) this.endAll(person, null);
  }

  refresh(login: Login, generation: number, attempt: string | null): Refreshing {
    if (!this.isLive(login)) return "refused";
    if (generation === login.generation) {
      Object.assign(login, { generation: generation + 1, wonBy: attempt, replays: 0, rotatedAt: this.now });
      this.#slide(login);
      return "next";
    }
    const age = this.now - login.rotatedAt;
    const isParent = generation === login.generation - 1;
    if (isParent && attempt !== null && attempt === login.wonBy && age <= RETRY) return "same";
    if (!isParent || age > POLICY.grace) {
      this.end(login);
      return "refused";
    }
    if (login.replays >= MAX_REPLAYS) return "wait";
    login.replays += 1;
    return "same";
  }

  /** What a client was handed just now. */
  hand(login: Login, shown: { readonly ticket: string } | { readonly access: string; readonly refresh: string }): void {
    const { generation, changes } = login;
    if ("ticket" in shown) {
      this.credentials.push({ login, text: shown.ticket, kind: "ticket", generation });
      return;
    }
    // A token says whole seconds (RFC 7519 §2).
    const expiresAt = Math.floor(Math.min(this.now + POLICY.accessTtl, login.idleAt, login.endsAt) / SECOND) * SECOND;
    this.credentials.push(
      { login, text: shown.access, kind: "access", expiresAt, changes },
      { login, text: shown.refresh, kind: "refresh", generation },
    );
  }

  #slide(login: Login): void {
    login.idleAt = Math.min(this.now + POLICY.idle, login.endsAt);
  }
}
