import type { ClientProof } from "../../core/clients.ts";
import { seq } from "../../core/ids.ts";
import type { ClientId } from "../../core/ids.ts";
import { instant } from "../../core/time.ts";
import { twin } from "./twin.ts";
import type { Twin } from "./twin.ts";

const ADDS = "Adds the client, and gives it back by its id, with the head";
const DISABLES = "Disabling a client appends a client cutoff, and enabling it again revives nothing";
const REMOVES = "Removing a client deletes it and appends a client cutoff";

export const clientTwins: readonly Twin[] = [
  twin("a client comes with no head", ADDS, ({ clients }) => ({
    clients: {
      byId: async (id) => {
        const proof = await clients.byId(id);
        return proof === null ? null : { ...proof, head: seq(0) };
      },
    },
  })),
  twin("one secret opens every client", ADDS, ({ clients }) => ({
    clients: { add: (client) => clients.add(client, new Uint8Array(32)) },
  })),
  twin("a disabled client is added enabled", "Every field of a client is kept as it is given", ({ clients }) => ({
    clients: { add: (client, hash) => clients.add({ ...client, disabled: false }, hash) },
  })),
  twin("a client that is there is replaced", "A client's id that is there already is the caller's mistake", ({ clients }) => ({
    clients: {
      add: async (client, hash) => {
        await clients.remove(client.id, client.createdAt);
        await clients.add(client, hash);
      },
    },
  })),
  twin("the youngest client comes first", "Lists every client, the oldest first", ({ clients }) => ({
    clients: { list: async () => (await clients.list()).toReversed() },
  })),
  twin("two clients of one name are listed as one", "Lists every client, the oldest first", ({ clients }) => ({
    clients: { list: async () => (await clients.list()).slice(0, 1) },
  })),
  twin("the client itself is handed out", "Clients are copied in and out", ({ clients }) => {
    const rows = new Map<ClientId, ClientProof | null>();
    return {
      clients: {
        byId: async (id) => {
          if (!rows.has(id)) rows.set(id, await clients.byId(id));
          return rows.get(id) ?? null;
        },
      },
    };
  }),
  twin("disabling a client ends nothing", DISABLES, ({ clients }) => ({
    clients: {
      setDisabled: async (id, disabled, now) => {
        const proof = await clients.byId(id);
        if (proof === null || !disabled) return await clients.setDisabled(id, disabled, now);
        return true;
      },
    },
  })),
  twin("enabling a client ends its sessions too", DISABLES, ({ clients, feed }) => ({
    clients: {
      setDisabled: async (id, disabled, now) => {
        if (!disabled) await feed.append("client", id, now);
        return await clients.setDisabled(id, disabled, now);
      },
    },
  })),
  twin("removing a client only disables it", REMOVES, ({ clients }) => ({
    clients: { remove: (id, now) => clients.setDisabled(id, true, now) },
  })),
  twin("removing a client ends nothing", REMOVES, ({ clients }) => {
    const gone = new Set<ClientId>();
    return {
      clients: {
        remove: async (id) => {
          const known = (await clients.byId(id)) !== null && !gone.has(id);
          if (known) gone.add(id);
          return known;
        },
        byId: (id) => (gone.has(id) ? null : clients.byId(id)),
        list: async () => (await clients.list()).filter(({ id }) => !gone.has(id)),
      },
    };
  }),
  twin("removing one client removes all", REMOVES, ({ clients }) => ({
    clients: {
      remove: async (id, now) => {
        const known = await clients.remove(id, now);
        for (const other of await clients.list()) await clients.remove(other.id, now);
        return known;
      },
    },
  })),
  twin("removing no client appends a cutoff", "Disabling and removing no client are false and append nothing", ({ clients, feed }) => ({
    clients: {
      remove: async (id, now) => {
        const known = await clients.remove(id, now);
        if (!known) await feed.append("client", id, now);
        return known;
      },
    },
  })),
  twin("disabling no client makes one", "Disabling and removing no client are false and append nothing", ({ clients }) => ({
    clients: {
      setDisabled: async (id, disabled, now) => {
        const known = await clients.setDisabled(id, disabled, now);
        const empty = { id, name: "", scopes: [], audiences: [], disabled, createdAt: instant(0) };
        if (!known) await clients.add(empty, new Uint8Array(32));
        return known;
      },
    },
  })),
];
