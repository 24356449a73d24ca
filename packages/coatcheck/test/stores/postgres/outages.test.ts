import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/core/errors.ts";
import { seq } from "../../../src/core/ids.ts";
import type { Store } from "../../../src/core/ports.ts";
import { duration, instant } from "../../../src/core/time.ts";
import { postgres } from "../../../src/stores/postgres/index.ts";
import { outage } from "../../../src/stores/postgres/outages.ts";
import { PROGRAMS, startPostgres } from "../../support/postgres.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { newSession, NOW } from "../processes/records.ts";

/** So that a test need not wait as long as a server would. */
const limits = { connect: duration("500ms"), lock: duration("200ms"), statement: duration("2s"), answer: duration("500ms") };

describe.skipIf(PROGRAMS === null)("on PostgreSQL", () => {
  let server: PostgresServer;
  const opened: Store[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(async (store) => await store.close()));
  });
  afterAll(() => server.remove());

  async function open(address?: string): Promise<Store> {
    const store = postgres(address ?? (await server.database()), { limits });
    opened.push(store);
    await store.open();
    return store;
  }

  const end = (store: Store): Promise<unknown> => Promise.resolve(store.feed.append("invalidate-user", "somebody", NOW));

  /** What a call comes to: nothing, or the outage. @throws whatever else it threw. */
  async function outageOf(call: () => unknown): Promise<StoreUnavailable | null> {
    try {
      await call();
      return null;
    } catch (error) {
      if (error instanceof StoreUnavailable) return error;
      throw error;
    }
  }

  /** Calls until it is answered: the store comes back by itself. */
  async function comesBack(call: () => unknown): Promise<void> {
    while ((await outageOf(call)) !== null) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  it(
    "a server that is killed is an outage, fast in the end; when it runs again the store goes on, with all that it had acknowledged",
    { timeout: 60_000 },
    async () => {
      const store = await open();
      const { sid } = (await store.sessions.start(newSession({}), null, NOW)).session;
      await server.kill();
      for (const call of [() => store.sessions.find(sid), () => end(store), () => store.ping(), () => store.feed.since(seq(0))])
        expect(await outageOf(call)).not.toBeNull();
      expect((await outageOf(() => store.ping()))?.cause).toMatchObject({
        message: expect.stringMatching(/next try comes soon/) as string,
      });
      await server.start();
      await comesBack(() => store.ping());
      expect(await store.sessions.find(sid)).not.toBeNull();
      expect(await outageOf(() => end(store))).toBeNull();
    },
  );

  it("a server that is silent is an outage after a while; nobody is told that a write is done", { timeout: 60_000 }, async () => {
    const store = await open();
    await end(store);
    const pids = (await server.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'coatcheck'")).map(({ pid }) =>
      Number(pid),
    );
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    server.signal("SIGSTOP");
    try {
      expect(await outageOf(() => end(store))).not.toBeNull();
      expect(await outageOf(() => store.ping())).not.toBeNull();
      await Promise.all([outageOf(() => end(store)), outageOf(() => end(store))]);
    } finally {
      server.signal("SIGCONT");
      for (const pid of pids) process.kill(pid, "SIGCONT");
    }
    await comesBack(() => end(store));
  });

  it("a connection that is cut is made again", async () => {
    const store = await open();
    await end(store);
    await store.ping();
    await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'coatcheck'");
    await comesBack(() => store.ping());
    await comesBack(() => end(store));
    expect((await store.feed.since(seq(0))).entries.length).toBeGreaterThanOrEqual(2);
  });

  it("a cut in the middle of a transaction is an outage, and nothing of it is kept", async () => {
    const store = await open();
    const { sid } = (await store.sessions.start(newSession({}), null, NOW)).session;
    const backends = await server.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'coatcheck'");
    const refused = await outageOf(() =>
      store.sessions.refresh(
        sid,
        ({ session }) => {
          // What pg_terminate_backend does, at once: a decision waits for nothing.
          for (const { pid } of backends) process.kill(Number(pid), "SIGTERM");
          return { kind: "rotate", rotation: { ...session.rotation, generation: 9 }, lastSeenAt: NOW, idleExpiresAt: NOW };
        },
        NOW,
      ),
    );
    expect(refused).not.toBeNull();
    await comesBack(() => store.ping());
    expect((await store.sessions.find(sid))?.session.rotation.generation).toBe(0);
  });

  it("a lock that another does not give back in time is one; reading goes on", async () => {
    const address = await server.database();
    const store = await open(address);
    const { sid } = (await store.sessions.start(newSession({}), null, NOW)).session;
    const held = server.query(
      "BEGIN; SELECT FROM coatcheck.rev_head FOR UPDATE; SELECT pg_sleep(0.6); COMMIT",
      new URL(address).pathname.slice(1),
    );
    while (
      (await server.query("SELECT FROM pg_locks WHERE relation IS NOT NULL AND mode = 'RowShareLock'", new URL(address).pathname.slice(1)))
        .length === 0
    );
    expect((await outageOf(() => store.sessions.end({ sid }, NOW)))?.cause).toMatchObject({ code: "55P03" });
    expect(await store.sessions.find(sid)).not.toBeNull();
    await held;
    expect((await store.sessions.end({ sid }, NOW)).ended).toBe(1);
  });

  it("a server that may only be read is one for what is written", async () => {
    const address = await server.database();
    const name = new URL(address).pathname.slice(1);
    const store = await open(address);
    await server.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'coatcheck'");
    await comesBack(() => store.ping());
    expect((await outageOf(() => end(store)))?.cause).toMatchObject({ code: "25006" });
    expect(await outageOf(() => store.feed.confirm({ holder: "me", from: seq(0), mark: "", lease: duration("5s") }, NOW))).not.toBeNull();
    await server.query(`ALTER DATABASE ${name} RESET default_transaction_read_only`);
    await comesBack(() => end(store));
  });

  it(
    "a commit that no standby has, though it should, is not acknowledged: not when nobody answers, and not when somebody gives up waiting",
    { timeout: 60_000 },
    async () => {
      const store = await open();
      await server.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
      await server.query("SELECT pg_reload_conf()");
      await reaches("SELECT current_setting('synchronous_standby_names') AS names", ({ names }) => names === "nobody");
      expect(await outageOf(() => end(store))).not.toBeNull();
      const waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
      await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
      const patient = postgres(server.url(await databaseOf(store)), { limits: { answer: duration("20s") } });
      opened.push(patient);
      await patient.open();
      const refused = outageOf(() => end(patient));
      await reaches(`SELECT count(*)::int AS waiting FROM (${waiting}) AS w`, ({ waiting: count }) => Number(count) > 0);
      await server.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
      expect((await refused)?.cause).toMatchObject({ message: expect.stringMatching(/not replicated/) as string });
      await server.query("ALTER SYSTEM RESET synchronous_standby_names");
      await server.query("SELECT pg_reload_conf()");
      await comesBack(() => end(store));
    },
  );

  it("who listens is woken again after the connection was lost, once at least", { timeout: 60_000 }, async () => {
    const store = await open();
    let woken = 0;
    let next = (): void => {};
    const wakes = async (): Promise<void> => await new Promise((resolve) => (next = resolve));
    const stop = await store.feed.listen(() => {
      woken += 1;
      next();
    });
    const restored = wakes();
    await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'");
    await restored;
    const told = wakes();
    await comesBack(() => end(store));
    await told;
    expect(woken).toBeGreaterThanOrEqual(2);
    stop();
  });

  it("a mistake is thrown as it is", async () => {
    const store = await open();
    const noInteger = newSession({ expiresAt: instant(0.5) });
    await expect(async () => await store.sessions.start(noInteger, null, NOW)).rejects.toMatchObject({ code: "22P02" });
    await expect(
      async () =>
        await store.sessions.refresh(
          (await store.sessions.start(newSession({}), null, NOW)).session.sid,
          () => {
            throw new RangeError("a mistake of the caller's");
          },
          NOW,
        ),
    ).rejects.toThrow(RangeError);
    expect(await outageOf(() => store.ping())).toBeNull();
  });

  async function reaches(sql: string, isThere: (row: Record<string, unknown>) => boolean): Promise<void> {
    for (;;) {
      const [row] = await server.query(sql);
      if (row !== undefined && isThere(row)) return;
    }
  }

  const databaseOf = async (store: Store): Promise<string> => Promise.resolve(new URL(store.name).pathname.slice(1));
});

describe("an outage is StoreUnavailable, with its cause inside:", () => {
  const state = (code: string): Error => Object.assign(new Error("it failed"), { code, severity: "ERROR" });

  it.each(["08006", "53300", "57P01", "57P03", "57014", "25006", "40001", "40P01", "55P03", "58030", "28P01", "3D000", "XX001"])(
    "%s",
    (code) => {
      const cause = state(code);
      expect(outage(cause)).toBeInstanceOf(StoreUnavailable);
      expect((outage(cause) as StoreUnavailable).cause).toBe(cause);
    },
  );

  it.each(["23505", "22P02", "42P01", "42501", "25P02", "XX000"])("but %s, which is a mistake of ours", (code) => {
    const cause = state(code);
    expect(outage(cause)).toBe(cause);
  });

  it("what the driver says of the connection", () => {
    expect(outage(new Error("Connection terminated unexpectedly"))).toBeInstanceOf(StoreUnavailable);
    expect(outage(Object.assign(new Error("connect"), { code: "ECONNREFUSED" }))).toBeInstanceOf(StoreUnavailable);
    const mistake = new TypeError("no function");
    expect(outage(mistake)).toBe(mistake);
  });
});
