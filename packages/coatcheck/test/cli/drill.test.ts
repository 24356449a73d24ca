import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";
import { beside, json } from "./support.ts";

let server: RunningServer;
const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
const others: Server[] = [];

beforeAll(async () => {
  server = await startServer(folder, ["--bound", "1s"]);
});

afterAll(async () => {
  await server.stop();
  for (const other of others) other.close();
  rmSync(folder, { recursive: true });
});

const drill = (...args: readonly string[]) => beside(server, ["drill", "--bound", "1s", "--issuer", server.url, ...args]);

/** A service that says the same to everybody. */
async function service(status: number): Promise<string> {
  const other = createServer((_, response) => response.writeHead(status).end());
  others.push(other);
  await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(other.address() as AddressInfo).port}/whoami`;
}

describe("coatcheck drill", () => {
  it("shows for each surface how long it let in whose login had ended, again and again", async () => {
    const wanted = ["cookie", "access token", "access token", "refresh token"];
    for (let round = 0; round < 2; round += 1) {
      const { bound, surfaces } = json(await drill("--node", server.url, "--verifier", `${server.url}/auth/me`, "--json")) as {
        readonly bound: number;
        readonly surfaces: readonly { readonly shows: string; readonly deadAfter: number; readonly unknown: number }[];
      };
      expect(bound).toBe(1_000);
      expect(surfaces.map(({ shows }) => shows)).toEqual(wanted);
      for (const { deadAfter, unknown } of surfaces) {
        expect(deadAfter).toBeGreaterThanOrEqual(0);
        expect(unknown).toBe(0);
      }
    }
  });

  it("leaves its account disabled, and a word in the trail", async () => {
    await drill();
    const { users } = json(await beside(server, ["user", "list", "--json"])) as { users: { email: string; disabled: boolean }[] };
    expect(users.find(({ email }) => email === "drill@coatcheck.invalid")).toMatchObject({ disabled: true });
  });

  it("fails if something still lets in whose login has ended", async () => {
    const { status, stdout, stderr } = await drill("--verifier", await service(200));
    expect(status).toBe(1);
    expect(stdout).toContain("still accepted");
    expect(stderr).toBe("coatcheck: 1 of 4 surfaces did not refuse within 1000 ms: see coatcheck doctor\n");
  });

  it("does not take an outage for a refusal", async () => {
    const flag = await service(503);
    const { status, stderr } = await drill("--verifier", flag);
    expect([status, stderr]).toEqual([
      1,
      `coatcheck: ${flag} does not let in who has just logged in (access token): see that it serves the same store, and that its lease holds\n`,
    ]);
  });

  it.each([
    [["--node", "id.example.com"], 2, '--node "id.example.com" is not an address like https://id.example.com'],
    [["--verifier", "ftp://a"], 2, '--verifier "ftp://a" is not an address like https://id.example.com'],
    [["--node", "http://user:word@localhost"], 2, '--node "http://user:word@localhost" is not an address like https://id.example.com'],
    [["--node", "http://127.0.0.1:1"], 1, "http://127.0.0.1:1 is out of reach: see that the server runs, and give its address with --node"],
  ])("says what is wrong with %j", async (args, status, line) => {
    expect(await drill(...args)).toMatchObject({ status, stdout: "", stderr: `coatcheck: ${line}\n` });
  });
});
