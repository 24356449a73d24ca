import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startServer } from "../support/server.ts";
import type { RunningServer } from "../support/server.ts";
import { beside, json, person, statuses } from "./support.ts";
import type { Person, Ran, Surroundings } from "./support.ts";

const LONG = 120_000;
/** Two servers on one file have one issuer, wherever they listen. */
const PUBLIC = ["--issuer", "https://login.example.com", "--host", "127.0.0.1", "--sign-up", "at-once"];

let folder: string;
let secretFile: string;
const running: RunningServer[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coatcheck-key-"));
  secretFile = join(folder, "secret");
});
afterEach(async () => {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
});

async function stopAll(): Promise<void> {
  for (const server of running.splice(0)) expect(await server.stop()).toBe(0);
}

async function start(flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const server = await startServer(folder, flags, env);
  running.push(server);
  return server;
}

const newSecret = (): string => randomBytes(32).toString("base64url");

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly state: string;
  readonly createdAt: string;
  readonly signsFrom: string;
  readonly publishedUntil: string | null;
}

async function keys(server: RunningServer, surroundings?: Surroundings): Promise<readonly Key[]> {
  return (json(await beside(server, ["key", "list", "--json"], surroundings)) as { keys: Key[] }).keys;
}

async function published({ url }: RunningServer): Promise<readonly string[]> {
  const response = await fetch(`${url}/.well-known/jwks.json`);
  expect(response.headers.get("cache-control")).toBe("public, max-age=300");
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

function kidOf(token: string): string {
  return (JSON.parse(Buffer.from(token.split(".")[0] as string, "base64url").toString()) as { kid: string }).kid;
}

async function refresh({ url }: RunningServer, them: Person): Promise<Person> {
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: them.refreshToken });
  const response = await fetch(`${url}/oauth/token`, { method: "POST", body });
  expect(response.status, await response.clone().text()).toBe(200);
  const tokens = (await response.json()) as { access_token: string; refresh_token: string };
  return { ...them, accessToken: tokens.access_token, refreshToken: tokens.refresh_token };
}

describe("coatcheck key", { timeout: LONG }, () => {
  it("lists the keys, and publishes the next one beside a running server", async () => {
    const server = await start();
    const ada = await person(server.url, "ada@example.com");
    const [first] = await keys(server);
    expect(first).toEqual({
      ...{ kid: kidOf(ada.accessToken), alg: "ES256", state: "signing", publishedUntil: null },
      ...{ createdAt: first?.signsFrom, signsFrom: expect.stringMatching(/^20\d\d-.*Z$/) },
    });

    const made = json(await beside(server, ["key", "rotate", "--json"])) as { kid: string; signsFrom: string };
    expect(made).toEqual({ kid: expect.any(String), alg: "ES256", signsFrom: expect.any(String), made: true });
    expect(await published(server)).toEqual([first?.kid, made.kid]);
    const [signing, next] = await keys(server);
    expect([signing?.state, next?.state, next?.signsFrom]).toEqual(["signing", "next", made.signsFrom]);
    expect(Date.parse(signing?.publishedUntil as string)).toBe(Date.parse(made.signsFrom) + 5 * 60_000 + 30_000);
    expect(await statuses(server.url, ada)).toEqual([200, 200]);
    expect(kidOf((await refresh(server, ada)).accessToken)).toBe(first?.kid);

    const again = await beside(server, ["key", "rotate"]);
    expect(again.stdout).toMatch(/^Nothing to do: the next key, \S+, is published already and signs from 20\d\d-\d\d-\d\d \d\d:\d\d\.\n$/);
    const table = await beside(server, ["key", "list"]);
    expect(table.stdout).toMatch(
      /^KID +ALGORITHM +STATE +MADE +SIGNS FROM +PUBLISHED UNTIL\n\S+ +ES256 +signing .*\n\S+ +ES256 +next .*-\n$/,
    );
  });

  it("--compromised kills what was signed at the next request, and who was logged in refreshes and goes on", async () => {
    const server = await start();
    const ada = await person(server.url, "ada@example.com");
    expect(await statuses(server.url, ada)).toEqual([200, 200]);
    const { kid, revoked } = json(await beside(server, ["key", "rotate", "--compromised", "--json"])) as { kid: string; revoked: string[] };
    expect(revoked).toEqual([kidOf(ada.accessToken)]);
    expect(await statuses(server.url, ada)).toEqual([200, 401]);
    const next = await refresh(server, ada);
    expect(kidOf(next.accessToken)).toBe(kid);
    expect(await statuses(server.url, next)).toEqual([200, 200]);
    expect(await published(server)).toEqual([kid]);
    expect((await keys(server)).map(({ state }) => state)).toEqual(["revoked", "signing"]);

    await stopAll();
    const again = await start();
    expect(await published(again)).toEqual([kid]);
    expect(await statuses(again.url, ada)).toEqual([200, 401]);
  });

  it("says what each did, in words, and what others see; and does one thing at a time", async () => {
    const server = await start();
    const wrong = await beside(server, ["key", "rotate", "--compromised", "--secret"]);
    expect(wrong).toEqual({
      ...{ status: 2, stdout: "" },
      stderr: "coatcheck: one at a time: first coatcheck key rotate --secret, then --compromised\n",
    });
    expect(await keys(server)).toHaveLength(1);
    const text = (await beside(server, ["key", "rotate", "--compromised"])).stdout;
    expect(text).toMatch(/^Revoked \S+: whatever they signed is refused from now on\. The new key, \S+, signs at once\.\n/);
    expect(text).toContain("the JWKS alone accepts the old keys until they fetch it again: it says 5 minutes");
    expect((await beside(server, ["key", "rotate"])).stdout).toMatch(/^Published the key \S+: it signs from 20.*\. Until then \S+ does/);
  });
});

/** Requests on both carriers at two servers, for as long as `work` takes and a round longer; every answer must let them in. */
async function underTraffic<T>(
  servers: readonly RunningServer[],
  people: Person[],
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly rounds: number }> {
  let isOver = false;
  let rounds = 0;
  const traffic = Promise.all(
    people.map(async (_, index) => {
      for (let last = false; !last; rounds += 1) {
        last = isOver;
        const [server, other] = index % 2 === 0 ? servers : servers.toReversed();
        const them = people[index] as Person;
        expect(await statuses((server as RunningServer).url, them)).toEqual([200, 200]);
        people[index] = await refresh(other as RunningServer, them);
      }
    }),
  );
  const value = await work().finally(() => (isOver = true));
  await traffic;
  return { value, rounds };
}

describe("coatcheck key rotate --secret", { timeout: LONG }, () => {
  it("logs nobody out of two servers on one file, during, after, and after a restart, and without the old one the keys open", async () => {
    const old = newSecret();
    writeFileSync(secretFile, `${old}\n`, { mode: 0o600 });
    const flags = [...PUBLIC, "--secret-file", secretFile];
    const servers = [await start(flags), await start(flags)];
    const people = [
      await person(servers[0]?.url as string, "ada@example.com"),
      await person(servers[1]?.url as string, "bob@example.com"),
      await person(servers[0]?.url as string, "cyd@example.com"),
    ];
    const { value, rounds } = await underTraffic(servers, people, () =>
      beside(servers[0] as RunningServer, ["key", "rotate", "--secret", ...flags, "--json"]),
    );
    expect(rounds).toBeGreaterThan(people.length);
    expect(json(value)).toEqual({ secretFile, secrets: 2, resealed: 1, oldSecretUntil: expect.any(String) });
    const [fresh, kept] = readFileSync(secretFile, "utf8").trim().split(",");
    expect(kept).toBe(old);
    expect(value.stdout + value.stderr + servers.map((server) => server.output()).join("")).not.toContain(fresh as string);

    // Both write under the new one by now, and each reads what the other wrote.
    people.push(await person(servers[1]?.url as string, "dan@example.com"));
    await underTraffic(servers, people, () => beside(servers[0] as RunningServer, ["key", "list", ...flags]));
    await stopAll();
    const again = [await start(flags), await start(flags)];
    await underTraffic(again, people, async () => undefined);
    await stopAll();

    writeFileSync(secretFile, fresh as string);
    const alone = await start(flags);
    // Each has refreshed since: their tokens are of the new secret. Dan's cookie is too.
    for (const them of people) await refresh(alone, them);
    expect(await statuses(alone.url, people[3] as Person)).toEqual([200, 200]);
    await stopAll();

    writeFileSync(secretFile, old);
    await expect(start(flags)).rejects.toThrow(
      /stopped with [12]:\ncoatcheck: the signing key \S+ in the store was sealed under another secret: start with [^\n]*\n$/,
    );
  });

  it("with the secret of a localhost issuer makes and finds the new one by itself", async () => {
    const server = await start();
    const people = [await person(server.url, "ada@example.com")];
    const { value } = await underTraffic([server, server], people, () => beside(server, ["key", "rotate", "--secret"]));
    expect(value.stdout).toMatch(
      /^Put a new secret in front of the one in \S+\.secret, and sealed 1 signing key under it\.\nThe old one must stay there until 20/,
    );
    expect(value.status).toBe(0);
  });

  it("with COATCHECK_SECRET says the steps, then seals the keys again under the first", async () => {
    const [old, fresh] = [newSecret(), newSecret()];
    const server = await start(PUBLIC, { COATCHECK_SECRET: old });
    const ada = await person(server.url, "ada@example.com");
    const rotate = (secret: string): Promise<Ran> =>
      beside(server, ["key", "rotate", "--secret", ...PUBLIC], { env: { COATCHECK_SECRET: secret } });
    const told = await rotate(old);
    expect([told.status, told.stdout]).toEqual([1, ""]);
    expect(told.stderr).toMatch(
      /^coatcheck: COATCHECK_SECRET can't be changed from here: put a new secret in front of the old one, [^\n]* restart, and run this again\n$/,
    );

    await stopAll();
    const both = `${fresh},${old}`;
    const second = await start(PUBLIC, { COATCHECK_SECRET: both });
    expect(await statuses(second.url, ada)).toEqual([200, 200]);
    const done = await rotate(both);
    expect(done.stdout).toMatch(/^Sealed 1 signing key under the first of COATCHECK_SECRET\.\nThe old one must stay there until/);
    expect((await rotate(both)).stdout).toMatch(/^All is sealed under the first of COATCHECK_SECRET already\.\n/);
    const next = await refresh(second, ada);
    await stopAll();

    const third = await start(PUBLIC, { COATCHECK_SECRET: fresh });
    expect(await statuses(third.url, { ...next, cookie: "" })).toEqual([401, 200]);
    await refresh(third, next);
    expect((await rotate("x")).stderr).toContain("COATCHECK_SECRET is not base64url");
  });
});
