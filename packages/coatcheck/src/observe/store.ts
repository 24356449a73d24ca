import { isPromise } from "../core/maybe.ts";
import type { Store } from "../core/ports.ts";
import type { Metrics } from "./metrics.ts";
import type { Tracer } from "./tracer.ts";

type PortName = Exclude<keyof Store, "name" | "open" | "ping" | "close">;

/**
 * `glance`: what keeps a process up with the log, whether or not anybody asks it anything, and what is asked at each check and answered from the file's header.
 * Neither counted nor traced: what is counted tells what requests cost, and a check would cost more than what it counts.
 */
type Kind = "read" | "write" | "glance";

/** Every operation of every port. A new one has to say what it is. */
const OPERATIONS: { readonly [Port in PortName]: { readonly [Operation in keyof Store[Port]]: Kind } } = {
  sessions: {
    start: "write",
    find: "read",
    renew: "write",
    refresh: "write",
    touch: "write",
    list: "read",
    recent: "read",
    end: "write",
    endAll: "write",
    purge: "write",
  },
  feed: {
    since: "read",
    moved: "glance",
    listen: "glance",
    hurry: "glance",
    confirm: "glance",
    holders: "glance",
    pruneHolders: "write",
    append: "write",
    raiseAccessTtl: "write",
    raiseEpoch: "write",
    prune: "write",
  },
  users: {
    create: "write",
    byEmail: "read",
    byId: "read",
    list: "read",
    rehash: "write",
    changePassword: "write",
    setPassword: "write",
    setRoles: "write",
    setDisabled: "write",
  },
  clients: { add: "write", byId: "read", list: "read", setDisabled: "write", remove: "write" },
  keys: { list: "read", change: "write" },
  throttles: { blockedUntil: "read", count: "write", take: "write", forget: "write", prune: "write" },
  audit: { append: "write", purge: "write", list: "read" },
};

type Call = (...args: readonly unknown[]) => unknown;

/** The same store, every call of it counted, timed and, in a request that is traced, a span. Wrapped once, where the set-up is composed. */
export function observedStore(store: Store, metrics: Metrics, tracer: Tracer | null): Store {
  const ports = Object.entries(OPERATIONS).map(([port, operations]) => {
    const target = store[port as PortName] as unknown as Readonly<Record<string, Call | null>>;
    const calls = Object.entries(operations).map(([operation, kind]) => {
      if (target[operation] === null) return [operation, null];
      // Looked up at each call: a store may replace a method of its own.
      const call: Call = (...args) => (target[operation] as Call)(...args);
      return [operation, kind === "glance" ? call : observed(call, { port, operation, kind }, metrics, tracer)];
    });
    return [port, Object.fromEntries(calls)];
  });
  return { name: store.name, open: () => store.open(), ping: () => store.ping(), close: () => store.close(), ...Object.fromEntries(ports) };
}

interface Named {
  readonly port: string;
  readonly operation: string;
  readonly kind: "read" | "write";
}

function observed(call: Call, { port, operation, kind }: Named, metrics: Metrics, tracer: Tracer | null): Call {
  const { stopwatch } = metrics;
  const count = metrics.storeOperations.cell(port, operation, kind);
  const errors = metrics.storeErrors.cell(port, operation);
  const seconds = metrics.storeSeconds.series(kind);
  const attributes = { "coatcheck.store.port": port, "db.operation.name": operation };
  const name = `store ${port}.${operation}`;
  const traced: Call = tracer === null ? call : (...args) => tracer.within(name, attributes, () => call(...args));

  return (...args) => {
    count.value += 1;
    const began = stopwatch();
    const done = <T>(result: T): T => {
      seconds.observe((stopwatch() - began) / 1_000);
      return result;
    };
    const failed = (error: unknown): never => {
      errors.value += 1;
      throw error;
    };
    let result: unknown;
    try {
      result = traced(...args);
    } catch (error) {
      return failed(error);
    }
    return isPromise(result) ? result.then(done, failed) : done(result);
  };
}
