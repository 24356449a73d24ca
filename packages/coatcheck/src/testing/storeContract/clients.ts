import assert from "node:assert/strict";
import type { ClientRecord } from "../../core/clients.ts";
import { instant } from "../../core/time.ts";
import { bytes, refusesMistake, text } from "./bench.ts";
import type { Bench, Cases } from "./bench.ts";

function newClient(t: Bench, given: Partial<ClientRecord> = {}): ClientRecord {
  return {
    id: t.clientId(),
    name: "Nightly report, Zürich",
    scopes: ["report:read", "report:write"],
    audiences: ["https://reports.example.org/", "urn:example:archive"],
    disabled: false,
    createdAt: t.now,
    ...given,
  };
}

async function added(t: Bench, given: Partial<ClientRecord> = {}): Promise<ClientRecord> {
  const client = newClient(t, given);
  await t.store.clients.add(client, bytes(32));
  return client;
}

/** Somebody else's client and what {@link Bench.bystanders} are: none of them may be touched. */
async function bystanders(t: Bench): Promise<() => Promise<void>> {
  const untouched = await t.bystanders();
  const other = await added(t);
  const { client, secretHash } = (await t.store.clients.byId(other.id)) ?? {};
  const { sid } = await t.start({ clientId: other.id });
  return async () => {
    await untouched();
    const now = await t.store.clients.byId(other.id);
    assert.deepEqual([now?.client, now?.secretHash], [client, secretHash], "another client was touched");
    assert.equal(await t.lives(sid), true);
  };
}

export const clients: Cases = {
  "Adds the client, and gives it back by its id, with the head": async (t) => {
    const [client, secretHash] = [newClient(t), bytes(32)];
    const untouched = await bystanders(t);
    assert.deepEqual(await t.appended(async () => await t.store.clients.add(client, secretHash)), []);
    const head = await t.store.feed.append("invalidate-user", t.userId(), t.now);
    assert.deepEqual(await t.store.clients.byId(client.id), { client, secretHash, head });
    await untouched();
  },

  "Every field of a client is kept as it is given": async (t) => {
    for (const given of [
      { scopes: [], disabled: true },
      { name: "", createdAt: instant(t.now - 1) },
    ]) {
      const client = await added(t, given);
      assert.deepEqual((await t.store.clients.byId(client.id))?.client, client);
    }
  },

  "A client's id that is there already is the caller's mistake": async (t) => {
    const client = await added(t);
    const before = await t.store.clients.byId(client.id);
    await refusesMistake(() => t.store.clients.add(newClient(t, { id: client.id, scopes: ["everything"] }), bytes(32)));
    assert.deepEqual(await t.store.clients.byId(client.id), before);
  },

  "Lists every client, the oldest first": async (t) => {
    const before = (await t.store.clients.list()).length;
    const [young, old] = [await added(t), await added(t, { createdAt: instant(t.now - 1), name: "the same name" })];
    const all = await t.store.clients.list();
    assert.equal(all.length, before + 2);
    assert.deepEqual(
      all.filter(({ id }) => [young.id, old.id].includes(id)),
      [old, young],
    );
  },

  "Clients are copied in and out": async (t) => {
    const [client, hash] = [newClient(t), bytes(32)];
    const [given, givenHash] = [structuredClone(client), new Uint8Array(hash)];
    await t.store.clients.add(given, givenHash);
    (given.scopes as string[]).push("everything");
    givenHash.fill(0);
    const out = await t.store.clients.byId(client.id);
    const listed = (await t.store.clients.list()).find(({ id }) => id === client.id);
    assert.ok(out !== null && listed !== undefined);
    (out.client.audiences as string[]).push("https://elsewhere.example.org");
    out.secretHash.fill(0);
    (listed.scopes as string[]).push("everything");
    const proof = await t.store.clients.byId(client.id);
    assert.deepEqual([proof?.client, proof?.secretHash], [client, hash]);
  },

  "Disabling a client appends a client cutoff, and enabling it again revives nothing": async (t) => {
    const client = await added(t);
    const untouched = await bystanders(t);
    const { sid } = await t.start({ clientId: client.id });
    const underWay = await t.newSession({ clientId: client.id });
    const disabled = await t.appended(async () => assert.equal(await t.store.clients.setDisabled(client.id, true, t.now), true));
    assert.deepEqual(disabled, [`client ${client.id}`]);
    assert.deepEqual((await t.store.clients.byId(client.id))?.client, { ...client, disabled: true });
    await t.store.sessions.start(underWay, null, t.now);
    const enabled = await t.appended(async () => assert.equal(await t.store.clients.setDisabled(client.id, false, t.now), true));
    assert.deepEqual(enabled, []);
    assert.deepEqual((await t.store.clients.byId(client.id))?.client, client);
    for (const one of [sid, underWay.sid]) assert.equal(await t.lives(one), false);
    await untouched();
  },

  "Removing a client deletes it and appends a client cutoff": async (t) => {
    const client = await added(t);
    const untouched = await bystanders(t);
    const { sid } = await t.start({ clientId: client.id });
    const removed = await t.appended(async () => assert.equal(await t.store.clients.remove(client.id, t.now), true));
    assert.deepEqual(removed, [`client ${client.id}`]);
    assert.equal(await t.store.clients.byId(client.id), null);
    assert.equal(
      (await t.store.clients.list()).some(({ id }) => id === client.id),
      false,
    );
    assert.equal(await t.lives(sid), false);
    await untouched();
  },

  "Disabling and removing no client are false and append nothing": async (t) => {
    const nobody = `cli_${text(16)}` as ClientRecord["id"];
    const gone = await added(t);
    await t.store.clients.remove(gone.id, t.now);
    const appended = await t.appended(async () => {
      for (const id of [nobody, gone.id]) {
        assert.equal(await t.store.clients.setDisabled(id, true, t.now), false);
        assert.equal(await t.store.clients.remove(id, t.now), false);
      }
    });
    assert.deepEqual(appended, []);
    for (const id of [nobody, gone.id]) assert.equal(await t.store.clients.byId(id), null);
  },
};
