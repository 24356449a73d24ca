import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, StoreUnavailable } from "../../src/core/errors.ts";
import { seq } from "../../src/core/ids.ts";
import type { Store } from "../../src/core/ports.ts";
import { duration, instant } from "../../src/core/time.ts";
import { Connection } from "../../src/stores/sqlite/connection.ts";
import type { Role } from "../../src/stores/sqlite/connection.ts";
import { useWriteAheadLog } from "../../src/stores/sqlite/file.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { outage } from "../../src/stores/sqlite/outages.ts";
import { OVER_AT } from "../../src/stores/sqlite/schema.ts";
import { temporary } from "./open.ts";
import { newSession, newUser, NOW } from "./processes/records.ts";

let folder: ReturnType<typeof temporary>;
const opened: { close(): unknown }[] = [];

beforeEach(() => {
  folder = temporary();
});

afterEach(async () => {
  for (const it of opened.splice(0)) await it.close();
  folder.remove();
});

async function open(path: string, options?: Parameters<typeof sqlite>[1]): Promise<Store> {
  const store = sqlite(path, options);
  opened.push(store);
  await store.open();
  return store;
}

/** The file, past the store. */
function raw(path: string): Database.Database {
  const db = new Database(path);
  opened.push(db);
  return db;
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("the file", () => {
  it("is made with its folder for its owner alone, side files too", async () => {
    const path = folder.path("new/deeper/store.db");
    const store = await open(path);
    await store.feed.append("global", "", NOW);
    expect(mode(folder.path("new"))).toBe("700");
    expect(mode(folder.path("new/deeper"))).toBe("700");
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(mode(file)).toBe("600");
  });

  it("is found relative to the working directory", async () => {
    const path = folder.path("relative.db");
    const store = await open(relative(process.cwd(), path));
    expect(store.name).toBe(`sqlite:${relative(process.cwd(), path)}`);
    expect(statSync(path).isFile()).toBe(true);
  });

  it("keeps everything from one opening to the next, and its incarnation", async () => {
    const path = folder.path("store.db");
    const first = await open(path);
    const user = newUser({});
    await first.users.create(user, "hash");
    const { session } = await first.sessions.start(newSession({ userId: user.id }), null, NOW);
    const before = await first.feed.since(seq(0));
    await first.close();
    for (const store of [await open(path), first]) {
      await store.open();
      expect((await store.users.byId(user.id))?.user).toEqual(user);
      expect((await store.sessions.find(session.sid))?.session).toEqual(session);
      expect(await store.feed.since(seq(0))).toEqual(before);
      expect(await store.feed.moved?.()).toBe(true);
    }
  });

  it("is named by the random port", async () => {
    const store = await open(folder.path("store.db"), { random: { bytes: (count) => new Uint8Array(count).fill(7) } });
    expect((await store.feed.since(seq(0))).incarnation).toBe("BwcHBwcHBwcHBwcHBwcHBw");
  });

  it("is written durably: a write-ahead log, synced at each commit but a touch's", () => {
    const db = new Connection(folder.path("store.db"), duration("1s"));
    db.open(() => "life");
    opened.push(db);
    const synchronous = (role: Role): unknown => db.query(role, "PRAGMA synchronous").get();
    expect(db.query("reader", "PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    expect(synchronous("writer")).toEqual({ synchronous: 2 });
    expect(synchronous("toucher")).toEqual({ synchronous: 1 });
  });

  it("is purged through an index, not by a walk over all sessions", async () => {
    const path = folder.path("store.db");
    await open(path);
    const plan = raw(path)
      .prepare<[number], { detail: string }>(`EXPLAIN QUERY PLAN SELECT rowid FROM sessions WHERE ${OVER_AT} < ?`)
      .all(1);
    expect(plan.map(({ detail }) => detail).join()).toContain("sessions_by_end");
  });
});

describe("a file that is not for us is refused in one line, and left as it is:", () => {
  const foreign: Readonly<Record<string, { readonly make: (path: string) => void; readonly says: RegExp }>> = {
    "no SQLite database": {
      make: (path) => writeFileSync(path, "Dear diary, today I was taken for a database. ".repeat(200)),
      says: /is not an SQLite database/,
    },
    "tables of another program": {
      make: (path) => new Database(path).exec("CREATE TABLE customers (name TEXT)").close(),
      says: /belongs to another program/,
    },
    "another program's mark": {
      make: (path) => new Database(path).exec("PRAGMA application_id = 1196444487; CREATE TABLE t (a); DROP TABLE t").close(),
      says: /belongs to another program/,
    },
    "a newer version": {
      make: (path) => {
        void sqlite(path).open();
        new Database(path).exec("PRAGMA user_version = 999").close();
      },
      says: /newer version of Coatcheck \(schema 999, this one knows \d+\): update/,
    },
  };

  it.each(Object.entries(foreign))("%s", async (_, { make, says }) => {
    const path = folder.path("foreign.db");
    make(path);
    const before = readFileSync(path);
    const failure = await open(path).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as ConfigError).message).toMatch(says);
    expect((failure as ConfigError).message).not.toContain("\n");
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("a place where no file can be made", async () => {
    writeFileSync(folder.path("file"), "");
    await expect(open(folder.path("file/store.db"))).rejects.toThrow(ConfigError);
  });

  it("a folder", async () => {
    mkdirSync(folder.path("store.db"));
    await expect(open(folder.path("store.db"))).rejects.toThrow(/is not a file/);
  });
});

describe("an outage is StoreUnavailable, with its cause inside:", () => {
  const OUTAGES = [
    "BUSY",
    "BUSY_SNAPSHOT",
    "LOCKED",
    "IOERR_WRITE",
    "IOERR_FSYNC",
    "FULL",
    "CANTOPEN",
    "READONLY_DBMOVED",
    "CORRUPT",
    "NOTADB",
    "PROTOCOL",
  ];

  it.each(OUTAGES)("SQLITE_%s", (code) => {
    const cause = new Database.SqliteError("it failed", `SQLITE_${code}`);
    const error = outage(cause);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect((error as StoreUnavailable).cause).toBe(cause);
    expect((error as StoreUnavailable).mend !== null).toBe(code.startsWith("BUSY"));
  });

  it.each(["CONSTRAINT_UNIQUE", "CONSTRAINT_DATATYPE", "ERROR", "MISUSE", "RANGE"])("but SQLITE_%s, which is a mistake of ours", (code) => {
    const cause = new Database.SqliteError("it failed", `SQLITE_${code}`);
    expect(outage(cause)).toBe(cause);
  });

  it("a lock that another process does not give back in time; reading goes on", async () => {
    const path = folder.path("store.db");
    const store = await open(path, { busyTimeout: duration("1ms") });
    const { sid } = (await store.sessions.start(newSession({}), null, NOW)).session;
    const other = raw(path);
    other.exec("BEGIN IMMEDIATE");
    // It says whose fault it is, and what to do: the disk is fine.
    await expect(async () => await store.sessions.end({ sid }, NOW)).rejects.toMatchObject({
      name: "StoreUnavailable",
      mend: /^another process has held the file locked.*: end what has a transaction open on it/,
    });
    await expect(async () => await store.sessions.touch([{ sid, lastSeenAt: NOW, idleExpiresAt: NOW }])).rejects.toThrow(StoreUnavailable);
    expect(await store.sessions.find(sid)).not.toBeNull();
    other.exec("ROLLBACK");
    expect((await store.sessions.end({ sid }, NOW)).ended).toBe(1);
  });

  it("a damaged file", async () => {
    const path = folder.path("store.db");
    const store = await open(path);
    const { sid } = (await store.sessions.start(newSession({}), null, NOW)).session;
    await store.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xee, 4_096));
    await expect(async () => {
      await store.open();
      await store.sessions.find(sid);
    }).rejects.toThrow(StoreUnavailable);
  });

  it("but a mistake is thrown as it is", async () => {
    const store = await open(folder.path("store.db"));
    const noInteger = newSession({ expiresAt: instant(0.5) });
    await expect(async () => await store.sessions.start(noInteger, null, NOW)).rejects.toMatchObject({
      code: "SQLITE_CONSTRAINT_DATATYPE",
    });
  });
});

describe("switching to the write-ahead log", () => {
  const answering = (...answers: (string | Error)[]): Database.Database => {
    const pragma = (): string => {
      const answer = answers.shift() ?? "delete";
      if (answer instanceof Error) throw answer;
      return answer;
    };
    return { pragma } as never;
  };
  const busy = new Database.SqliteError("database is locked", "SQLITE_BUSY");

  it("tries again when another process switches at the same moment", () => {
    expect(() => useWriteAheadLog(answering(busy, busy, "wal"), "store.db", duration("1s"))).not.toThrow();
  });

  it("gives up after the busy timeout", () => {
    expect(() => useWriteAheadLog(answering(busy, busy, busy, busy, "wal"), "store.db", duration("10ms"))).toThrow(busy);
  });

  it("says so where the file system can't do it", () => {
    expect(() => useWriteAheadLog(answering("delete"), "store.db", duration("1s"))).toThrow(
      /store\.db lies where several processes can't share it/,
    );
  });
});
