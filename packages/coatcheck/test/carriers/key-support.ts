import { afterEach } from "vitest";
import type { KeyParts } from "../../src/carriers/token/key-changes.ts";
import { parseProof } from "../../src/carriers/token/credential.ts";
import type { Issued } from "../../src/carriers/carrier.ts";
import { instant } from "../../src/core/time.ts";
import type { Instant } from "../../src/core/time.ts";
import { deriveSecrets } from "../../src/crypto/secrets.ts";
import { systemRandom } from "../../src/server/random.ts";
import { sqlite } from "../../src/stores/sqlite/index.ts";
import type { FakeClock } from "../../src/testing/index.ts";
import { temporary } from "../stores/open.ts";
import { TEST_MASTER } from "../support/engine.ts";
import { FROM, closeWorlds, credential, device, refreshTokenOf, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A clock that jumps: what falls due on the way is left out, as by a machine that slept, and done when the test says so. */
export interface JumpingClock extends FakeClock {
  /** Does everything that is done from time to time, once, and waits until it is through. */
  tick(): Promise<void>;
}

export function jumpingClock(start: Instant = instant(1_800_000_000_123)): JumpingClock {
  let now: number = start;
  const ticks = new Set<() => void>();
  return {
    now: () => instant(now),
    every: (_, tick) => {
      ticks.add(tick);
      return () => void ticks.delete(tick);
    },
    advance: (ms) => void (now += ms),
    set: (by) => void (now += by),
    tick: async () => {
      for (const tick of ticks) tick();
      await new Promise((done) => void setImmediate(done));
    },
  };
}

/** Two processes' worth of set-ups on one file, each with connections and a memory of its own, and a third way into the file for what is done by hand. */
export interface Pair {
  readonly clock: JumpingClock;
  readonly both: readonly [World, World];
  readonly file: string;
  /** As the command line works: on connections of its own. */
  byHand<T>(work: (parts: KeyParts) => Promise<T>): Promise<T>;
}

const folders: { readonly remove: () => void }[] = [];
afterEach(async () => {
  await closeWorlds();
  for (const folder of folders.splice(0)) folder.remove();
});

export async function pair(given: Omit<Parameters<typeof world>[0] & object, "store" | "clock"> = {}): Promise<Pair> {
  const clock = jumpingClock();
  const folder = temporary();
  folders.push(folder);
  const file = folder.path("shared.db");
  const both = [await world({ ...given, store: sqlite(file), clock }), await world({ ...given, store: sqlite(file), clock })] as const;
  return { clock, both, file, byHand: (work) => onFile(file, clock, work) };
}

async function onFile<T>(file: string, clock: JumpingClock, work: (parts: KeyParts) => Promise<T>): Promise<T> {
  const store = sqlite(file);
  await store.open();
  try {
    const audit: KeyParts["audit"] = (event) => store.audit.append({ ...event, at: clock.now() });
    return await work({ keys: store.keys, secrets: deriveSecrets([TEST_MASTER]), random: systemRandom, clock, alg: "ES256", audit });
  } finally {
    await store.close();
  }
}

export function kidOf(issued: Issued): string {
  return parseProof(credential(issued))?.kid ?? "none";
}

/** The kids of the public keys that this process shows. */
export async function shownBy({ composed }: World): Promise<readonly string[]> {
  return (await composed.engine.keys.jwks()).keys.map((jwk) => jwk.kid);
}

/** The next pair of tokens. */
export async function refreshed({ composed }: World, issued: Issued): Promise<Issued> {
  const outcome = await composed.engine.tokens.refresh(refreshTokenOf(issued), null, { ip: FROM.ip, userAgent: device.userAgent });
  if (!outcome.ok) throw new Error(`logged out: ${outcome.reason}`);
  return outcome.issued;
}

export async function audited({ composed }: World, event: string): Promise<readonly unknown[]> {
  return (await composed.engine.store.audit.list({ event }, 99)).map(({ detail }) => detail);
}
