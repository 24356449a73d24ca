import type { MaybePromise } from "../core/maybe.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Tracer } from "../observe/tracer.ts";
import type { Hasher, Slot } from "./hashing.ts";

/** The same hasher, its queue in the metrics and, in a request that is traced, each hash a span. */
export function observedHasher(hasher: Hasher, metrics: Metrics, tracer: Tracer | null): Hasher {
  const [running, waiting, refused] = [metrics.hashesRunning.cell(), metrics.hashesWaiting.cell(), metrics.hashesRefused.cell()];

  async function inSlot<T>(work: (slot: Slot) => Promise<T>): Promise<T> {
    let begun = false;
    waiting.value += 1;
    try {
      return await hasher.inSlot(async (slot) => {
        begun = true;
        waiting.value -= 1;
        running.value += 1;
        return work(tracer === null ? slot : tracedSlot(slot, tracer)).finally(() => (running.value -= 1));
      });
    } catch (error) {
      // It never got a slot: the queue was full.
      if (!begun) {
        waiting.value -= 1;
        refused.value += 1;
      }
      throw error;
    }
  }

  return {
    inSlot,
    hash: (password) => inSlot((slot) => slot.hash(password)),
    verify: (phc, password) => inSlot((slot) => slot.verify(phc, password)),
    queued: () => hasher.queued(),
  };
}

function tracedSlot(slot: Slot, tracer: Tracer): Slot {
  const within = async <T>(name: string, work: () => MaybePromise<T>): Promise<T> =>
    tracer.within(name, { "coatcheck.hash.algorithm": "argon2id" }, work);
  return {
    hash: (password) => within("password hash", () => slot.hash(password)),
    verify: (phc, password) => within("password verify", () => slot.verify(phc, password)),
  };
}
