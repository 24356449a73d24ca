import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seq } from "../../../src/core/ids.ts";
import type { Seq, Sid } from "../../../src/core/ids.ts";
import type { RefreshDecision, Store } from "../../../src/core/ports.ts";
import { isLive } from "../../../src/core/session.ts";
import type { Found } from "../../../src/core/session.ts";
import { duration, later } from "../../../src/core/time.ts";
import { postgres } from "../../../src/stores/postgres/index.ts";
import { PROGRAMS, startPostgres } from "../../support/postgres.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { newSession, newUser, NOW } from "../processes/records.ts";

const IDLE = later(NOW, duration("1h"));
const RENEWAL = { secretHash: null, authTime: NOW, amr: ["pwd"], lastSeenAt: NOW, idleExpiresAt: IDLE };
const ROUNDS = 25;

function rotateIfLive(found: Found): RefreshDecision {
  if (!isLive(found)) return { kind: "refuse", reason: "ended" };
  const rotation = { generation: found.session.rotation.generation + 1, wonBy: null, rotatedAt: NOW, replays: 0 };
  return { kind: "rotate", rotation, lastSeenAt: NOW, idleExpiresAt: IDLE };
}

// Several servers on one database, each with connections of its own: what happens at the same moment happens in PostgreSQL.
describe.skipIf(PROGRAMS === null)("servers on one PostgreSQL", () => {
  let server: PostgresServer;
  let stores: readonly [Store, Store, Store];

  beforeAll(async () => {
    server = await startPostgres();
    const address = await server.database();
    stores = [postgres(address), postgres(address), postgres(address)];
    for (const store of stores) await store.open();
  });
  afterAll(async () => {
    for (const store of stores) await store.close();
    await server.remove();
  });

  async function found(sid: Sid): Promise<Found> {
    const it = await stores[0].sessions.find(sid);
    if (it === null) throw new Error("the session is not there");
    return it;
  }

  it("log-out-everywhere ends each login that began from before it, however they overlap", { timeout: 60_000 }, async () => {
    const sum = { before: 0, after: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      const user = newUser({});
      await stores[0].users.create(user, "hash");
      const logIn = async (store: Store): Promise<{ sid: Sid; rsq: Seq }> => {
        const rsq = (await store.users.byId(user.id))?.head ?? seq(0);
        return { sid: (await store.sessions.start(newSession({ userId: user.id, rsq }), null, NOW)).session.sid, rsq };
      };
      const [mark, ...logins] = await Promise.all([
        stores[0].sessions.endAll(user.id, null, NOW),
        ...Array.from({ length: 6 }, (_, nth) => logIn(stores[1 + (nth % 2)] as Store)),
      ]);
      for (const { sid, rsq } of logins) {
        expect(isLive(await found(sid))).toBe(rsq >= mark.seq);
        sum[rsq >= mark.seq ? "after" : "before"] += 1;
      }
      const listed = await stores[1].sessions.list(user.id, NOW);
      expect(listed).toHaveLength(logins.filter(({ rsq }) => rsq >= mark.seq).length);
    }
    console.log(`log-out-everywhere against logins: ${JSON.stringify(sum)}`);
  });

  it("an end is final under renewals, refreshes and activity, and under a log-out of the others", { timeout: 60_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { sid, userId } = (await stores[0].sessions.start(newSession({ userId: newUser({}).id }), null, NOW)).session;
      const [one, two, three] = stores;
      await Promise.all([
        one.sessions.end({ sid }, NOW),
        two.sessions.renew(sid, RENEWAL),
        three.sessions.refresh(sid, rotateIfLive, NOW),
        two.sessions.touch([{ sid, lastSeenAt: NOW, idleExpiresAt: IDLE }]),
        three.sessions.endAll(userId, sid, NOW),
      ]);
      expect(isLive(await found(sid))).toBe(false);
    }
  });

  it("a session that was kept by one is not revived by it from another's cutoff", { timeout: 60_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const user = newUser({});
      await stores[0].users.create(user, "0");
      const { sid } = (await stores[0].sessions.start(newSession({ userId: user.id }), null, NOW)).session;
      const change = { userId: user.id, expect: "0", passwordHash: "1", keep: sid, renewal: RENEWAL };
      await Promise.all([
        stores[0].sessions.endAll(user.id, null, NOW),
        ...Array.from({ length: 4 }, async () => await stores[0].sessions.endAll(user.id, null, NOW)),
        stores[1].sessions.endAll(user.id, sid, NOW),
        stores[2].users.changePassword(change),
      ]);
      const { session, cutoff } = await found(sid);
      // Whoever spared it came before the cutoff that spares nobody, or found it dead already.
      expect(isLive({ session, cutoff })).toBe(false);
      expect(session.rsq).toBeLessThan(cutoff);
    }
  });

  it("a renewal that is answered stands before any cutoff that it does not know", { timeout: 60_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { sid, userId } = (await stores[0].sessions.start(newSession({ userId: newUser({}).id }), null, NOW)).session;
      const [mark, renewed] = await Promise.all([stores[0].sessions.endAll(userId, null, NOW), stores[1].sessions.renew(sid, RENEWAL)]);
      // What is made of the answer carries its head: it must not be later than a cutoff that has killed the session.
      if (renewed !== null) expect(renewed.head).toBeLessThan(mark.seq);
      const refreshed = await stores[2].sessions.refresh(sid, rotateIfLive, NOW);
      expect(refreshed?.decision.kind).toBe("refuse");
    }
  });

  it("of many with the same generation exactly one rotates, and what others do meanwhile is not lost", { timeout: 60_000 }, async () => {
    const { sid } = (await stores[0].sessions.start(newSession({}), null, NOW)).session;
    for (let generation = 0; generation < ROUNDS; generation += 1) {
      const decide = (it: Found): RefreshDecision =>
        it.session.rotation.generation === generation ? rotateIfLive(it) : { kind: "replay", rotation: it.session.rotation };
      const outcomes = await Promise.all(stores.map(async (store) => await store.sessions.refresh(sid, decide, NOW)));
      expect(outcomes.map((outcome) => String(outcome?.decision.kind)).toSorted()).toEqual(["replay", "replay", "rotate"]);
    }
    expect((await found(sid)).session.rotation.generation).toBe(ROUNDS);
  });

  it("of many who take the same sessions in different orders none waits for ever", { timeout: 60_000 }, async () => {
    const sids: Sid[] = [];
    for (let nth = 0; nth < 20; nth += 1) sids.push((await stores[0].sessions.start(newSession({}), null, NOW)).session.sid);
    const touches = sids.map((sid) => ({ sid, lastSeenAt: later(NOW, duration("1s")), idleExpiresAt: IDLE }));
    await Promise.all([
      ...stores.map(async (store, nth) => await store.sessions.touch(nth === 1 ? touches.toReversed() : touches)),
      ...stores.flatMap((store) => sids.map(async (sid) => await store.sessions.end({ sid }, NOW))),
      stores[0].sessions.purge(NOW, 50),
    ]);
    for (const sid of sids) expect(isLive(await found(sid))).toBe(false);
    const { entries } = await stores[0].feed.since(seq(0));
    expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => index + 1));
  });
});
