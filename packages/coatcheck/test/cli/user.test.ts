import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import type { AuditEvent } from "../../src/core/ports.ts";
import { openServer } from "../support/server.ts";
import { beside, inProcessBeside, json, PASSWORD, person, post, statuses } from "./support.ts";

let server: Awaited<ReturnType<typeof openServer>>;

beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.remove());

interface Made {
  readonly id: string;
  readonly password: string;
}

async function signsIn(email: string, password: string): Promise<number> {
  return (await post(server.url, "/auth/sign-in", { email, password })).status;
}

async function latestEvent(userId: string): Promise<AuditEvent | undefined> {
  const store = sqlite(`${server.folder}/data/test.db`);
  await store.open();
  const [latest] = await store.audit.list({ userId: userId as never }, 1);
  await store.close();
  return latest;
}

/** Each command is a process of its own. */
const SLOW = { timeout: 60_000 };

const BY_CLI = { actor: "cli", osUser: expect.stringMatching(/./) as string };

describe("with the file locked by somebody else", SLOW, () => {
  test("waits, then says so in one line, and what to do about it", async () => {
    const other = new Database(`${server.folder}/data/test.db`);
    other.exec("BEGIN IMMEDIATE");
    const ran = await beside(server, ["user", "add", "locked@example.com"]);
    other.exec("ROLLBACK");
    other.close();
    expect(ran).toMatchObject({ status: 1, stdout: "" });
    expect(ran.stderr).toMatch(
      /^coatcheck: [^\n]*another process has held the file locked for seconds: end what has a transaction open on it[^\n]*\n$/,
    );
  });
});

describe("user add, while the server runs", SLOW, () => {
  test("makes an account and a password for it, which is shown once and opens it", async () => {
    const ran = await beside(server, ["user", "add", "Ada@EXAMPLE.com", "--name", "Ada", "--roles", "editor, admin", "--json"]);
    const made = json(ran) as Made;
    expect(made).toMatchObject({ email: "ada@example.com", name: "Ada", roles: ["editor", "admin"], disabled: false });
    expect(await signsIn("ada@example.com", made.password)).toBe(200);
    expect((await inProcessBeside(server, ["user", "list", "--json"])).stdout).not.toContain(made.password);
    const event = await inProcessBeside(server, ["user", "add", "ann@example.com", "--json"]).then(json);
    expect(await latestEvent((event as Made).id)).toMatchObject({ event: "user_added", detail: { ...BY_CLI, roles: [] } });
    expect(JSON.stringify(await latestEvent((event as Made).id))).not.toContain((event as Made).password);
  });

  test("says the password to people", async () => {
    const { status, stdout } = await beside(server, ["user", "add", "amy@example.com"]);
    expect(status).toBe(0);
    const [, id, password] = /^Added amy@example\.com, whose id is (\S+)\.\nTheir password, shown this once: (\S+)\n$/.exec(stdout) ?? [];
    expect(id).toMatch(/^usr_/);
    expect(await signsIn("amy@example.com", password as string)).toBe(200);
  });

  test.each([
    ["as it stands", PASSWORD],
    ["without the line break at its end", `${PASSWORD}\n`],
    ["without that of Windows", `${PASSWORD}\r\n`],
  ])("takes the password from stdin, %s, and shows it to nobody", async (_, input) => {
    const email = `a${input.length}@example.com`;
    const { status, stdout, stderr } = await beside(server, ["user", "add", email, "--password-stdin"], { input });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^Added a\d+@example\.com, whose id is \S+\.\n$/);
    expect(await signsIn(email, PASSWORD)).toBe(200);
  });

  test.each([
    ["a weak one", "password1", "password is one of the passwords that are tried first"],
    ["a short one", "otter", "password must have at least 8 characters"],
    ["one of the address", "abe.example1815", "password is made of your address, your name or the name of this site"],
    ["none", "", "there is no password on stdin: put one there, like printf %s … | coatcheck …"],
  ])("refuses %s by the rules that sign-up has, with status 2, and repeats it nowhere", async (_, input, line) => {
    const ran = await beside(server, ["user", "add", "abe@example.com", "--password-stdin"], { input });
    expect(ran).toEqual({ status: 2, stdout: "", stderr: `coatcheck: ${line}\n` });
    expect((await inProcessBeside(server, ["user", "list"])).stdout).not.toContain("abe@example.com");
  });

  test("refuses an address that is taken, however it is spelled, with status 1", async () => {
    const ida = await person(server.url, "ida@example.com");
    expect(await inProcessBeside(server, ["user", "add", "IDA@example.com"])).toEqual({
      status: 1,
      stdout: "",
      stderr: "coatcheck: there is an account with this address already: see coatcheck user list\n",
    });
    expect(await signsIn("ida@example.com", PASSWORD)).toBe(200);
    expect(await statuses(server.url, ida)).toEqual([200, 200]);
  });

  test("at no terminal it does not ask", async () => {
    const { status, stderr } = await beside(server, ["user", "add", "abe@example.com", "--password-prompt"]);
    expect([status, stderr]).toEqual([2, "coatcheck: there is no terminal to ask at: use --password-stdin\n"]);
  });
});

describe("user list", SLOW, () => {
  test("shows the accounts by address, aligned, and no hash", async () => {
    await inProcessBeside(server, ["user", "add", "zoe@example.com", "--name", "Zoë \u001b[31m李"]);
    const { stdout } = await inProcessBeside(server, ["user", "list"]);
    const [head, ...rows] = stdout.trimEnd().split("\n") as [string, ...string[]];
    expect(head).toMatch(/^ID {26}ADDRESS +NAME +ROLES +STATE +SINCE$/);
    const addresses = rows.map((row) => row.split(/ {2,}/)[1] as string);
    expect(addresses).toEqual(addresses.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(rows.at(-1)).toContain(String.raw`Zoë \u001b[31m李`);
    const { stdout: asJson } = await inProcessBeside(server, ["user", "list", "--json"]);
    expect(stdout + asJson).not.toContain("argon2");
  });

  test("says when there are more than it shows", async () => {
    const { stdout } = await inProcessBeside(server, ["user", "list", "--limit", "1"]);
    expect(stdout.trimEnd().split("\n")).toHaveLength(3);
    expect(stdout).toContain("these are the first 1 by address");
  });
});

describe("what changes an account holds at the server's next request", SLOW, () => {
  test("user disable ends every session and lets nobody in; user enable lets them sign in again and revives nothing", async () => {
    const bob = await person(server.url, "bob@example.com");
    const eve = await person(server.url, "eve@example.com");
    expect((await beside(server, ["user", "disable", bob.email])).stdout).toBe(
      "Disabled bob@example.com: every session of theirs has ended.\n",
    );
    expect(await latestEvent(bob.id)).toMatchObject({ event: "user_disabled", userId: bob.id, detail: BY_CLI });
    expect(await statuses(server.url, bob)).toEqual([401, 401]);
    expect(await signsIn(bob.email, PASSWORD)).toBe(401);
    expect(json(await inProcessBeside(server, ["user", "enable", bob.id, "--json"]))).toMatchObject({ id: bob.id, disabled: false });
    expect(await latestEvent(bob.id)).toMatchObject({ event: "user_enabled", userId: bob.id, detail: BY_CLI });
    expect(await statuses(server.url, bob)).toEqual([401, 401]);
    expect(await signsIn(bob.email, PASSWORD)).toBe(200);
    expect(await statuses(server.url, eve)).toEqual([200, 200]);
  });

  test("user password ends every session, and only the new one opens the account", async () => {
    const cyd = await person(server.url, "cyd@example.com");
    const { status } = await beside(server, ["user", "password", cyd.email, "--password-stdin"], { input: "another-otter-harbour-43\n" });
    expect(status).toBe(0);
    expect(await statuses(server.url, cyd)).toEqual([401, 401]);
    expect(await signsIn(cyd.email, PASSWORD)).toBe(401);
    expect(await signsIn(cyd.email, "another-otter-harbour-43")).toBe(200);
    const { password } = json(await inProcessBeside(server, ["user", "password", cyd.email, "--json"])) as Made;
    expect(await signsIn(cyd.email, password)).toBe(200);
    expect(JSON.stringify(await latestEvent(cyd.id))).not.toContain(password);
  });

  test("user password refuses a weak one, and ends nothing", async () => {
    const fay = await person(server.url, "fay@example.com");
    const { status } = await beside(server, ["user", "password", fay.email, "--password-stdin"], { input: "password1" });
    expect(status).toBe(2);
    expect(await statuses(server.url, fay)).toEqual([200, 200]);
    expect(await signsIn(fay.email, PASSWORD)).toBe(200);
  });

  test("user roles are there at once for a cookie; a token that says otherwise is stale", async () => {
    const dan = await person(server.url, "dan@example.com");
    expect((await inProcessBeside(server, ["user", "roles", dan.email, "editor,admin,editor"])).stdout).toBe(
      "dan@example.com has editor, admin from now on.\n",
    );
    const me = await fetch(`${server.url}/auth/me`, { headers: { cookie: dan.cookie } });
    expect(await me.json()).toMatchObject({ user: { roles: ["editor", "admin"] } });
    const stale = await fetch(`${server.url}/auth/me`, { headers: { authorization: `Bearer ${dan.accessToken}` } });
    expect(await stale.json()).toMatchObject({ status: 401, code: "stale_claims" });
    expect(await latestEvent(dan.id)).toMatchObject({
      event: "roles_set",
      detail: { ...BY_CLI, before: [], after: ["editor", "admin"] },
    });
    expect(json(await inProcessBeside(server, ["user", "roles", dan.email, "--none", "--json"]))).toMatchObject({ roles: [] });
    expect((await inProcessBeside(server, ["user", "roles", dan.email, "an editor"])).status).toBe(2);
  });

  test.each(["disable", "enable", "password", "roles"])("user %s of nobody is status 1", async (verb) => {
    const typed = verb === "roles" || verb === "enable" ? "usr_nobody" : "nobody@example.com";
    const ran = await inProcessBeside(server, ["user", verb, typed, ...(verb === "roles" ? ["--none"] : [])]);
    expect(ran).toEqual({ status: 1, stdout: "", stderr: `coatcheck: there is no user "${typed}": see coatcheck user list\n` });
  });
});
