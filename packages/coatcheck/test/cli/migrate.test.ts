import { existsSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { postgres } from "../../src/stores/postgres/index.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { filledStore } from "../stores/moving/filled.ts";
import { temporary } from "../stores/open.ts";
import { newUser } from "../stores/processes/records.ts";
import { PROGRAMS, startPostgres } from "../support/postgres.ts";
import type { PostgresServer } from "../support/postgres.ts";
import { coatcheck, inProcess, json } from "./support.ts";

let folder: ReturnType<typeof temporary>;
let file: string;
beforeEach(() => {
  folder = temporary();
  file = folder.path("store.db");
});
afterEach(() => folder.remove());

const ELSEWHERE = "postgres://somebody:hunter2hunter2@127.0.0.1:1/coatcheck";

describe("coatcheck migrate, used wrongly, says so on one line and touches nothing:", () => {
  const wrong: Readonly<Record<string, { readonly args: () => readonly string[]; readonly says: RegExp; readonly status?: 1 }>> = {
    "without --from": { args: () => ["--to", ELSEWHERE], says: /^--from is missing: name the store that is to be moved/ },
    "without --to": { args: () => ["--from", `sqlite:${file}`], says: /^--to is missing: name an empty database, like --to postgres:/ },
    "from PostgreSQL": { args: () => ["--from", ELSEWHERE, "--to", ELSEWHERE], says: /^--from must be a store in a file, sqlite:<file>/ },
    "from memory": { args: () => ["--from", "memory:", "--to", ELSEWHERE], says: /^--from must be a store in a file/ },
    "from a bare file": { args: () => ["--from", file, "--to", ELSEWHERE], says: /^--from is ".*", but must be "sqlite:<file>"/ },
    "to itself": { args: () => ["--from", `sqlite:${file}`, "--to", `sqlite:${file}`], says: /^--to must be PostgreSQL/ },
    "to memory": { args: () => ["--from", `sqlite:${file}`, "--to", "memory:"], says: /^--to must be PostgreSQL/ },
    "to half an address": {
      args: () => ["--from", `sqlite:${file}`, "--to", "postgres:db"],
      says: /^--to names PostgreSQL, but must be written like/,
    },
    "from a file that is not there": {
      ...{ args: () => ["--from", `sqlite:${file}`, "--to", ELSEWHERE], status: 1 },
      says: /^there is no store in .*: name the file that the server uses with --from; nothing was made or moved$/,
    },
    "with something behind it": { args: () => ["all"], says: /^too much after coatcheck migrate: it takes flags alone/ },
  };

  it.each(Object.entries(wrong))("%s", async (_, { args, says, status = 2 }) => {
    const ran = await inProcess(["migrate", ...args()]);
    expect(ran).toMatchObject({ status, stdout: "" });
    expect(ran.stderr).toMatch(/^coatcheck: [^\n]*\n$/);
    expect(ran.stderr.slice("coatcheck: ".length).trimEnd()).toMatch(says);
    expect(ran.stderr).not.toContain("hunter2");
    expect(existsSync(file)).toBe(false);
  });

  it("from a file that is no store", async () => {
    writeFileSync(file, "a letter to a friend\n".repeat(100));
    expect(await inProcess(["migrate", "--from", `sqlite:${file}`, "--to", ELSEWHERE])).toMatchObject({ status: 1 });
  });

  it("to a server that is not there: the file stays as it was", async () => {
    await (await filledStore(file)).close();
    const ran = await inProcess(["migrate", "--from", `sqlite:${file}`, "--to", ELSEWHERE]);
    expect(ran).toMatchObject({ status: 1, stdout: "" });
    expect(ran.stderr).toMatch(/^coatcheck: the store can't be reached \([^\n]*\)[^\n]*\n$/);
    expect(ran.stderr).not.toContain("hunter2");
    const store = sqlite(file);
    await store.open();
    await store.users.create(newUser({}), "hash");
    await store.close();
  });
});

describe.skipIf(PROGRAMS === null)("coatcheck migrate", { timeout: 60_000 }, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.remove());

  it("moves the store, tells how far it is, and what to do next; and again, that there is nothing to do", async () => {
    await (await filledStore(file)).close();
    const to = await server.database();
    const ran = await coatcheck(folder.path("."), ["migrate", "--from", "sqlite:store.db", "--to", to]);
    expect(ran.stderr).toMatch(
      /^copying: 12 of \d+ rows \(users\)\n(copying: .*\n)*comparing: 12 of \d+ rows \(users\)\n(comparing: .*\n)*all is there: (\d+) of \3 rows\nthe file is closed: /,
    );
    expect(ran.stdout).toMatch(
      /^Moved sqlite:store\.db to postgres:\/\/127\.0\.0\.1:\d+\/db_\d+\. Both were compared, row by row:\nusers {2,}12 rows {2}[0-9a-f]{16}\n/,
    );
    expect(ran.stdout).toMatch(/with the same secret: cookies and refresh tokens hold/);
    expect(ran.status).toBe(0);

    const again = await inProcess(["migrate", "--from", `sqlite:${file}`, "--to", to, "--json"]);
    expect(json(again)).toMatchObject({ movedBefore: true, tables: {} });
    const target = postgres(to);
    await target.open();
    const [event] = await target.audit.list({ event: "store_moved" }, 2);
    expect(event?.detail).toMatchObject({ from: "sqlite:store.db", actor: "cli", osUser: expect.any(String) as string });
    await target.close();
  });

  it("with --json prints each table's rows and checksum, and nothing of the address but the place", async () => {
    await (await filledStore(file)).close();
    const to = await server.database();
    const ran = await inProcess(["migrate", "--from", `sqlite:${file}`, "--to", to.replace("postgres@", "postgres:hunter2@"), "--json"]);
    expect(json(ran)).toMatchObject({
      ...{ from: `sqlite:${file}`, to: to.replace("postgres@", ""), movedBefore: false, head: expect.any(Number) as number },
      tables: { users: { rows: 12, written: 12, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string }, sessions: { rows: 60 } },
    });
    expect(ran.stdout + ran.stderr).not.toContain("hunter2");
  });

  it("to a database in use is refused, with what to name instead", async () => {
    await (await filledStore(file)).close();
    const to = await server.database();
    const target = postgres(to);
    await target.open();
    await target.users.create(newUser({}), "hash");
    await target.close();
    const ran = await inProcess(["migrate", "--from", `sqlite:${file}`, "--to", to]);
    expect(ran).toMatchObject({ status: 2, stdout: "" });
    expect(ran.stderr).toMatch(/^coatcheck: postgres:\/\/[^\n]* holds a store of its own already: name an empty database\n$/);
  });
});
