import { copyFileSync } from "node:fs";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { ConfigError, StoreUnavailable } from "../../src/core/errors.ts";
import { seq } from "../../src/core/ids.ts";
import type { UserRecord } from "../../src/core/ports.ts";
import { duration, later } from "../../src/core/time.ts";
import { moveStore } from "../../src/stores/moving/index.ts";
import { TABLES } from "../../src/stores/moving/tables.ts";
import { PROGRAMS } from "../support/postgres.ts";
import { movedEvent } from "./moving/event.ts";
import { filledStore } from "./moving/filled.ts";
import { movingGround } from "./moving/ground.ts";
import { newSession, newUser, NOW } from "./processes/records.ts";

const EPOCH = 2 ** 40;

describe.skipIf(PROGRAMS === null)("a store that is moved from a file to PostgreSQL", { timeout: 60_000 }, () => {
  const ground = movingGround();

  it("has a place for every column that either has", async () => {
    await ground().filled();
    await ground().openTarget();
    const inFile = new Database(ground().file);
    const tables = inFile.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
    const fileColumns = tables.map((table) => [table, inFile.prepare(`SELECT name FROM pragma_table_info(?)`).pluck().all(table)]);
    inFile.close();
    const columns = await ground().server.query(
      "SELECT table_name, array_agg(column_name::text) AS names FROM information_schema.columns WHERE table_schema = 'coatcheck' GROUP BY 1",
      ground().database,
    );
    const apart = ["rev_head", "lease_holders", "schema_version"];
    const sorted = (entries: readonly (readonly unknown[])[]): unknown =>
      Object.fromEntries(
        entries.filter(([table]) => !apart.includes(table as string)).map(([table, names]) => [table, [...(names as string[])].toSorted()]),
      );
    const moved = TABLES.map(({ name, columns: its }) => [name, Object.keys(its)] as const);
    expect(sorted(columns.map(({ table_name: table, names }) => [table, names]))).toEqual(sorted(moved));
    expect(sorted(fileColumns)).toEqual(sorted(moved.map(([name, names]) => [name, names.filter((column) => column !== "made")])));
  });

  it("is there to the last field, goes on in a new epoch, and numbers go on after those that came", async () => {
    const source = await ground().filled();
    const { head, incarnation } = await source.feed.since(seq(0));
    const clients = (await source.clients.list()).map(({ id }) => id);
    const keys = (await source.keys.list()).map(({ kid }) => kid);

    const moved = await ground().move();
    expect(moved).toMatchObject({ before: false, head: head + EPOCH + 1 });
    expect(Object.keys(moved.tables)).toEqual(TABLES.map(({ name }) => name));
    expect(moved.tables["sessions"]).toMatchObject({ rows: 60, written: 60, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    const [there, here] = await ground().ends();
    expect(there).toEqual(here);

    const target = await ground().openTarget();
    const page = await target.feed.since(head);
    expect(page).toMatchObject({ head: moved.head, incarnation, entries: [{ kind: "invalidate-all", seq: moved.head }] });
    // Whoever has followed the log goes on where it was.
    expect(page.fromMark).not.toBeNull();
    expect(await target.feed.raiseAccessTtl(duration("1m"))).toBe(duration("10m"));
    expect((await target.clients.list()).map(({ id }) => id)).toEqual(clients);
    expect((await target.keys.list()).map(({ kid }) => kid)).toEqual(keys);
    await target.clients.add({ ...((await target.clients.list())[0] as object), id: "cli_new" } as never, new Uint8Array(32));
    expect((await target.clients.list()).at(-1)?.id).toBe("cli_new");
    await target.audit.append({ ...movedEvent(0), event: "user_added" });
    expect((await target.audit.list({}, 2)).map(({ event }) => event)).toEqual(["user_added", "store_moved"]);
    expect(await target.feed.append("user", "u", NOW)).toBe(moved.head + 1);
  });

  describe("on whose file a process still runs", () => {
    it("is neither read nor written there any more, which is an outage and logs nobody out", async () => {
      const old = await ground().filled();
      const [user] = (await old.users.list(1)) as readonly [UserRecord];
      await ground().move();
      const { head } = await (await ground().openTarget()).feed.since(seq(0));
      const session = newSession({});
      const calls: Readonly<Record<string, () => unknown>> = {
        ping: () => old.ping(),
        since: () => old.feed.since(head),
        confirm: () => old.feed.confirm({ holder: "h", from: head, mark: "", lease: duration("1s") }, NOW),
        start: () => old.sessions.start(session, null, NOW),
        touch: () => old.sessions.touch([{ sid: session.sid, lastSeenAt: NOW, idleExpiresAt: NOW }]),
        end: () => old.sessions.end({ sid: session.sid }, NOW),
        append: () => old.feed.append("global", "", NOW),
        create: () => old.users.create(newUser({}), "hash"),
        disable: () => old.users.setDisabled(user.id, true, NOW),
        audit: () => old.audit.append(movedEvent(0)),
      };
      for (const [name, call] of Object.entries(calls)) {
        const failure: unknown = await (async () => await call())().catch((error: unknown) => error);
        expect(failure, name).toBeInstanceOf(StoreUnavailable);
        expect(String((failure as StoreUnavailable).cause), name).toContain(
          `the store was moved to postgres://127.0.0.1:${ground().server.port}/${ground().database}`,
        );
      }
    });

    it("is refused to whoever would start there, in one line", async () => {
      await ground().filled();
      await ground().move();
      const failure = await ground()
        .onFile()
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(ConfigError);
      expect((failure as Error).message).toMatch(
        new RegExp(
          `^${ground().file} holds no store any more, it was moved to postgres://127\\.0\\.0\\.1:\\d+/${ground().database} on 2027-01-15: name that one with --store`,
        ),
      );
    });

    it("answers who reads it while it moves, tells who writes to try again, and loses nothing", async () => {
      const old = await ground().filled();
      const outcomes = new Set<string>();
      await ground().move({
        onProgress: ({ step }) => {
          if (step === "left") return;
          expect(old.users.list(1)).toHaveLength(1);
          try {
            void old.users.create(newUser({}), "hash");
            outcomes.add("written");
          } catch (error) {
            outcomes.add((error as Error).name);
          }
        },
      });
      expect([...outcomes]).toEqual(["StoreUnavailable"]);
      const [there, here] = await ground().ends();
      expect(there).toEqual(here);
    });
  });

  describe("is refused", () => {
    it("to a database with a store of its own, which is left as it is", async () => {
      await ground().filled();
      const target = await ground().openTarget();
      await target.users.create(newUser({ email: "own@example.org" }), "hash");
      await expect(ground().move()).rejects.toThrow(/holds a store of its own already: name an empty database$/);
      expect((await target.users.list(10)).map(({ email }) => email)).toEqual(["own@example.org"]);
      // It lets servers in as before, and so does the file.
      await target.close();
      await target.open();
      await ground().onFile();
    });

    it("to a database with a store that is empty by now, and has a log of its own", async () => {
      await ground().filled();
      const target = await ground().openTarget();
      await target.feed.append("invalidate-all", "", NOW);
      await target.feed.prune(later(NOW, duration("1d")));
      await expect(ground().move()).rejects.toThrow(/holds a store of its own already/);
    });

    it("to a database that another store is being moved to", async () => {
      await ground().filled();
      await ground().interrupted(({ step }) => step === "verifying");
      await (await filledStore(ground().path("other.db"))).close();
      await expect(moveStore(ground().path("other.db"), ground().to, { event: movedEvent })).rejects.toThrow(
        /holds a part of another store that is being moved there: name an empty database$/,
      );
    });

    it("from a copy of a file that has moved, to where its original lives on", async () => {
      await (await ground().filled()).close();
      copyFileSync(ground().file, ground().path("copy.db"));
      await ground().move();
      const target = await ground().openTarget();
      const user = newUser({});
      await target.users.create(user, "hash");
      await expect(moveStore(ground().path("copy.db"), ground().to, { event: movedEvent })).rejects.toThrow(
        /holds a store of its own already/,
      );
      expect(await target.users.byId(user.id)).not.toBeNull();
    });

    it("while somebody else writes the file", async () => {
      await ground().filled();
      const writer = new Database(ground().file);
      writer.exec("BEGIN IMMEDIATE");
      await expect(ground().move()).rejects.toThrow(StoreUnavailable);
      writer.close();
    });
  });

  it("with 20 000 sessions takes a moment", { timeout: 120_000 }, async () => {
    await ground().filled(20_000);
    const began = performance.now();
    const { tables } = await ground().move({ rowsAtOnce: 1_000 });
    console.log(`20 000 sessions moved and compared in ${Math.round(performance.now() - began)} ms`);
    expect(tables["sessions"]).toMatchObject({ rows: 20_000, written: 20_000 });
    const [there, here] = await ground().ends();
    expect(there).toEqual(here);
  });
});
