import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { duration, instant } from "../../src/core/time.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { openServer } from "../support/server.ts";
import { coatcheck, person } from "./support.ts";
import type { Ran, Surroundings } from "./support.ts";

/** Each command is a process of its own. */
const SLOW = { timeout: 60_000 };
const UNPRIVILEGED = fileURLToPath(new URL("./doctor/unprivileged.ts", import.meta.url));

interface Finding {
  readonly check: string;
  readonly severity: string;
  readonly says: string;
}

interface Diagnosis {
  readonly status: number | null;
  readonly findings: readonly Finding[];
  /** What is not as it should be. */
  readonly found: Readonly<Record<string, string>>;
}

function diagnosis({ status, stdout }: Ran): Diagnosis {
  const { findings } = JSON.parse(stdout) as Diagnosis;
  const notOk = findings.filter(({ severity }) => severity !== "ok");
  return { status, findings, found: Object.fromEntries(notOk.map(({ check, severity }) => [check, severity])) };
}

async function doctor(folder: string, flags: readonly string[], surroundings?: Surroundings): Promise<Diagnosis> {
  return diagnosis(await coatcheck(folder, ["doctor", "--json", ...flags], surroundings));
}

describe("a set-up that stands", SLOW, () => {
  let server: Awaited<ReturnType<typeof openServer>>;
  let flags: readonly string[];

  beforeAll(async () => {
    server = await openServer();
    flags = ["--store", `sqlite:${server.folder}/data/test.db`, "--port", new URL(server.url).port];
    await person(server.url, "ada@example.com");
  });
  afterAll(() => server.remove());

  test("is as it should be, and its server is found", async () => {
    const { status, found, findings } = await doctor(server.folder, flags);
    expect({ status, found }).toEqual({ status: 0, found: {} });
    expect(findings.find(({ check }) => check === "server")?.says).toBe(`answers at http://127.0.0.1:${flags[3]}, and is ready`);
    const { stdout, stderr } = await coatcheck(server.folder, ["doctor", ...flags]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^ok {2}node +Node \d+\.\d+\.\d+\n/);
    expect(stdout).toMatch(/\n\n(\d+) of \1 are as they should be\.\n$/);
    expect(stdout).not.toContain("\u001b");
  });

  test("its secret where a copy of the data takes it along, for all to read, and another one: three findings and status 1", async () => {
    const secret = join(server.folder, "data", "secret");
    writeFileSync(secret, "oq7PxZpHZmzsHDmRvXq2380KDg8Nrg51ZwAA2nrFp6g");
    chmodSync(secret, 0o644);
    const ran = await coatcheck(server.folder, ["doctor", "--json", ...flags, "--secret-file", secret]);
    const readable = process.platform === "win32" ? {} : { secret_mode: "fail" };
    expect(diagnosis(ran)).toMatchObject({ status: 1, found: { secret_place: "fail", ...readable, keys_open: "fail" } });
    expect(ran.stderr).toMatch(/^coatcheck: not as it should be: secret_place, .*keys_open\n$/);
    expect(ran.stdout + ran.stderr).not.toContain("oq7PxZpHZmzsHDmRvXq2380KDg8Nrg51ZwAA2nrFp6g");
    rmSync(secret);
  });

  test("a second file with the same secret", async () => {
    const folder = join(server.folder, "state", "coatcheck");
    copyFileSync(join(folder, readdirSync(folder)[0] as string), join(folder, "copy.secret"));
    expect(await doctor(server.folder, flags)).toMatchObject({ status: 0, found: { secret_shared: "warn" } });
    rmSync(join(folder, "copy.secret"));
  });

  test("a proxy that is not trusted: everybody seems to come from it", async () => {
    const state = join(server.folder, "state", "coatcheck");
    const secret = join(state, readdirSync(state)[0] as string);
    const { status, found } = await doctor(server.folder, [...flags, "--issuer", "https://login.example.com", "--secret-file", secret]);
    expect({ status, found }).toEqual({ status: 1, found: { proxies: "fail", plain_http: "warn" } });
  });

  test("a store that is ahead of the clock", async () => {
    const store = sqlite(join(server.folder, "data", "test.db"));
    await store.open();
    const at = instant(Date.now() + duration("3h"));
    await store.audit.append({ at, event: "test", userId: null, sid: null, ip: "", carrier: null, detail: {} });
    await store.close();
    const { status, findings, found } = await doctor(server.folder, flags);
    expect({ status, found }).toEqual({ status: 1, found: { clock_store: "fail" } });
    expect(findings.find(({ check }) => check === "clock_store")?.says).toContain("3 hours ahead of this clock");
  });
});

describe("a set-up that does not stand", SLOW, () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "coatcheck-doctor-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("before the first start there is no store yet, and none is made", async () => {
    expect(await doctor(folder, ["--port", "1"])).toMatchObject({ status: 0, found: { store: "warn" } });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each<[string, readonly string[], Surroundings, string | null]>([
    ["plain http behind a public name", ["--issuer", "http://login.example.com"], {}, null],
    ["a variable that there is not", [], { env: { COATCHECK_ISUER: "x" } }, null],
    ["a file that is no JSON", [], {}, "port: 1"],
  ])("%s is a finding", async (_, flags, surroundings, file) => {
    if (file !== null) writeFileSync(join(folder, "coatcheck.config.json"), file);
    expect(await doctor(folder, flags, surroundings)).toMatchObject({ status: 1, found: { settings: "fail" } });
  });

  test("a public issuer without a secret, and the doors that it leaves open", async () => {
    const flags = ["--issuer", "https://login.example.com", "--sign-up", "at-once", "--access-ttl", "1h", "--port", "1"];
    const { status, found } = await doctor(folder, flags);
    expect(status).toBe(1);
    expect(found).toEqual({ plain_http: "warn", proxies: "warn", sign_up: "warn", access_ttl: "warn", secret: "fail", store: "warn" });
  });

  test("a file that is no store", async () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", "coatcheck.db"), "x".repeat(4_096), { mode: 0o600 });
    expect(await doctor(folder, [])).toMatchObject({ status: 1, found: { store: "fail" } });
  });

  test("another program at its port", async () => {
    const other = createServer((_, answer) => answer.end("hello")).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { found } = await doctor(folder, ["--port", String((other.address() as AddressInfo).port)]);
    expect(found).toMatchObject({ server: "warn" });
    other.close();
  });

  test("a store that this user may not write", async () => {
    if (process.platform === "win32") return expect(existsSync(folder)).toBe(true); // has no such user
    const path = join(folder, "data", "coatcheck.db");
    const store = sqlite(path);
    await store.open();
    await store.close();
    chmodSync(folder, 0o755);
    chmodSync(path, 0o444);
    chmodSync(join(folder, "data"), 0o555);
    const env = { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: join(folder, "state") };
    const { status, stdout, stderr } = spawnSync(process.execPath, [UNPRIVILEGED, "doctor", "--json"], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^coatcheck: not as it should be: [^\n]+\n$/);
    expect(diagnosis({ status, stdout, stderr })).toMatchObject({ status: 1, found: { store: "fail", store_writable: "fail" } });
    chmodSync(join(folder, "data"), 0o755);
  });
});
