import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PROGRAMS, startPostgres } from "../../support/postgres.ts";
import type { PostgresServer } from "../../support/postgres.ts";
import { startServer } from "../../support/server.ts";

const CLI = fileURLToPath(new URL("../../../src/cli/index.ts", import.meta.url));
const PASSWORD = "hunter2-and-more";

describe.skipIf(PROGRAMS === null)("coatcheck serve --store postgres://…", () => {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
  const env = { COATCHECK_SECRET: randomBytes(32).toString("base64url") };
  let server: PostgresServer;
  let address: string;

  beforeAll(async () => {
    server = await startPostgres();
    address = (await server.database()).replace("postgres@", `postgres:${PASSWORD}@`);
  });
  afterAll(async () => {
    await server.remove();
    rmSync(folder, { recursive: true });
  });

  const command = (...args: string[]): { readonly status: number | null; readonly said: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
      cwd: folder,
      env: { ...process.env, ...env, COATCHECK_STORE: address },
      encoding: "utf8",
    });
    return { status, said: stdout + stderr };
  };

  it("serves logins that another server on the same database ends, and says its password nowhere", { timeout: 60_000 }, async () => {
    const before = command("user", "list");
    expect(before.status).not.toBe(0);
    expect(before.said).toMatch(/there is no store in postgres:\/\/127\.0\.0\.1:\d+\/db_1: name the one that the server uses/);

    const [one, two] = [await startServer(folder, ["--store", address], env), await startServer(folder, ["--store", address], env)];
    const post = async (url: string, body: object): Promise<Response> =>
      await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    const person = { email: "ada@example.com", password: "nothing that is on a list 7" };
    const joined = await post(`${one.url}/auth/sign-up`, person);
    expect(joined.status).toBe(201);
    const cookie = joined.headers.get("set-cookie")?.split(";")[0] ?? "";
    const me = async (url: string): Promise<number> => (await fetch(`${url}/auth/me`, { headers: { cookie } })).status;
    expect([await me(one.url), await me(two.url)]).toEqual([200, 200]);

    const listed = command("user", "list");
    expect(listed.said).toContain("ada@example.com");
    const doctor = command("doctor", "--port", new URL(one.url).port);
    expect(doctor.said).toMatch(/store_copy\s+no commit waits for a standby/);
    expect(doctor.said).toMatch(/store_way\s+the way to the store does not leave this machine/);

    expect(command("session", "end", "--user", "ada@example.com").said).not.toBe("");
    const waitUntil = async (url: string): Promise<void> => {
      while ((await me(url)) === 200) await new Promise((again) => setTimeout(again, 50));
    };
    await Promise.all([waitUntil(one.url), waitUntil(two.url)]);
    expect([await me(one.url), await me(two.url)]).toEqual([401, 401]);

    await one.stop();
    await two.stop();
    for (const said of [one.output(), two.output(), before.said, listed.said, doctor.said]) expect(said).not.toContain(PASSWORD);
    expect(one.output()).toContain(`data    ${server.url("db_1").replace("postgres@", "")}`);
  });

  it("says in one line what is in the way", { timeout: 60_000 }, () => {
    const said = (store: string): string => {
      const { stderr } = spawnSync(process.execPath, [CLI, "serve", "--port", "0", "--store", store], {
        cwd: folder,
        env: { ...process.env, ...env },
        encoding: "utf8",
      });
      return stderr.trim();
    };
    expect(said(`postgres://u:${PASSWORD}@127.0.0.1:1/d`)).toMatch(
      /^.*the store postgres:\/\/127\.0\.0\.1:1\/d can't be opened \(.*ECONNREFUSED.*\): see that it runs and can be reached, or choose another with --store$/,
    );
    expect(said(`postgres://u:${PASSWORD}@127.0.0.1:1/d?sslmode=prefer`)).toMatch(/^.*the address of PostgreSQL must have an sslmode of/);
  });
});
