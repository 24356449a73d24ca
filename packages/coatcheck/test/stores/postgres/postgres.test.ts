import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core/errors.ts";
import { seq } from "../../../src/core/ids.ts";
import type { Store } from "../../../src/core/ports.ts";
import { duration } from "../../../src/core/time.ts";
import { databaseFacts } from "../../../src/stores/postgres/facts.ts";
import { postgres } from "../../../src/stores/postgres/index.ts";
import { OVER_AT } from "../../../src/stores/postgres/schema.ts";
import { PROGRAMS, startPostgres } from "../../support/postgres.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { selfSigned } from "../../support/tls.ts";
import { newSession, newUser, NOW } from "../processes/records.ts";

const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
afterAll(() => rmSync(folder, { recursive: true }));

const opened: Store[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (store) => await store.close()));
});

async function open(address: string): Promise<Store> {
  const store = postgres(address);
  opened.push(store);
  await store.open();
  return store;
}

/** @returns the one line that it was refused with. */
async function refusal(address: string): Promise<string> {
  const failure: unknown = await open(address).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  const { message } = failure as ConfigError;
  expect(message).not.toContain("\n");
  return message;
}

describe.skipIf(PROGRAMS === null)("a database", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());

  const nameOf = (address: string): string => new URL(address).pathname.slice(1);

  it("that many open at the same moment is made once, and all see the same life of it, 5 times", { timeout: 60_000 }, async () => {
    for (let round = 0; round < 5; round += 1) {
      const address = await server.database();
      const stores = await Promise.all(Array.from({ length: 8 }, () => open(address)));
      const pages = await Promise.all(stores.map(async (store) => await store.feed.since(seq(0))));
      expect(new Set(pages.map(({ incarnation }) => incarnation)).size).toBe(1);
      await Promise.all(opened.splice(0).map(async (store) => await store.close()));
    }
  });

  it("keeps everything from one opening to the next", async () => {
    const address = await server.database();
    const first = await open(address);
    const user = newUser({});
    await first.users.create(user, "hash");
    const { session } = await first.sessions.start(newSession({ userId: user.id }), null, NOW);
    const before = await first.feed.since(seq(0));
    await first.close();
    for (const store of [await open(address), first]) {
      await store.open();
      expect((await store.users.byId(user.id))?.user).toEqual(user);
      expect((await store.sessions.find(session.sid))?.session).toEqual(session);
      expect(await store.feed.since(seq(0))).toEqual(before);
    }
  });

  it("begins at 0, in epoch 0, and counts from 1; a new epoch goes on counting", async () => {
    const store = await open(await server.database());
    expect(await store.feed.since(seq(0))).toMatchObject({ entries: [], head: 0 });
    expect(await store.feed.append("global", "", NOW)).toBe(1);
    expect(await store.feed.raiseEpoch(seq(1), seq(1), NOW)).toBe(2 ** 40 + 2);
    expect(await store.feed.append("global", "", NOW)).toBe(2 ** 40 + 3);
  });

  it("keeps an entry for an access life of 5 minutes until a process names its own, which may be shorter", async () => {
    const store = await open(await server.database());
    await store.feed.append("global", "", NOW);
    expect(await store.feed.raiseAccessTtl(duration("1m"))).toBe(duration("1m"));
    await store.feed.append("global", "", NOW);
    const [first, second] = (await store.feed.since(seq(0))).entries;
    expect((first?.expiresAt ?? 0) - (second?.expiresAt ?? 0)).toBe(duration("4m"));
  });

  it("is purged through an index, not by a walk over all sessions", async () => {
    const address = await server.database();
    await open(address);
    const plan = await server.query(
      `SET enable_seqscan = off; EXPLAIN SELECT sid FROM coatcheck.sessions WHERE ${OVER_AT} < 1`,
      nameOf(address),
    );
    expect(JSON.stringify(plan)).toContain("sessions_by_end");
  });

  it("of another program is refused in one line, and left as it is", async () => {
    const address = await server.database();
    await server.query("CREATE SCHEMA coatcheck; CREATE TABLE coatcheck.customers (name text)", nameOf(address));
    expect(await refusal(address)).toMatch(/has a schema "coatcheck" of another program: name another database/);
    const tables = await server.query("SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'coatcheck'", nameOf(address));
    expect(tables).toEqual([{ n: 1 }]);
  });

  it("from a newer version is refused", async () => {
    const address = await server.database();
    await open(address);
    await server.query("UPDATE coatcheck.schema_version SET version = 999", nameOf(address));
    expect(await refusal(address)).toMatch(/newer version of Coatcheck \(schema 999, this one knows \d+\): update/);
  });

  it("that is not in UTF-8 is refused", async () => {
    await server.query("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    expect(await refusal(server.url("latin"))).toMatch(/keeps text as LATIN1: make a database with encoding UTF8/);
  });

  it("that is not there is refused, and so is a user who may not come in", async () => {
    expect(await refusal(server.url("nowhere"))).toMatch(/has no such database: make it with createdb/);
    expect(await refusal(server.url().replace("postgres@", "somebody@"))).toMatch(/does not let this user in/);
  });

  it("serves a role that may use the tables and change no schema; one that may not is told where its grants stand", async () => {
    const address = await server.database();
    await open(address);
    await server.query("CREATE ROLE app LOGIN; CREATE ROLE nobody_at_all LOGIN");
    await server.query(GRANTS, nameOf(address));
    const store = await open(address.replace("postgres@", "app@"));
    const { sid } = (await store.sessions.start(newSession({}), null, NOW)).session;
    expect(await store.sessions.end({ sid }, NOW)).toEqual({ ended: 1, seq: 1 });
    await store.keys.change(() => ({}), NOW);
    await store.clients.list();
    await store.audit.append({ at: NOW, event: "e", userId: null, sid: null, ip: "", carrier: null, detail: {} });
    await store.feed.confirm({ holder: "me", from: seq(0), mark: "", lease: duration("5s") }, NOW);
    await store.sessions.purge(NOW, 9);
    expect(await refusal(address.replace("postgres@", "nobody_at_all@"))).toMatch(
      /does not let this role do what is needed: see its grants/,
    );
    expect(await refusal((await server.database()).replace("postgres@", "nobody_at_all@"))).toMatch(/see its grants/);
  });

  it("that another life of the server wrote begins an epoch before anything is appended, once", async () => {
    const address = await server.database();
    const elsewhere = "UPDATE coatcheck.rev_head SET life = 'another cluster/00000001'";
    const store = await open(address);
    await store.feed.append("global", "", NOW);
    await server.query(elsewhere, nameOf(address));
    const at = await store.feed.append("invalidate-user", "u", NOW);
    expect(at).toBe(2 ** 40 + 3);
    expect((await store.feed.since(seq(1))).entries.map(({ kind, seq: position }) => [kind, position])).toEqual([
      ["invalidate-all", 2 ** 40 + 2],
      ["invalidate-user", 2 ** 40 + 3],
    ]);
    await store.feed.append("invalidate-user", "u", NOW);
    expect((await store.feed.since(seq(1))).entries).toHaveLength(3);
    // A spared session is spared by the cutoff as it then stands.
    const { sid, userId } = (await store.sessions.start(newSession({ rsq: at }), null, NOW)).session;
    await server.query(elsewhere, nameOf(address));
    const { seq: cutoff } = await store.sessions.endAll(userId, sid, NOW);
    expect((await store.sessions.find(sid))?.session.rsq).toBe(cutoff);
    await server.query(elsewhere, nameOf(address));
    const { entries } = await store.feed.confirm({ holder: "me", from: cutoff, mark: "", lease: duration("5s") }, NOW);
    expect(entries.map(({ kind }) => kind)).toEqual(["invalidate-all"]);
  });

  it("is known before it is opened, and nothing is made", async () => {
    const address = await server.database();
    expect(await databaseFacts(address)).toMatchObject({ problem: null, isThere: false, way: "local", standbys: "" });
    await open(address);
    expect(await databaseFacts(address)).toMatchObject({ problem: null, isThere: true });
    const { problem } = await databaseFacts(`postgres://postgres@127.0.0.1:1/${nameOf(address)}`);
    expect(problem).toMatch(/: see that postgres:\/\/127\.0\.0\.1:1\/\w+ runs and can be reached$/);
  });
});

/** As docs/operations.md gives them. */
const GRANTS = `GRANT USAGE ON SCHEMA coatcheck TO app;
  GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA coatcheck TO app;`;

describe.skipIf(PROGRAMS === null)("the way to a server that speaks TLS", () => {
  let server: PostgresServer;
  const own = selfSigned("localhost");

  beforeAll(async () => {
    const files = { "server.crt": own.cert, "server.key": own.key };
    server = await startPostgres({ files, settings: { ssl: "on", ssl_cert_file: "server.crt", ssl_key_file: "server.key" } });
    writeFileSync(join(folder, "ca.pem"), own.cert);
    writeFileSync(join(folder, "other.pem"), selfSigned("localhost").cert);
  });
  afterAll(() => server.remove());

  const address = (host: string, parameters: string): string => `${server.url().replace("127.0.0.1", host)}?${parameters}`;
  const ca = (name: string): string => `sslrootcert=${encodeURIComponent(join(folder, name))}`;

  it.each([
    ["localhost", "ca.pem", ""],
    ["127.0.0.1", "ca.pem", "&sslmode=verify-ca"],
    ["127.0.0.1", "other.pem", "&sslmode=require"],
  ])("is encrypted: %s with %s%s", async (host, name, more) => {
    await (await open(address(host, ca(name) + more))).ping();
    const [row] = await server.query(
      "SELECT bool_and(s.ssl) AS all FROM pg_stat_ssl AS s JOIN pg_stat_activity USING (pid) WHERE application_name = 'coatcheck'",
    );
    expect(row).toEqual({ all: true });
  });

  it("is not taken with a certificate of another authority, or for another host", async () => {
    expect(await refusal(address("localhost", ca("other.pem")))).toMatch(
      /has a certificate that can't be trusted \(\w+\): name its authority with sslrootcert/,
    );
    expect(await refusal(address("localhost", "sslmode=verify-full"))).toMatch(/can't be trusted/);
    expect(await refusal(address("127.0.0.1", ca("ca.pem")))).toMatch(/can't be trusted \(ERR_TLS_CERT_ALTNAME_INVALID\)/);
    expect(await refusal(address("127.0.0.1", `${ca("other.pem")}&sslmode=verify-ca`))).toMatch(/can't be trusted/);
  });

  it("is not taken in plain text where TLS is asked for", async () => {
    const plain = await startPostgres();
    expect(await refusal(`${plain.url()}?sslmode=require`)).toMatch(/speaks no TLS.*: switch it on there/);
    await plain.remove();
  });
});

/** Runs a program in which the package `pg` is not installed; it says whether anybody asked for it. */
function withoutDriver(program: string): string {
  const index = JSON.stringify(fileURLToPath(new URL("../../../src/index.ts", import.meta.url)));
  const code = `import { registerHooks } from "node:module";
    let asked = 0;
    registerHooks({ resolve(name, context, next) {
      if (name !== "pg") return next(name, context);
      asked += 1;
      throw Object.assign(new Error("Cannot find package 'pg'"), { code: "ERR_MODULE_NOT_FOUND" });
    } });
    const { postgres, sqlite } = await import(${index});
    ${program}`;
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(run.stderr).toBe("");
  return run.stdout.trim();
}

describe("the package pg", () => {
  it("is asked for in one line where it is missing", () => {
    const said = withoutDriver(
      `await postgres("postgres://localhost/d").open().catch(({ name, message }) => console.log(name + ": " + message));`,
    );
    expect(said).toBe("ConfigError: a store in PostgreSQL needs the package pg, which is not installed: npm install pg@8");
  });

  it("is loaded by nobody who keeps the store elsewhere", () => {
    const file = JSON.stringify(join(folder, "store.db"));
    expect(
      withoutDriver(`const store = sqlite(${file}); await store.open(); await store.ping(); await store.close(); console.log(asked);`),
    ).toBe("0");
  });
});
