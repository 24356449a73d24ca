import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { StoreUnavailable } from "../../core/errors.ts";
import { BUILT_IN_CLIENT } from "../../core/ids.ts";
import type { ClientId, Seq, Sid, UserId } from "../../core/ids.ts";
import type { LogEntry, NewSession, RefreshDecision, Renewal, Store, UserRecord } from "../../core/ports.ts";
import { isLive } from "../../core/session.ts";
import type { Found, SessionRecord } from "../../core/session.ts";
import { duration, instant, later } from "../../core/time.ts";
import type { Instant } from "../../core/time.ts";

/** The cases of one group: each name is a sentence of the ports, and each case makes what it needs, so that it can run on a store that others used. */
export type Cases = Readonly<Record<string, (bench: Bench) => Promise<void>>>;

export const MINUTE = duration("1m");
export const HOUR = duration("1h");
const DAY = duration("1d");

/** What one case works with: a store, an instant that is no whole second, and what it takes to fill the store. */
export class Bench {
  readonly store: Store;
  readonly now: Instant = instant(1_800_000_000_123);

  constructor(store: Store) {
    this.store = store;
  }

  userId(): UserId {
    return `usr_${text(16)}` as UserId;
  }

  sid(): Sid {
    return text(16) as Sid;
  }

  clientId(): ClientId {
    return `cli_${text(16)}` as ClientId;
  }

  async head(): Promise<Seq> {
    return (await this.store.feed.since(0 as Seq)).head;
  }

  async raiseEpoch(): Promise<Seq> {
    const head = await this.head();
    return await this.store.feed.raiseEpoch(head, head, this.now);
  }

  /** A record as a sign-in would make it; nothing in it is a default that a store could fill in by itself. */
  async newSession(given: Partial<NewSession> = {}): Promise<NewSession> {
    const { now } = this;
    return {
      sid: this.sid(),
      userId: this.userId(),
      clientId: BUILT_IN_CLIENT,
      carrier: "cookie",
      secretHash: bytes(32),
      salt: bytes(16),
      rotation: { generation: 3, wonBy: bytes(32), rotatedAt: instant(now - 7), replays: 2 },
      rsq: await this.head(),
      createdAt: instant(now - 11),
      authTime: instant(now - 13),
      amr: ["pwd", "otp"],
      lastSeenAt: instant(now - 5),
      expiresAt: later(now, DAY),
      idleExpiresAt: later(now, HOUR),
      device: { label: "Firefox on Linux", userAgent: "Mozilla/5.0 (Ünïcode; 🧥)", ip: "192.0.2.7" },
      data: { basket: [1, { two: "drei" }], empty: null },
      ...given,
    };
  }

  async start(given: Partial<NewSession> = {}): Promise<SessionRecord> {
    return (await this.store.sessions.start(await this.newSession(given), null, this.now)).session;
  }

  async account(given: Partial<UserRecord> = {}): Promise<UserRecord> {
    const user = this.newUser(given);
    assert.notEqual(await this.store.users.create(user, "first hash"), null);
    return user;
  }

  newUser(given: Partial<UserRecord> = {}): UserRecord {
    return {
      id: this.userId(),
      email: `${text(9).toLowerCase()}@example.org`,
      name: "Zoë",
      roles: ["editor", "admin"],
      emailVerified: true,
      disabled: false,
      createdAt: this.now,
      ...given,
    };
  }

  /** The record, which must be there. */
  async found(sid: Sid): Promise<Found> {
    const found = await this.store.sessions.find(sid);
    assert.ok(found !== null, "there is no record with this sid");
    return found;
  }

  async record(sid: Sid): Promise<SessionRecord> {
    return (await this.found(sid)).session;
  }

  async lives(sid: Sid): Promise<boolean> {
    return isLive(await this.found(sid));
  }

  async listed(userId: UserId, now = this.now): Promise<readonly Sid[]> {
    return (await this.store.sessions.list(userId, now)).map(({ sid }) => sid);
  }

  /** What the log got while `work` ran: each entry as "kind key". Also sees that positions follow without a gap and end at the head. */
  async appended(work: () => Promise<unknown>): Promise<readonly string[]> {
    return (await this.entries(work)).map(({ kind, key }) => `${kind} ${key}`);
  }

  async entries(work: () => Promise<unknown>): Promise<readonly LogEntry[]> {
    const before = await this.head();
    await work();
    const { entries, head } = await this.store.feed.since(before);
    assert.deepEqual(
      entries.map((entry) => entry.seq),
      entries.map((_, index) => before + index + 1),
    );
    assert.equal(head, before + entries.length);
    return entries;
  }

  /** A renewal in which everything is new. */
  renewal(given: Partial<Renewal> = {}): Renewal {
    const at = later(this.now, MINUTE);
    return { secretHash: bytes(32), authTime: at, amr: ["webauthn"], lastSeenAt: at, idleExpiresAt: later(at, HOUR), ...given };
  }

  /**
   * Somebody else's session and account and, with `userId`, another session of that user: nobody may touch them. The function that is
   * returned sees that they are as they were.
   */
  async bystanders(userId?: UserId): Promise<() => Promise<void>> {
    const other = await this.account();
    const sids = [(await this.start({ userId: other.id })).sid, (await this.start()).sid];
    if (userId !== undefined) sids.push((await this.start({ userId, carrier: "token", secretHash: null })).sid);
    const look = async (): Promise<unknown> => {
      const proof = await this.store.users.byId(other.id);
      const records = await Promise.all(sids.map(async (sid) => ({ session: await this.record(sid), live: await this.lives(sid) })));
      return { records, account: { ...proof, head: null }, listed: await this.listed(other.id) };
    };
    const before = await look();
    return async () => assert.deepEqual(await look(), before, "a neighbour was touched");
  }
}

export function bytes(count: number): Uint8Array {
  return new Uint8Array(randomBytes(count));
}

export function text(count: number): string {
  return randomBytes(count).toString("base64url");
}

/** `count` calls that start at once. */
export function race<T>(count: number, call: (index: number) => T | Promise<T>): Promise<Awaited<T>[]> {
  return Promise.all(Array.from({ length: count }, async (_, index) => await call(index)));
}

/** What a refresh token's first showing decides. */
export function rotate({ session }: Found, now: Instant): RefreshDecision {
  const generation = session.rotation.generation + 1;
  return {
    kind: "rotate",
    rotation: { generation, wonBy: bytes(32), rotatedAt: now, replays: 0 },
    lastSeenAt: now,
    idleExpiresAt: later(now, HOUR),
  };
}

/** The call fails, but not as an outage: the mistake is the caller's. */
export async function refusesMistake(call: () => unknown): Promise<void> {
  await assert.rejects(
    async () => await call(),
    (error) => !(error instanceof StoreUnavailable),
  );
}

/** Deletes whatever an earlier case left to be deleted, so that the next count is this case's own. */
export async function drain(remove: () => number | Promise<number>): Promise<void> {
  while ((await remove()) > 0);
}
