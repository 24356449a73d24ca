import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { CoatcheckError } from "../core/errors.ts";
import type { Random } from "../core/ports.ts";

/** Argon2id as OWASP's password storage sheet has it: 19 MiB, two passes, one lane. Memory in KiB. */
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

const PREFIX = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$`;

const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

/** libuv has four threads unless the process was started with more; at least one of them stays free for everything that is not a hash. */
const MOST_RUNNING = 3;
const LEAST_RUNNING = 2;
const MOST_WAITING = 64;

/** The right to hash now. Passwords are taken as their UTF-8 bytes, NUL included. */
export interface Slot {
  /** @returns a PHC string with a salt of its own. */
  hash(password: string): Promise<string>;
  /** False for a malformed PHC string, too. */
  verify(phc: string, password: string): Promise<boolean>;
}

/**
 * The one way to Argon2, which is slow by design and runs on the thread pool that all other work of the process shares: so many run at once, so
 * many wait in order, and the next is told to come back. Each call throws {overloaded} when the queue is full.
 */
export interface Hasher extends Slot {
  /** Runs `work` when its turn has come, and holds the slot until it settles: what must be known just before a hash is asked in here. */
  inSlot<T>(work: (slot: Slot) => Promise<T>): Promise<T>;
  /** How many wait for a slot now. */
  queued(): number;
}

export interface HasherOptions {
  readonly random: Random;
  /** How many hashes run at once. Default: one for each core, at least 2, at most 3; with a larger UV_THREADPOOL_SIZE more make sense. */
  readonly running?: number;
  /** How many may wait. Default: 64. */
  readonly waiting?: number;
}

export function createHasher({ random, running = runningByDefault(), waiting = MOST_WAITING }: HasherOptions): Hasher {
  const turns: (() => void)[] = [];
  let taken = 0;

  function enter(): Promise<void> | undefined {
    if (taken < running) {
      taken += 1;
      return undefined;
    }
    if (turns.length >= waiting) throw new CoatcheckError("overloaded", { retryAfter: 1 });
    return new Promise((turn) => turns.push(turn));
  }

  /** Hands the slot to whoever waits longest: nobody who comes now can slip in between. */
  function leave(): void {
    const next = turns.shift();
    if (next === undefined) taken -= 1;
    else next();
  }

  async function inSlot<T>(work: (slot: Slot) => Promise<T>): Promise<T> {
    await enter();
    try {
      return await work(slot);
    } finally {
      leave();
    }
  }

  const slot: Slot = {
    hash: (password) => hash(bytes(password), { ...PARAMETERS, outputLen: DIGEST_BYTES, salt: random.bytes(SALT_BYTES) }),
    verify: (phc, password) => verify(phc, bytes(password)).catch(unreadableHash),
  };

  return {
    inSlot,
    hash: (password) => inSlot((held) => held.hash(password)),
    verify: (phc, password) => inSlot((held) => held.verify(phc, password)),
    queued: () => turns.length,
  };
}

/** Whether a hash was made with other parameters than today's. */
export function needsRehash(phc: string): boolean {
  return !phc.startsWith(PREFIX);
}

/** A PHC string that costs as much as any other to check and that no password fits: its digest is random, not computed. */
export function decoyHash(random: Random): string {
  return `${PREFIX}${phcBase64(random.bytes(SALT_BYTES))}$${phcBase64(random.bytes(DIGEST_BYTES))}`;
}

function runningByDefault(): number {
  return Math.min(MOST_RUNNING, Math.max(LEAST_RUNNING, availableParallelism()));
}

function bytes(password: string): Uint8Array {
  return Buffer.from(password, "utf8");
}

/** Argon2 itself can't fail on a hash that can be read: what it throws means that there is nothing to compare with. */
function unreadableHash(): boolean {
  return false;
}

/** The PHC format writes base64 without padding. */
function phcBase64(of: Uint8Array): string {
  return Buffer.from(of).toString("base64").replace(/=+$/, "");
}
