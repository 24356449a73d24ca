import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SETTING_NAMES, SETTINGS } from "../../src/config/table.ts";
import { coatcheck, ConfigError, memory } from "../../src/index.ts";
import type { Auth, CoatcheckOptions } from "../../src/index.ts";
import { SILENT } from "../support/engine.ts";

const CLI = fileURLToPath(new URL("../../src/cli/index.ts", import.meta.url));
const ISSUER = "https://id.example.com";
const SOUND = createHash("sha256").update("coatcheck").digest("base64url");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "coatcheck-start-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The library's door, with options that nobody's type checker has seen. @returns null if they were refused in one line. */
async function open(options: Readonly<Record<string, unknown>>): Promise<Auth | null> {
  const given = { issuer: ISSUER, store: memory(), secret: SOUND, log: SILENT, ...options } as unknown as CoatcheckOptions;
  try {
    return await coatcheck(given);
  } catch (error) {
    expect(error, inspect(options)).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).not.toMatch(/[\r\n]/);
    return null;
  }
}

/** The command: how it ended, and what it said. */
async function serve(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ status: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [CLI, "serve", "--port", "0", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, LOCALAPPDATA: folder, ...env },
  });
  let [stdout, stderr] = ["", ""];
  // It should end by itself: whoever serves after all is stopped, and seen by what it says.
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    child.kill("SIGTERM");
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, "close")) as [number];
  return { status, stdout, stderr };
}

describe("T16 weak secrets", () => {
  /** What people put where a secret belongs, in programs, tutorials and templates. */
  const KNOWN = [
    ...[
      "",
      "secret",
      "password",
      "changeme",
      "change-me-in-production",
      "your-256-bit-secret",
      "your-secret-key",
      "my_super_secret",
      "jwt_secret",
    ],
    ...[
      "supersecretsupersecretsupersecret",
      "a-string-secret-at-least-256-bits-long",
      "keyboard cat",
      "shhhhh",
      "test",
      "dev",
      "0123456789abcdef",
    ],
    ...[
      "00000000000000000000000000000000",
      "deadbeefdeadbeefdeadbeefdeadbeef",
      "AllYourBase",
      "thisisasecretkeythatislongenough",
      "insecure",
    ],
    ...["node-express-session-secret", "django-insecure-key-for-development-only-do-not-use", "correct horse battery staple"],
  ];
  /** What looks like 32 bytes of base64url and was never drawn: printed in standards, counted, typed row by row, written in words. */
  const INVENTED = [
    // RFC 7515 A.1, RFC 7520 §3.5 and §3.6.
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    "AAPapAv4LbFbiVawEjagUBluYqN5rhna-8nuldDvOx8",
    ...[1, 3, 7].map((step) => Buffer.from(Array.from({ length: 32 }, (_, at) => (at * step) & 0xff)).toString("base64url")),
    "correcthorsebatterystaplecoatcheckveryverys",
    "PurpleMonkeyDancedSilverCastleWinterGarden8",
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ",
    "qwertyuiopasdfghjklzxcvbnmQWERTYUIOPASDFGHI",
  ];
  const dressed = KNOWN.flatMap((word) => [
    word,
    ...[1, 2, 4, 8].map((times) => Buffer.from(word.repeat(times)).toString("base64url")),
    Buffer.from(word.padEnd(32, "\0")).toString("base64url"),
    Buffer.from(word.padEnd(32, "x")).toString("base64url"),
    Buffer.from(word).toString("hex"),
    word.padEnd(43, "A"),
    `${SOUND},${word}`,
  ]);

  it("no well-known word starts anything, in whatever dress", async () => {
    expect(await open({ secret: SOUND })).not.toBeNull();
    for (const secret of new Set([...dressed, ...INVENTED])) expect(await open({ secret }), secret).toBeNull();
    for (const length of [0, 1, 16, 31])
      expect(await open({ secret: Buffer.from(SOUND, "base64url").toString("base64url", 0, length) })).toBeNull();
    for (const secret of [[], [SOUND, "secret"], 0, true, {}, null, new Uint8Array(32)]) expect(await open({ secret })).toBeNull();
  });

  it("the server ends with status 2 and one line that does not show the secret", { timeout: 60_000 }, async () => {
    const weak = "your-256-bit-secret-your-256-bit-secret-000";
    const { status, stdout, stderr } = await serve(["--store", "memory:"], { COATCHECK_SECRET: weak });
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^coatcheck: COATCHECK_SECRET [^\n]+\n$/);
    expect(stderr).not.toContain(weak);
  });
});

describe("T16 default accounts (ASVS 6.3.2)", () => {
  it("there are none: nobody is in before somebody has signed up", async () => {
    const auth = await open({ issuer: "http://localhost:3000", throttle: "off" });
    for (const name of ["admin", "root", "test", "user", "demo", "coatcheck"]) {
      for (const password of ["admin", "password", "changeme", "coatcheck", name]) {
        const body = JSON.stringify({ email: `${name}@example.com`, password });
        const headers = { "content-type": "application/json" };
        const answer = await auth?.fetch(new Request("http://localhost:3000/auth/sign-in", { method: "POST", headers, body }));
        expect(answer?.status).toBe(401);
      }
    }
    await auth?.close();
  });
});

describe("W8 open when the configuration is broken (GHSA-8fpg-xm3f-6cx3)", () => {
  const BROKEN: readonly unknown[] = [
    ...[
      "",
      " ",
      "none",
      "null",
      "false",
      "0",
      "-1",
      "1e9",
      "*",
      "__proto__",
      "constructor",
      "https://evil.test",
      "http://id.example.com",
      "x\0y",
    ],
    ...[null, true, false, 0, -1, 1.5, 1e9, Number.NaN, Infinity, [], [null], ["*"], {}, { toString: "x" }, Symbol.iterator, () => true],
  ];
  const options = SETTING_NAMES.filter((name) => ["option", "both"].includes(SETTINGS[name].key));
  const PARTS = ["store", "secret", "users", "claims", "routes"];

  it.each([...options, ...PARTS])("%s: whatever it is, it is refused, or the protected route stays closed", async (name) => {
    let refused = 0;
    for (const value of BROKEN) {
      const auth = await open({ [name]: value });
      if (auth === null) {
        refused += 1;
        continue;
      }
      for (const headers of [
        {},
        { cookie: "__Host-Http-coatcheck=x" },
        { authorization: "Bearer x" },
        { authorization: "Bearer undefined" },
      ]) {
        const answer = await auth.fetch(new Request(`${ISSUER}/auth/me`, { headers }));
        expect([401, 404], `${name}: ${inspect(value)}`).toContain(answer.status);
        expect(await auth.check(headers)).toMatchObject({ ok: false });
      }
      await auth.close();
    }
    expect(refused).toBeGreaterThan(0);
  });

  it("a users table that is null by mistake never means built-in accounts", async () => {
    for (const users of [null, {}, { get: "x" }, [], "users"]) expect(await open({ users })).toBeNull();
    for (const claims of [null, [], "x", { tenant: "acme" }, { tenant: null }]) expect(await open({ claims })).toBeNull();
  });

  it("a setting that is misspelt is refused, and never left at its default", async () => {
    for (const name of [...options, ...PARTS]) expect(await open({ [`${name}s`]: 1 })).toBeNull();
  });

  it("the throttle and plain http are for localhost alone", async () => {
    expect(await open({ throttle: "off" })).toBeNull();
    expect(await open({ issuer: "http://id.example.com" })).toBeNull();
    for (const issuer of [
      "http://localhost.evil.test",
      "http://evil.test/localhost",
      "http://127.0.0.1.nip.io",
      "http://0.0.0.0",
      "http://localhost@evil.test",
    ])
      expect(await open({ issuer }), issuer).toBeNull();
  });

  it("the server does not even take the port", { timeout: 120_000 }, async () => {
    const attempts: readonly (readonly [readonly string[], Readonly<Record<string, string>>])[] = [
      [["--issuer", "https://id.example.com", "--store", "memory:", "--throttle", "off"], {}],
      [["--store", "memory:"], { COATCHECK_ORIGINS: "*" }],
      [["--store", "memory:"], { COATCHECK_THROTTEL: "on" }],
      [["--store", "memory:", "--secret-file", "nowhere"], {}],
    ];
    for (const { status, stdout, stderr } of await Promise.all(attempts.map(([args, env]) => serve(args, env)))) {
      expect({ status, stdout }, stderr).toEqual({ status: 2, stdout: "" });
      expect(stderr).toMatch(/^coatcheck: [^\n]+\n$/);
    }
  });

  it("nor with a file of settings that can't be read whole", { timeout: 60_000 }, async () => {
    writeFileSync(join(folder, "coatcheck.config.json"), '{"issuer":"https://id.example.com","throttle":');
    const { status, stdout, stderr } = await serve(["--store", "memory:"]);
    expect({ status, stdout }, stderr).toEqual({ status: 2, stdout: "" });
    rmSync(join(folder, "coatcheck.config.json"));
  });
});
