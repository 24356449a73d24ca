import type { Random, Store } from "../../core/ports.ts";
import { nodeRandom } from "../numbering.ts";
import { memoryAudit } from "./audit.ts";
import { memoryClients } from "./clients.ts";
import { memoryFeed } from "./feed.ts";
import { memoryKeys } from "./keys.ts";
import { memorySessions } from "./sessions.ts";
import { Memory } from "./tables.ts";
import { memoryThrottles } from "./throttles.ts";
import { memoryUsers } from "./users.ts";

export interface MemoryOptions {
  /** Names this life of the store. Default: the platform's own. */
  readonly random?: Random;
}

/** A store in this process alone, for trials and tests: it answers at once, and everything is gone when the process ends. */
export function memory({ random = nodeRandom }: MemoryOptions = {}): Store {
  const engine = new Memory(random);
  return {
    name: "memory:",
    open: () => engine.open(),
    ping: () => void engine.read(),
    close: () => engine.close(),
    sessions: memorySessions(engine),
    feed: memoryFeed(engine),
    users: memoryUsers(engine),
    clients: memoryClients(engine),
    keys: memoryKeys(engine),
    throttles: memoryThrottles(engine),
    audit: memoryAudit(engine),
  };
}
