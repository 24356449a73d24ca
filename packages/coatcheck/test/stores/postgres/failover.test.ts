import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { StoreUnavailable } from "../../../src/core/errors.ts";
import { seq } from "../../../src/core/ids.ts";
import type { Seq, Sid } from "../../../src/core/ids.ts";
import { isLive } from "../../../src/core/session.ts";
import { duration } from "../../../src/core/time.ts";
import { postgres } from "../../../src/stores/postgres/index.ts";
import { PROGRAMS, startPostgres } from "../../support/postgres.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { keepInStep, startStandby } from "../../support/standby.ts";
import { newSession, NOW } from "../processes/records.ts";

const EPOCH = 2 ** 40;
/** After so many ends the primary dies. */
const ENOUGH = 200;

describe.skipIf(PROGRAMS === null)("a primary with a synchronous standby", () => {
  let primary: PostgresServer;
  let standby: PostgresServer;

  beforeAll(async () => {
    primary = await startPostgres();
    standby = await startStandby(primary);
    await keepInStep(primary);
  }, 60_000);

  afterAll(async () => {
    await primary.remove();
    await standby.remove();
  });

  it("is killed among its writes: nothing that was acknowledged is lost, and the epoch is another", { timeout: 60_000 }, async () => {
    const before = postgres(primary.url(), { limits: { connect: duration("500ms"), answer: duration("1s") } });
    await before.open();
    // A standby says what may be old: nobody takes it for the primary.
    await expect(postgres(standby.url()).open()).rejects.toThrow(StoreUnavailable);

    const started = new Set<Sid>();
    const ended = new Map<Sid, Seq>();
    const deaths: Promise<void>[] = [];
    const writer = async (): Promise<void> => {
      for (;;) {
        const { sid } = (await before.sessions.start(newSession({}), null, NOW)).session;
        started.add(sid);
        const { seq: at } = await before.sessions.end({ sid }, NOW);
        ended.set(sid, at);
        if (ended.size === ENOUGH) deaths.push(primary.kill());
      }
    };
    const failures = await Promise.allSettled(Array.from({ length: 8 }, writer));
    expect(failures.every((it) => it.status === "rejected" && it.reason instanceof StoreUnavailable)).toBe(true);
    await Promise.all(deaths);
    await before.close();

    await standby.query("SELECT pg_promote()");
    const after = postgres(standby.url());
    await after.open();
    const { entries, head } = await after.feed.since(seq(0));
    console.log(`killed after ${ended.size} acknowledged ends and ${started.size} logins; the standby has ${entries.length} entries`);
    expect(entries.map((entry) => entry.seq)).toEqual(entries.map((_, index) => index + 1));
    for (const [sid, at] of ended) expect(entries[at - 1]).toMatchObject({ seq: at, kind: "sid", key: sid });
    for (const sid of started) {
      const found = await after.sessions.find(sid);
      expect(found).not.toBeNull();
      if (found !== null && ended.has(sid)) expect(isLive(found)).toBe(false);
    }

    // Whatever the standby had not been told of, its number is not given again.
    const page = await after.feed.confirm({ holder: "me", from: head, mark: "", lease: duration("5s") }, NOW);
    expect(page.entries).toMatchObject([{ kind: "invalidate-all", seq: head + EPOCH + 1 }]);
    expect(await after.feed.append("invalidate-user", "somebody", NOW)).toBe(head + EPOCH + 2);
    await after.close();
  });
});
