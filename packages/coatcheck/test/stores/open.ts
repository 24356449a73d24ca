import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../src/core/ports.ts";
import { memory } from "../../src/stores/memory/index.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import type { OpenStore } from "../../src/testing/index.ts";

/** A folder of its own, and what deletes it. */
export function temporary(): { readonly path: (name: string) => string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "coatcheck-"));
  return { path: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true }) };
}

export const openMemory: OpenStore = async () => {
  const store = memory();
  await store.open();
  return { store, close: async () => await store.close() };
};

export const openSqlite: OpenStore = async () => {
  const folder = temporary();
  const store = sqlite(folder.path("store.db"));
  await store.open();
  const close = async (): Promise<void> => {
    await store.close();
    folder.remove();
  };
  return { store, close };
};

/** A store whose every call goes through a proxy and answers later, as one across a network does. */
export function remote(store: Store): Store {
  return overPorts(store, (port) => {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          await new Promise((arrived) => setImmediate(arrived));
          return await Reflect.apply(member, target, args);
        };
      },
    });
  });
}

/** One store made of two: each call goes to the other one than the call before. Only who has asked whether it moved is a matter of the one. */
export function alternating(one: Store, two: Store): Store {
  let calls = 0;
  const turn = (): Store => (calls++ % 2 === 0 ? one : two);
  const store = overPorts(one, (port, name) => {
    return new Proxy(port, {
      get: (_, method) =>
        method === "moved"
          ? one.feed.moved
          : (...args: unknown[]) => {
              const target: object = turn()[name];
              return Reflect.apply(Reflect.get(target, method), target, args);
            },
    });
  });
  return {
    ...store,
    close: async () => {
      await one.close();
      await two.close();
    },
  };
}

type PortName = "sessions" | "feed" | "users" | "clients" | "keys" | "throttles" | "audit";

function overPorts(store: Store, wrap: <T extends object>(port: T, name: PortName) => T): Store {
  return {
    ...store,
    sessions: wrap(store.sessions, "sessions"),
    feed: wrap(store.feed, "feed"),
    users: wrap(store.users, "users"),
    clients: wrap(store.clients, "clients"),
    keys: wrap(store.keys, "keys"),
    throttles: wrap(store.throttles, "throttles"),
    audit: wrap(store.audit, "audit"),
  };
}
