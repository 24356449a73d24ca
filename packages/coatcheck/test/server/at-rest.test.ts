import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSigningKey } from "../../src/carriers/token/keys.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { PASSWORD, beside, person } from "../cli/support.ts";
import type { Person } from "../cli/support.ts";
import { startServer } from "../support/server.ts";

const LONG = 120_000;

let folder: string;
let secretFile: string;
let them: Person;
/** Everything that lies in the folder of the data, while the server runs: the file, its log, its index. */
let data: Buffer;
let inData: readonly string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "coatcheck-at-rest-"));
  secretFile = join(folder, "secret");
  writeFileSync(secretFile, randomBytes(32).toString("base64url"), { mode: 0o600 });
  const server = await startServer(folder, ["--secret-file", secretFile]);
  them = await person(server.url, "ada@example.com");
  // Two keys and two secrets, so that nothing is missed that only a rotation would leave behind.
  for (const flags of [[], ["--secret"]]) {
    const { status, stderr } = await beside(server, ["key", "rotate", ...flags, "--secret-file", secretFile]);
    if (status !== 0) throw new Error(stderr);
  }
  inData = readdirSync(join(folder, "data"));
  data = Buffer.concat(inData.map((name) => readFileSync(join(folder, "data", name))));
  await server.stop();
}, LONG);

afterAll(() => rmSync(folder, { recursive: true }));

/** As it is, and in the spellings that a program would write it in. */
function spellings(secret: Uint8Array): Buffer[] {
  const bytes = Buffer.from(secret);
  const encoded = (["base64url", "base64", "hex"] as const).map((encoding) => bytes.toString(encoding).replace(/=+$/, ""));
  return [bytes, ...encoded.map((text) => Buffer.from(text)), Buffer.from(bytes.toString("hex").toUpperCase())];
}

function found(secret: Uint8Array | string): boolean {
  return typeof secret === "string" ? data.includes(secret) : spellings(secret).some((spelling) => data.includes(spelling));
}

const masters = (): Buffer[] =>
  readFileSync(secretFile, "utf8")
    .trim()
    .split(",")
    .map((text) => Buffer.from(text, "base64url"));

describe("a copy of the folder of the data", () => {
  it("is the whole store: what is no secret is found in it, in any spelling", () => {
    expect(inData).toContain("test.db-wal");
    for (const known of [them.email, them.sid, them.id]) expect(found(known)).toBe(true);
    const hash = randomBytes(32);
    data = Buffer.concat([data, Buffer.from(hash.toString("hex"))]);
    expect(found(hash)).toBe(true);
  });

  it("has no master secret in it, nor any key that is derived from one", () => {
    expect(masters()).toHaveLength(2);
    for (const master of masters()) expect(found(master)).toBe(false);
    for (const { id: _, ...keys } of deriveSecrets(masters()).readers) {
      for (const [use, key] of Object.entries(keys)) expect(found(key), use).toBe(false);
    }
  });

  it("has no private key in it", async () => {
    const store = sqlite(join(folder, "data", "test.db"));
    await store.open();
    const records = await store.keys.list();
    await store.close();
    expect(records).toHaveLength(2);
    for (const record of records) {
      expect(found(record.kid)).toBe(true);
      const key = openSigningKey(record, deriveSecrets(masters()));
      const jwk = key?.signWith.key.export({ format: "jwk" });
      expect(jwk?.d).toMatch(/^[\w-]{43}$/);
      expect(found(Buffer.from(jwk?.d as string, "base64url"))).toBe(false);
      expect(found(key?.signWith.key.export({ format: "der", type: "pkcs8" }) as Buffer)).toBe(false);
      expect(openSigningKey(record, deriveSecrets([randomBytes(32)]))).toBe(null);
    }
  });

  it("has nothing in it that a client carries, and no password", () => {
    const ticket = Buffer.from(them.cookie.split("=")[1] as string, "base64url");
    const refreshToken = Buffer.from(them.refreshToken.slice("ccr_".length), "base64url");
    for (const secret of [ticket, ticket.subarray(16, 48), refreshToken, refreshToken.subarray(24, 56)]) expect(found(secret)).toBe(false);
    const [head, body, signature] = them.accessToken.split(".") as [string, string, string];
    for (const secret of [`${head}.${body}`, PASSWORD]) expect(found(secret)).toBe(false);
    expect(found(Buffer.from(signature, "base64url"))).toBe(false);
  });
});
