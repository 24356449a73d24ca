import type { Sid } from "../../core/ids.ts";
import type { Store } from "../../core/ports.ts";
import { isLive } from "../../core/session.ts";
import type { Found } from "../../core/session.ts";

type PortName = "sessions" | "feed" | "users" | "clients" | "keys" | "throttles" | "audit";

/** What a defect replaces: whole methods of the store or of its ports. */
export type Patch = Partial<Pick<Store, "open" | "ping" | "close">> & { readonly [P in PortName]?: Partial<Store[P]> };

/** A store with one defect, and the sentence of the contract that it breaks: the suite is worth something because it sees each of them. */
export interface Twin {
  readonly defect: string;
  readonly breaks: string;
  /** @param store a memory store: its ports are plain objects, so that a method can be replaced. */
  readonly of: (store: Store) => Store;
}

export function twin(defect: string, breaks: string, patch: (store: Store) => Patch): Twin {
  return { defect, breaks, of: (store) => patched(store, patch(store)) };
}

function patched(store: Store, patch: Patch): Store {
  return {
    ...store,
    ...patch,
    sessions: { ...store.sessions, ...patch.sessions },
    feed: { ...store.feed, ...patch.feed },
    users: { ...store.users, ...patch.users },
    clients: { ...store.clients, ...patch.clients },
    keys: { ...store.keys, ...patch.keys },
    throttles: { ...store.throttles, ...patch.throttles },
    audit: { ...store.audit, ...patch.audit },
  };
}

/** The moment between reading and writing in which somebody else may come. */
export function meanwhile(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

export async function liveNow(store: Store, sid: Sid): Promise<boolean> {
  const found = await store.sessions.find(sid);
  return found !== null && isLive(found);
}

/** A way to make a session look alive again, as a write of the whole row does: `revive` it, then `find` shows it. */
export function revival(store: Store): { revive(sid: Sid): void; readonly find: Store["sessions"]["find"] } {
  const revived = new Set<Sid>();
  return {
    revive: (sid) => void revived.add(sid),
    find: async (sid) => {
      const found = await store.sessions.find(sid);
      return found === null || !revived.has(sid) ? found : alive(found);
    },
  };
}

function alive(found: Found): Found {
  return { ...found, session: { ...found.session, endedSeq: null, rsq: found.cutoff } };
}
