import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { openServer } from "../support/server.ts";
import { beside, inProcessBeside, json, person, statuses } from "./support.ts";
import type { Person } from "./support.ts";

interface Listed {
  readonly sessions: readonly { readonly sid: string; readonly userId: string; readonly carrier: string }[];
  readonly more: boolean;
}

/** Each command is a process of its own. */
const SLOW = { timeout: 60_000 };

let server: Awaited<ReturnType<typeof openServer>>;
let ada: Person;
let bob: Person;

beforeAll(async () => {
  server = await openServer();
  ada = await person(server.url, "ada@example.com");
  bob = await person(server.url, "bob@example.com");
});
afterAll(() => server.remove());

describe("session list, while the server runs", SLOW, () => {
  test("shows everybody's sessions, latest activity first, and nothing that opens one", async () => {
    const ran = await beside(server, ["session", "list", "--json"]);
    const { sessions, more } = json(ran) as Listed;
    expect(sessions.map(({ userId, carrier }) => [userId, carrier])).toEqual([
      [bob.id, "token"],
      [bob.id, "cookie"],
      [ada.id, "token"],
      [ada.id, "cookie"],
    ]);
    expect(more).toBe(false);
    expect(Object.keys(sessions[0] ?? {}).sort()).toEqual(
      ["amr", "authTime", "carrier", "createdAt", "device", "expiresAt", "idleExpiresAt", "lastSeenAt", "sid", "userId"].sort(),
    );
  });

  test("is an aligned table for people, without colours in a pipe", async () => {
    const { status, stdout, stderr } = await beside(server, ["session", "list"]);
    expect([status, stderr]).toEqual([0, ""]);
    const [head, ...rows] = stdout.trimEnd().split("\n") as [string, ...string[]];
    expect(head).toMatch(/^SID {21}USER {13}CARRIER {2}DEVICE/);
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row).toMatch(/^[\w-]{22} {2}(ada|bob)@example\.com {2}(cookie|token) {3}.* \d{4}-\d\d-\d\d \d\d:\d\d$/);
    expect(new Set(rows.map((row) => row.indexOf("20"))).size).toBe(1);
    expect(stdout).not.toContain("\u001b");
  });

  test.each([["ada@example.com"], ["ADA@example.com"], ["the id"]])("--user takes an address or an id: %s", async (typed) => {
    const user = typed === "the id" ? ada.id : typed;
    const { sessions } = json(await inProcessBeside(server, ["session", "list", "--json", "--user", user])) as Listed;
    expect(sessions.map(({ userId }) => userId)).toEqual([ada.id, ada.id]);
  });

  test("says when there are more than it shows", async () => {
    const { sessions, more } = json(await inProcessBeside(server, ["session", "list", "--json", "--limit", "3"])) as Listed;
    expect([sessions.length, more]).toEqual([3, true]);
    expect((await inProcessBeside(server, ["session", "list", "--limit", "3"])).stdout).toContain("these are the latest 3");
  });
});

describe("session end, while the server runs", SLOW, () => {
  test("ends one session at the next request, and no other", async () => {
    const cyd = await person(server.url, "cyd@example.com");
    const { status, stdout, stderr } = await beside(server, ["session", "end", cyd.sid]);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `Ended the session ${cyd.sid}.\n`, stderr: "" });
    expect(await statuses(server.url, cyd)).toEqual([401, 200]);
    expect(await statuses(server.url, bob)).toEqual([200, 200]);
    expect(await inProcessBeside(server, ["session", "end", cyd.sid])).toEqual({
      status: 1,
      stdout: "",
      stderr: `coatcheck: no session ${cyd.sid} lives: coatcheck session list shows those that do\n`,
    });
  });

  test("ends every session of a user, and nobody else's", async () => {
    const dan = await person(server.url, "dan@example.com");
    expect(json(await beside(server, ["session", "end", "--json", "--user", "dan@example.com"]))).toEqual({ ended: 2 });
    expect(await statuses(server.url, dan)).toEqual([401, 401]);
    expect(await statuses(server.url, bob)).toEqual([200, 200]);
    expect((await inProcessBeside(server, ["session", "end", "--user", dan.id])).stdout).toBe(`Ended 0 sessions of ${dan.id}.\n`);
  });

  test("ends everybody's, and nobody's who signs in afterwards", async () => {
    const fay = await person(server.url, "fay@example.com");
    expect(json(await beside(server, ["session", "end", "--json", "--everybody"]))).toEqual({ everybody: true });
    for (const each of [ada, bob, fay]) expect(await statuses(server.url, each)).toEqual([401, 401]);
    expect(await statuses(server.url, await person(server.url, "gus@example.com"))).toEqual([200, 200]);
  });

  test.each([[[]], [["--everybody", "--user", "ada@example.com"]], [["X3b0SxZ1Qm2cR8a5tYk9Eg", "--everybody"]]])(
    "is told what to end, once: %j",
    async (args) => {
      const { status, stderr } = await inProcessBeside(server, ["session", "end", ...args]);
      expect([status, stderr]).toEqual([
        2,
        "coatcheck: which session? Give one sid, --user with an address or an id for all of theirs, or --everybody\n",
      ]);
    },
  );

  test("the audit trail says that it was done here, and by whom", async () => {
    const eve = await person(server.url, "eve@example.com");
    await inProcessBeside(server, ["session", "end", eve.sid]);
    await inProcessBeside(server, ["session", "end", "--user", eve.id]);
    const store = sqlite(`${server.folder}/data/test.db`);
    await store.open();
    const [all, one] = await store.audit.list({ userId: eve.id as never }, 2);
    await store.close();
    const by = { why: "ended_by_administrator", actor: "cli", osUser: expect.stringMatching(/./) as string };
    expect(one).toMatchObject({ event: "session_ended", sid: eve.sid, userId: eve.id, detail: by });
    expect(all).toMatchObject({ event: "sessions_ended", userId: eve.id, detail: { ...by, ended: 1 } });
  });

  test("a sid may begin with a dash", async () => {
    const { status, stderr } = await beside(server, ["session", "end", "-hVbSxZ1Qm2cR8a5tYk9Eg"]);
    expect([status, stderr]).toEqual([
      1,
      "coatcheck: no session -hVbSxZ1Qm2cR8a5tYk9Eg lives: coatcheck session list shows those that do\n",
    ]);
  });
});
