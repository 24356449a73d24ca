import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addClient } from "../../src/accounts/clients.ts";
import type { Store } from "../../src/core/ports.ts";
import { systemClock } from "../../src/server/clock.ts";
import { systemRandom } from "../../src/server/random.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import { openServer } from "../support/server.ts";
import { beside, json } from "./support.ts";

interface Client {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
  readonly scopes: readonly string[];
  readonly audiences: readonly string[];
  readonly disabled: boolean;
}

let server: Awaited<ReturnType<typeof openServer>>;
let store: Store;
beforeAll(async () => {
  server = await openServer();
  store = sqlite(`${server.folder}/data/test.db`);
  await store.open();
});
afterAll(async () => {
  await store.close();
  await server.remove();
});

/** A client that is there already, made without a process of its own. */
async function hire(name: string): Promise<Client> {
  const parts = { clients: store.clients, clock: systemClock, random: systemRandom };
  const { client, secret } = await addClient(parts, { name, scopes: ["read"], audiences: [server.url] });
  return { ...client, secret };
}

/** The flags that started the server also find its audience. */
const add = async (...args: readonly string[]): Promise<Client> =>
  json(await beside(server, ["client", "add", "--json", "--issuer", server.url, ...args])) as Client;

/** The status of the client's request for a token, and the token. */
async function grant({ id, secret }: Client): Promise<readonly [number, string]> {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: id, client_secret: secret });
  const got = await fetch(`${server.url}/oauth/token`, { method: "POST", body });
  return [got.status, ((await got.json()) as { access_token: string }).access_token];
}

/** Whether the server takes this token for what it says: a client's, and nobody's login. */
async function code(token: string): Promise<unknown> {
  const got = await fetch(`${server.url}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  return ((await got.json()) as { code: string }).code;
}

describe("client add, while the server runs", () => {
  test("makes a client that can log in at once, and shows its secret this once", async () => {
    const client = await add(
      "Nightly report",
      "--scope",
      "report:read",
      "--scope",
      "report:write mail",
      "--audience",
      "https://a.example.com",
      "--audience",
      "urn:b",
    );
    expect(client).toEqual({
      id: expect.stringMatching(/^cli_[\w-]{22}$/),
      name: "Nightly report",
      secret: expect.stringMatching(/^ccs_[\w-]{43}$/),
      scopes: ["report:read", "report:write", "mail"],
      audiences: ["https://a.example.com", "urn:b"],
      disabled: false,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
    expect((await grant(client))[0]).toBe(200);
  });

  test("is for the server's own audience unless it says more, and may do nothing", async () => {
    expect(await add("Plain")).toMatchObject({ scopes: [], audiences: [server.url] });
  });

  test("says it in words for people", async () => {
    const { status, stdout, stderr } = await beside(server, ["client", "add", "Worded", "--scope", "a b", "--audience", "urn:x"]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^Added the client Worded\.\n {2}client_id {6}cli_[\w-]{22}\n {2}client_secret {2}ccs_[\w-]{43}\n {2}scopes {9}a b\n {2}audiences {6}urn:x\nThe secret is shown this once, and kept nowhere: hand it to the client now\.\n$/,
    );
  });

  test.each([
    [["client", "add"], /missing required argument 'name'/],
    [["client", "add", ""], /^coatcheck: name must be 1 to 200 characters/],
    [["client", "add", "x", "--scope", 'a"b'], /^coatcheck: scopes must be words/],
    [["client", "add", "x", "--audience", "two words"], /^coatcheck: audiences must be addresses/],
    [["client", "add", "x", "--scopes", "a"], /--scopes/],
    [["client", "remove", "ccs_secret"], /^coatcheck: that is no client's id, which begins with cli_: coatcheck client list shows them\n$/],
  ])("used wrongly, %j is told in one line, and makes nothing", async (args, line) => {
    const before = await store.clients.list();
    const { status, stdout, stderr } = await beside(server, args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(await store.clients.list()).toEqual(before);
  });
});

describe("client list", () => {
  test("shows every client, the oldest first, and no secret", async () => {
    const [one, two] = [await hire("First of two"), await hire("Second of two")];
    const asJson = await beside(server, ["client", "list", "--json"]);
    const { clients } = json(asJson) as { clients: readonly Client[] };
    expect(clients.slice(-2).map(({ id, name, scopes, disabled }) => [id, name, scopes, disabled])).toEqual([
      [one.id, "First of two", ["read"], false],
      [two.id, "Second of two", ["read"], false],
    ]);
    const { stdout } = await beside(server, ["client", "list"]);
    expect(stdout.split("\n")[0]).toMatch(/^ID {26}NAME +SCOPES +AUDIENCES +STATE +SINCE$/);
    expect(stdout).toMatch(new RegExp(`^${two.id} {2}Second of two +read +${server.url} +enabled +\\d{4}-`, "m"));
    for (const { secret } of [one, two]) expect(asJson.stdout + stdout).not.toContain(secret);
    expect(Object.keys(clients[0] ?? {}).toSorted()).toEqual(["audiences", "createdAt", "disabled", "id", "name", "scopes"]);
  });
});

describe("client remove, disable and enable, while the server runs", () => {
  test("a removed client gets nothing more, and its tokens are refused at the next request", async () => {
    const [client, other] = [await hire("Leaver"), await hire("Stayer")];
    const [[, token], [, theirs]] = [await grant(client), await grant(other)];
    expect(await code(token)).toBe("login_required");
    expect(await beside(server, ["client", "remove", client.id])).toEqual({
      status: 0,
      stdout: "Removed the client Leaver: its tokens are refused from the next request on.\n",
      stderr: "",
    });
    expect([await code(token), await code(theirs)]).toEqual(["invalid_token", "login_required"]);
    expect((await grant(client))[0]).toBe(401);
    expect((await grant(other))[0]).toBe(200);
  });

  test("a disabled one is out until it is enabled, and what was ended stays ended", async () => {
    const client = await hire("Pauser");
    const [, token] = await grant(client);
    expect(json(await beside(server, ["client", "disable", "--json", client.id]))).toMatchObject({ id: client.id, disabled: true });
    expect([(await grant(client))[0], await code(token)]).toEqual([401, "invalid_token"]);
    expect((await beside(server, ["client", "enable", client.id])).stdout).toBe("Enabled the client Pauser.\n");
    const [status, next] = await grant(client);
    expect([status, await code(next), await code(token)]).toEqual([200, "login_required", "invalid_token"]);
  });

  test.each(["remove", "disable", "enable"])("there is no client to %s: told in one line, with the mend", async (command) => {
    expect(await beside(server, ["client", command, `cli_${"A".repeat(22)}`])).toEqual({
      status: 1,
      stdout: "",
      stderr: "coatcheck: there is no such client: coatcheck client list shows those that there are\n",
    });
  });

  test("the audit trail says what was done, here and by whom, and holds no secret", async () => {
    const events = ["client_added", "client_disabled", "client_enabled", "client_removed"];
    const written = (await Promise.all(events.map(async (event) => await store.audit.list({ event }, 9)))).map((list) => list.at(-1));
    expect(written.map((it) => it?.event)).toEqual(events);
    for (const it of written) {
      const by = { clientId: expect.stringMatching(/^cli_/) as string, actor: "cli", osUser: expect.stringMatching(/./) as string };
      expect(it).toMatchObject({ userId: null, detail: by });
    }
    expect(written[0]?.detail).toMatchObject({
      scopes: ["report:read", "report:write", "mail"],
      audiences: ["https://a.example.com", "urn:b"],
    });
    expect(JSON.stringify(await store.audit.list({}, 999))).not.toContain("ccs_");
  });
});
