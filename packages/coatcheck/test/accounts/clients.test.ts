import { describe, expect, it } from "vitest";
import { addClient, createClientAuthentication } from "../../src/accounts/clients.ts";
import type { ClientVerdict, NewClient } from "../../src/accounts/clients.ts";
import { createThrottle } from "../../src/accounts/throttle.ts";
import type { ClientId } from "../../src/core/ids.ts";
import { CoatcheckError } from "../../src/core/errors.ts";
import { duration } from "../../src/core/time.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { systemRandom } from "../../src/server/random.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { fakeClock } from "../../src/testing/index.ts";

const WANTED: NewClient = { name: "Nightly report", scopes: ["report:read"], audiences: ["https://reports.example.com"] };

async function office() {
  const [store, clock] = [memory(), fakeClock()];
  await store.open();
  const asked: string[] = [];
  const clients = { ...store.clients, byId: (id: ClientId) => (asked.push(id), store.clients.byId(id)) };
  const doors = createThrottle({ throttles: store.throttles, clock, enabled: true, key: () => new Uint8Array(32), privateNetworks: true });
  const { prove } = createClientAuthentication(clients, doors);
  return {
    store,
    clock,
    asked,
    add: (wanted: Partial<NewClient> = {}) => addClient({ clients: store.clients, clock, random: systemRandom }, { ...WANTED, ...wanted }),
    prove: (id: string, secret: string, ip = "192.0.2.1"): Promise<ClientVerdict> => prove({ id, secret }, { ip }),
  };
}

describe("a new client", () => {
  it("has an id where no user has one, and a secret of 256 random bits that the store has the hash of", async () => {
    const { store, add } = await office();
    const [one, two] = [await add(), await add()];
    expect(one.client.id).toMatch(/^cli_[\w-]{22}$/);
    expect(one.secret).toMatch(/^ccs_[\w-]{43}$/);
    expect(new Set([one.secret, two.secret, one.client.id, two.client.id]).size).toBe(4);
    const proof = await store.clients.byId(one.client.id);
    expect(proof).toMatchObject({ client: { ...WANTED, disabled: false } });
    expect(Buffer.from(proof?.secretHash ?? []).equals(sha256(one.secret))).toBe(true);
    expect(JSON.stringify([await store.clients.list(), proof])).not.toContain(one.secret);
  });

  it("has each scope and audience once", async () => {
    const { add } = await office();
    const { client } = await add({ scopes: ["a", "b", "a"], audiences: ["https://x.test", "https://x.test"] });
    expect(client).toMatchObject({ scopes: ["a", "b"], audiences: ["https://x.test"] });
  });

  it.each([
    ["/name", { name: "" }],
    ["/name", { name: "  " }],
    ["/name", { name: "x".repeat(201) }],
    ["/name", { name: "two\nlines" }],
    ["/scopes", { scopes: [""] }],
    ["/scopes", { scopes: ["two words"] }],
    ["/scopes", { scopes: ['quo"ted'] }],
    ["/scopes", { scopes: ["ümlaut"] }],
    ["/scopes", { scopes: ["x".repeat(1_000), "y".repeat(1_000)] }],
    ["/audiences", { audiences: [] }],
    ["/audiences", { audiences: Array.from({ length: 33 }, (_, at) => `https://${at}.test`) }],
    ["/audiences", { audiences: ["https://x.test/#fragment"] }],
    ["/audiences", { audiences: ["https://x.test", "with space"] }],
    ["/audiences", { audiences: ["https://x.test/" + "x".repeat(250)] }],
  ])("is refused for its %s: %j", async (pointer, wrong) => {
    const { store, add } = await office();
    const error = await add(wrong).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CoatcheckError);
    expect(error).toMatchObject({ code: "invalid_input", details: { fields: [{ pointer }] } });
    expect(await store.clients.list()).toEqual([]);
  });
});

describe("proving which client is calling", () => {
  it("takes the secret, to the letter, and gives the client with the head", async () => {
    const { store, clock, add, prove } = await office();
    const { client, secret } = await add();
    const head = await store.feed.append("invalidate-all", "", clock.now());
    expect(await prove(client.id, secret)).toMatchObject({ ok: true, proof: { client, head } });
    const other = await add();
    for (const wrong of ["", secret.slice(0, -1), `${secret}A`, secret.toLowerCase(), other.secret, ` ${secret}`])
      expect(await prove(client.id, wrong)).toEqual({ ok: false, reason: "wrong", clientId: client.id });
  });

  it("knows unknown and disabled clients, for the trail; each costs one read", async () => {
    const { store, clock, asked, add, prove } = await office();
    const { client, secret } = await add();
    for (const id of ["", "cli_unknown", "coatcheck", "__proto__", client.id.slice(0, -1), secret])
      expect(await prove(id, secret)).toEqual({ ok: false, reason: "unknown", clientId: null });
    await store.clients.setDisabled(client.id, true, clock.now());
    asked.length = 0;
    expect(await prove(client.id, secret)).toEqual({ ok: false, reason: "disabled", clientId: client.id });
    expect(await prove(client.id, "wrong")).toEqual({ ok: false, reason: "wrong", clientId: client.id });
    expect(await prove("cli_unknown", "wrong")).toEqual({ ok: false, reason: "unknown", clientId: null });
    expect(asked).toHaveLength(3);
    await store.clients.remove(client.id, clock.now());
    expect(await prove(client.id, secret)).toEqual({ ok: false, reason: "unknown", clientId: null });
  });

  it("refuses a network after 50 failures, for 15 minutes and no longer, and no other network", async () => {
    const { clock, add, prove } = await office();
    const { client, secret } = await add();
    for (let tries = 0; tries < 50; tries++)
      expect(await prove(tries % 2 === 0 ? client.id : "cli_unknown", "wrong")).toMatchObject({ ok: false });
    await expect(prove(client.id, "wrong")).rejects.toMatchObject({ code: "too_many_requests", details: { retryAfter: 900 } });
    expect(await prove(client.id, "wrong", "192.0.2.2")).toMatchObject({ ok: false });
    expect(await prove(client.id, secret), "the right secret is let in all the same").toMatchObject({ ok: true });
    await expect(prove("cli_unknown", "wrong")).rejects.toMatchObject({ code: "too_many_requests" });
    clock.advance(duration("15m"));
    expect(await prove(client.id, "wrong")).toMatchObject({ ok: false });
  });
});
