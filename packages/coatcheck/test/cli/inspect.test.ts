import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openServer } from "../support/server.ts";
import { beside, coatcheck, inProcess, inProcessBeside, person, statuses } from "./support.ts";
import type { Person, Ran } from "./support.ts";

/** Each command is a process of its own. */
const SLOW = { timeout: 60_000 };

/** What `key rotate --compromised` writes to the log. */
const REVOKE = `INSERT INTO rev_log (seq, kind, key, expires_at, at) SELECT h.seq + 1, 'key', k.kid, 9007199254740991, 0 FROM rev_head AS h, signing_keys AS k;
  UPDATE rev_head SET seq = seq + 1`;

interface Inspected {
  readonly kind: string;
  readonly holds: boolean;
  readonly reasons: readonly string[];
  readonly claims: readonly { readonly name: string; readonly value: unknown; readonly says: string }[];
  readonly checks: readonly { readonly check: string; readonly ok: boolean }[];
  readonly risks: readonly { readonly risk: string }[];
  readonly session: { readonly sid: string } | null;
}

let server: Awaited<ReturnType<typeof openServer>>;

beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.remove());

function inspect(token: string, ...flags: readonly string[]): Promise<Ran> {
  return beside(server, ["inspect", "-", "--issuer", server.url, ...flags], { input: `${token}\n` });
}

async function inspected(token: string, ...flags: readonly string[]): Promise<Inspected> {
  const args = ["inspect", token, "--json", "--issuer", server.url, "--secret-file", secretFile(), ...flags];
  const { status, stdout, stderr } = await inProcessBeside(server, args);
  const report = JSON.parse(stdout) as Inspected;
  expect([status, stderr]).toEqual(report.holds ? [0, ""] : [1, `coatcheck: it does not hold: ${report.reasons.join(", ")}\n`]);
  return report;
}

function secretFile(): string {
  const folder = join(server.folder, "state", "coatcheck");
  return join(folder, readdirSync(folder)[0] as string);
}

function cookieValue({ cookie }: Person): string {
  return cookie.slice(cookie.indexOf("=") + 1);
}

function refresh(token: string): Promise<Response> {
  return fetch(`${server.url}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "refresh_token", refresh_token: token }),
  });
}

describe("our own, while the server runs", SLOW, () => {
  test("an access token: what anyone can read in it, and that it holds", async () => {
    const ada = await person(server.url, "ada@example.com");
    const report = await inspected(ada.accessToken);
    expect(report).toMatchObject({ kind: "signed", holds: true, reasons: [], risks: [] });
    expect(report.claims.find(({ name }) => name === "sub")).toEqual({ name: "sub", value: ada.id, says: "whom it is about" });
    expect(report.claims.find(({ name }) => name === "exp")?.says).toMatch(/^when it ends: \d{4}-\d\d-\d\d \d\d:\d\d, in [34] minutes$/);
    const { stdout } = await inspect(ada.accessToken);
    expect(stdout).toMatch(/^A signed token \(JWT\)\. Anyone who holds it can read this:\n\nHeader\n {2}alg {2}ES256/);
    expect(stdout).toContain("\nIt holds\n");
    expect(stdout).not.toContain(ada.accessToken.split(".")[2]);
  });

  test("a cookie and a refresh token: which session, and nothing that opens it; looking uses nothing up", async () => {
    const bob = await person(server.url, "bob@example.com");
    for (const [token, kind] of [
      [cookieValue(bob), "ticket"],
      [bob.cookie, "ticket"],
      [bob.refreshToken, "refresh"],
    ] as const) {
      const ran = await inspect(token, "--json");
      expect(JSON.parse(ran.stdout)).toMatchObject({ kind, holds: true, claims: [], session: { userId: bob.id } });
      for (const value of [cookieValue(bob), bob.refreshToken]) expect(ran.stdout).not.toContain(value.slice(30, 60));
    }
    expect(await statuses(server.url, bob)).toEqual([200, 200]);
    expect((await refresh(bob.refreshToken)).status).toBe(200);
  });

  test("does not hold once it is ended, and says why", async () => {
    const cyd = await person(server.url, "cyd@example.com");
    await inProcessBeside(server, ["session", "end", "--user", cyd.email]);
    expect((await inspected(cyd.accessToken)).reasons).toEqual(["ended"]);
    expect((await inspected(cookieValue(cyd))).reasons).toEqual(["ended"]);
    expect((await inspected(cyd.refreshToken)).reasons).toEqual(["ended"]);
    expect(await statuses(server.url, cyd)).toEqual([401, 401]);
  });

  test("a token that says what has changed is stale; a disabled user's cookie says so too", async () => {
    const dan = await person(server.url, "dan@example.com");
    await inProcessBeside(server, ["user", "roles", dan.email, "editor"]);
    expect((await inspected(dan.accessToken)).reasons).toEqual(["stale"]);
    await inProcessBeside(server, ["user", "disable", dan.email]);
    expect((await inspected(cookieValue(dan))).reasons).toEqual(["ended", "disabled"]);
  });

  test("a refresh token that was used up, seen before anybody shows it to the server", async () => {
    const eve = await person(server.url, "eve@example.com");
    const { refresh_token: second } = (await (await refresh(eve.refreshToken)).json()) as { refresh_token: string };
    expect(await inspected(eve.refreshToken)).toMatchObject({ holds: true });
    await refresh(second);
    expect((await inspected(eve.refreshToken)).reasons).toEqual(["reuse"]);
    expect(await inspected(second)).toMatchObject({ holds: true });
  });

  test("whatever is changed in it, it is somebody else's", async () => {
    const fay = await person(server.url, "fay@example.com");
    const [header, payload, signature] = fay.accessToken.split(".") as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, roles: ["admin"] })).toString("base64url");
    expect(await inspected(`${header}.${changed}.${signature}`)).toMatchObject({ reasons: ["forged"], session: null });
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString("base64url");
    expect((await inspected(`${none}.${payload}.`)).reasons).toEqual(["malformed", "unproved"]);
    expect((await inspected(swap(cookieValue(fay), 40))).reasons).toEqual(["forged"]);
    expect((await inspected(swap(cookieValue(fay), 5))).reasons).toEqual(["unknown"]);
    expect((await inspected(swap(fay.refreshToken, 60))).reasons).toEqual(["forged"]);
    expect((await inspected(fay.accessToken, "--audience", "another")).reasons).toEqual(["wrong_audience"]);
    expect((await inspected(fay.accessToken, "--issuer", "http://localhost:1")).reasons).toEqual(["wrong_issuer", "wrong_audience"]);
  });

  test("without the server's secret a refresh token can't be proved, and none is made", async () => {
    const gil = await person(server.url, "gil@example.com");
    const store = `sqlite:${server.folder}/data/test.db`;
    const elsewhere = { XDG_STATE_HOME: join(server.folder, "elsewhere"), LOCALAPPDATA: join(server.folder, "elsewhere") };
    const { status, stdout } = await coatcheck(server.folder, ["inspect", "-", "--json", "--store", store], {
      input: gil.refreshToken,
      env: elsewhere,
    });
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ reasons: ["unproved"], session: null });
    expect((JSON.parse(stdout) as { checks: { says: string }[] }).checks[0]?.says).toMatch(
      /^the secret of this store is not at .*give --secret-file/,
    );
    expect((await coatcheck(server.folder, ["inspect", "-", "--store", store], { input: cookieValue(gil), env: elsewhere })).status).toBe(
      0,
    );
  });
});

describe("what a store says in states that take long to come about", SLOW, () => {
  const COPY = "copy.db";
  let hal: Person;

  beforeAll(async () => {
    // Somebody else's end, so that the log is longer than an empty one when they sign in.
    const { accessToken } = await person(server.url, "gus@example.com");
    await fetch(`${server.url}/auth/sessions`, { method: "DELETE", headers: { authorization: `Bearer ${accessToken}` } });
    hal = await person(server.url, "hal@example.com");
  });

  test.each<[string, string, Readonly<Record<"token" | "cookie" | "refresh", readonly string[]>>]>([
    ["as it is", "SELECT 1", { token: [], cookie: [], refresh: [] }],
    ["over its limit", "UPDATE sessions SET expires_at = 1", { token: ["expired"], cookie: ["expired"], refresh: ["expired"] }],
    ["idle", "UPDATE sessions SET idle_expires_at = 1", { token: ["idle"], cookie: ["idle"], refresh: ["idle"] }],
    ["forgotten", "DELETE FROM sessions", { token: ["unknown"], cookie: ["unknown"], refresh: ["unknown"] }],
    ["of a user who is disabled", "UPDATE users SET disabled = 1", { token: [], cookie: ["disabled"], refresh: ["disabled"] }],
    ["signed by a key that is gone", "DELETE FROM signing_keys", { token: ["forged"], cookie: [], refresh: [] }],
    ["signed by a key that was revoked, by the log", REVOKE, { token: ["forged"], cookie: [], refresh: [] }],
    [
      "signed by a key that was revoked, by the keys",
      "UPDATE signing_keys SET revoked_at = 1",
      { token: ["forged"], cookie: [], refresh: [] },
    ],
    ["from a later log", "UPDATE rev_head SET seq = 0; DELETE FROM rev_log", { token: ["ahead"], cookie: [], refresh: [] }],
    ["from before its session was spared", "UPDATE sessions SET generation = 5", { token: [], cookie: [], refresh: ["reuse"] }],
    ["of a generation that was lost", "UPDATE sessions SET generation = -1", { token: [], cookie: [], refresh: ["future"] }],
  ])("%s", async (_, change, reasons) => {
    await copyWith(change);
    const flags = ["--store", `sqlite:${server.folder}/${COPY}`, "--issuer", server.url, "--json", "--secret-file", secretFile()];
    for (const [kind, token] of [
      ["token", hal.accessToken],
      ["cookie", cookieValue(hal)],
      ["refresh", hal.refreshToken],
    ] as const) {
      const ran = await inProcess(["inspect", token, ...flags]);
      expect([kind, (JSON.parse(ran.stdout) as Inspected).reasons]).toEqual([kind, reasons[kind]]);
      expect(ran.status).toBe(reasons[kind].length === 0 ? 0 : 1);
    }
  });

  async function copyWith(change: string): Promise<void> {
    const path = join(server.folder, COPY);
    for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
    await new Database(join(server.folder, "data", "test.db"), { readonly: true }).backup(path);
    const copy = new Database(path);
    copy.exec(change);
    copy.close();
  }
});

/** The same text with another character at that place. */
function swap(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === "x" ? "y" : "x") + text.slice(at + 1);
}

describe("anybody's", SLOW, () => {
  test("by the keys of a file, and by no store", async () => {
    const ida = await person(server.url, "ida@example.com");
    const jwks = join(server.folder, "jwks.json");
    writeFileSync(jwks, await (await fetch(`${server.url}/.well-known/jwks.json`)).text());
    const elsewhere = ["--store", "sqlite:nowhere.db", "--jwks", jwks, "--json"];
    const ran = await coatcheck(server.folder, [
      "inspect",
      ida.accessToken,
      ...elsewhere,
      "--issuer",
      server.url,
      "--audience",
      server.url,
    ]);
    expect(JSON.parse(ran.stdout)).toMatchObject({ holds: true, session: null });
    expect(ran.status).toBe(0);
    const other = await coatcheck(server.folder, ["inspect", ida.accessToken, ...elsewhere, "--issuer", "https://as.example"]);
    expect(other).toMatchObject({ status: 1, stderr: "coatcheck: it does not hold: wrong_issuer\n" });
    const refreshToken = await coatcheck(server.folder, ["inspect", ida.refreshToken, ...elsewhere]);
    expect(refreshToken).toMatchObject({ status: 1, stderr: "coatcheck: it does not hold: unproved\n" });
  });

  test("without a store and without keys it is read all the same, and not believed", async () => {
    const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString("base64url");
    const payload = Buffer.from('{"sub":"42\\u001b[2J","email":"ada@example.com"}').toString("base64url");
    const ran = await coatcheck(server.folder, ["inspect", "-", "--store", "sqlite:nowhere.db"], { input: `${header}.${payload}.c2ln` });
    expect(ran).toMatchObject({ status: 1, stderr: "coatcheck: it does not hold: unproved\n" });
    expect(ran.stdout).toMatch(/signature {2}unproved {2}there is no store in .*nowhere\.db/);
    expect(ran.stdout).toMatch(/email {2}ada@example\.com +the person's e-mail address/);
    for (const risk of ["alg_symmetric", "typ_missing", "iss_missing", "aud_missing", "exp_missing", "private_claims"])
      expect(ran.stdout).toContain(risk);
    expect(ran.stdout).toContain(String.raw`42\u001b[2J`);
    expect(ran.stdout).not.toContain("\u001b");
  });

  test.each([
    ["nothing", "", 2, "coatcheck: there is no token: give one, or - and put it on stdin\n"],
    ["something else", "hunter2-hunter2", 1, "coatcheck: it does not hold\n"],
  ])("%s on stdin", async (_, input, status, stderr) => {
    const ran = await coatcheck(server.folder, ["inspect", "-"], { input });
    expect([ran.status, ran.stderr]).toEqual([status, stderr]);
    expect(ran.stdout + ran.stderr).not.toContain("hunter2");
  });

  test("no error message repeats what it was given", async () => {
    const secret = "oq7PxZpHZmzsHDmRvXq2380KDg8Nrg51ZwAA2nrFp6g";
    for (const args of [[secret, secret], [`--${secret}`], [`-${secret}`], [`--token=${secret}`]]) {
      const { status, stdout, stderr } = await coatcheck(server.folder, ["inspect", ...args]);
      expect(status).not.toBe(0);
      expect(stdout + stderr).not.toContain(secret);
      expect(stderr).toMatch(/^coatcheck: [^\n]+\n$/);
    }
  });
});
