import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/core/errors.ts";
import { seq } from "../../../src/core/ids.ts";
import type { Seq, Sid } from "../../../src/core/ids.ts";
import type { Store } from "../../../src/core/ports.ts";
import { postgres } from "../../../src/stores/postgres/index.ts";
import { PROGRAMS, startPostgres } from "../../support/postgres.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { newSession, NOW } from "../processes/records.ts";

// Readers remember the last position that they saw and ask for what is later: whatever becomes visible behind it, they never see.

const WRITERS = 16;
const EACH = 40;

describe.skipIf(PROGRAMS === null)("on PostgreSQL", () => {
  let server: PostgresServer;
  const opened: Store[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await Promise.all(opened.map(async (store) => await store.close()));
    await server.remove();
  });

  async function open(address: string): Promise<Store> {
    const store = postgres(address);
    opened.push(store);
    await store.open();
    return store;
  }

  /** Lets `WRITERS` write at once while `read` follows. @returns which of what they wrote the reader never saw, and how often it looked. */
  async function follow(
    write: (writer: number, nth: number) => Promise<string>,
    read: () => Promise<readonly string[]>,
  ): Promise<{ readonly written: number; readonly missed: number; readonly looks: number }> {
    const seen = new Set<string>();
    let looks = 0;
    const over = new AbortController();
    const look = async (): Promise<void> => {
      for (const key of await read()) seen.add(key);
      looks += 1;
    };
    const following = (async () => {
      while (!over.signal.aborted) await look();
    })();
    const written = await Promise.all(
      Array.from({ length: WRITERS }, async (_, writer) => {
        const keys = [];
        for (let nth = 0; nth < EACH; nth += 1) keys.push(await write(writer, nth));
        return keys;
      }),
    );
    over.abort();
    await following;
    await look();
    const keys = written.flat();
    return { written: keys.length, missed: keys.filter((key) => !seen.has(key)).length, looks };
  }

  it(
    `${WRITERS} writers, each a server of its own: no gap, and a reader who asks for what is later misses nothing`,
    { timeout: 60_000 },
    async () => {
      const address = await server.database();
      const reader = await open(address);
      const writers: Store[] = [];
      // One after the other: they share what it takes to connect, and not what it takes to write.
      for (let nth = 0; nth < WRITERS; nth += 1) writers.push(await open(address));
      let from: Seq = seq(0);
      const positions: Seq[] = [];
      const result = await follow(
        async (writer, nth) => {
          const key = `${writer}:${nth}`;
          await (writers[writer] as Store).feed.append("invalidate-user", key, NOW);
          return key;
        },
        async () => {
          const page = await reader.feed.since(from);
          expect(page.head).toBe(page.entries.at(-1)?.seq ?? from);
          from = page.head;
          positions.push(...page.entries.map((entry) => entry.seq));
          return page.entries.map(({ key }) => key);
        },
      );
      console.log(`the log: ${JSON.stringify(result)}`);
      expect(result).toMatchObject({ written: WRITERS * EACH, missed: 0 });
      expect(positions).toEqual(positions.map((_, index) => index + 1));
    },
  );

  it("(a broken twin) with a sequence the same reader passes over what commits late", { timeout: 60_000 }, async () => {
    const address = await server.database();
    const pool = new pg.Pool({ connectionString: address, max: WRITERS + 1 });
    await pool.query("CREATE TABLE naive_log (seq bigserial PRIMARY KEY, key text NOT NULL); CREATE TABLE other_work (n int)");
    let from = 0;
    const result = await follow(
      async (writer, nth) => {
        const key = `${writer}:${nth}`;
        const client = await pool.connect();
        // As any transaction: the number is given by the one statement, and seen by others after the last.
        await client.query("BEGIN");
        await client.query("INSERT INTO naive_log (key) VALUES ($1)", [key]);
        await client.query("INSERT INTO other_work VALUES (1)");
        await client.query("COMMIT");
        client.release();
        return key;
      },
      async () => {
        const { rows } = await pool.query<{ seq: string; key: string }>("SELECT seq, key FROM naive_log WHERE seq > $1 ORDER BY seq", [
          from,
        ]);
        from = Number(rows.at(-1)?.seq ?? from);
        return rows.map(({ key }) => key);
      },
    );
    await pool.end();
    console.log(`a sequence instead: ${JSON.stringify(result)}`);
    expect(result.missed).toBeGreaterThan(0);
  });

  it("ends that come at once share a transaction, and each has a position of its own", async () => {
    const store = await open(await server.database());
    const sids: Sid[] = [];
    for (let nth = 0; nth < 100; nth += 1) sids.push((await store.sessions.start(newSession({}), null, NOW)).session.sid);
    const before = await commits();
    const [twice = "" as Sid] = sids;
    const outcomes = await Promise.all([...sids, twice].map(async (sid) => await store.sessions.end({ sid }, NOW)));
    expect(outcomes.slice(0, 100).every(({ ended }) => ended === 1)).toBe(true);
    expect(outcomes.at(-1)?.ended).toBe(0);
    expect(new Set(outcomes.slice(0, 100).map((outcome) => outcome.seq))).toEqual(
      new Set(Array.from({ length: 100 }, (_, index) => index + 1)),
    );
    const { entries } = await store.feed.since(seq(0));
    for (const [index, sid] of sids.entries()) {
      expect(entries.find(({ key }) => key === sid)?.seq).toBe(outcomes[index]?.seq);
      expect((await store.sessions.find(sid))?.session.endedSeq).toBe(outcomes[index]?.seq);
    }
    expect((await commits()) - before).toBeLessThan(5);

    /** How many transactions wrote: each has a number. */
    async function commits(): Promise<number> {
      const [row] = await server.query("SELECT pg_current_xact_id()::text::int AS id");
      return Number(row?.["id"]);
    }
  });

  it("one caller's mistake fails that caller alone", async () => {
    const store = await open(await server.database());
    const [good, bad] = await Promise.allSettled([
      store.feed.append("invalidate-user", "somebody", NOW),
      store.feed.append("invalidate-user", "somebody", 0.5 as typeof NOW),
    ]);
    expect(good).toMatchObject({ status: "fulfilled" });
    expect(bad).toMatchObject({ status: "rejected" });
    expect((bad as PromiseRejectedResult).reason).not.toBeInstanceOf(StoreUnavailable);
    expect((await store.feed.since(seq(0))).entries).toHaveLength(1);
  });
});
