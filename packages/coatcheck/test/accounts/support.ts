import { createAccounts } from "../../src/accounts/accounts.ts";
import type { AccountParts, Accounts, From } from "../../src/accounts/accounts.ts";
import type { Hasher, Slot } from "../../src/accounts/hashing.ts";
import { CoatcheckError } from "../../src/core/errors.ts";
import type { Clock, Log, Random, Store, UserProof } from "../../src/core/ports.ts";
import { duration, instant } from "../../src/core/time.ts";
import type { Duration } from "../../src/core/time.ts";
import { systemRandom } from "../../src/server/random.ts";
import { memory } from "../../src/stores/memory/index.ts";

export const random: Random = systemRandom;

export const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Time stands still until it is told to pass. */
export function stoppedClock(): Clock & { pass(time: Duration): void } {
  let now = Date.UTC(2026, 10, 24, 8);
  return { now: () => instant(now), every: () => () => undefined, pass: (time) => void (now += duration(time)) };
}

const HASH = "$argon2id$v=19$m=19456,t=2,p=1$";

/**
 * Hashes that cost nothing, for tests of everything around them: a slot for each, `slots` at once, each taking one turn of the event loop. It
 * writes down what it was asked for.
 */
export function quickHasher(slots = 2): Hasher & { readonly asked: string[]; readonly most: () => number } {
  const asked: string[] = [];
  const turns: (() => void)[] = [];
  let taken = 0;
  let most = 0;
  const slot: Slot = {
    hash: async (password) => {
      asked.push("hash");
      await new Promise(setImmediate);
      return `${HASH}${Buffer.from(password).toString("base64url")}`;
    },
    verify: async (phc, password) => {
      asked.push(`verify ${phc.slice(0, HASH.length)}`);
      await new Promise(setImmediate);
      return phc.slice(phc.lastIndexOf("$") + 1) === Buffer.from(password).toString("base64url");
    },
  };
  async function inSlot<T>(work: (slot: Slot) => Promise<T>): Promise<T> {
    if (taken >= slots) await new Promise<void>((turn) => turns.push(turn));
    else taken += 1;
    most = Math.max(most, taken);
    try {
      return await work(slot);
    } finally {
      const next = turns.shift();
      if (next === undefined) taken -= 1;
      else next();
    }
  }
  return {
    asked,
    most: () => most,
    inSlot,
    hash: (password) => inSlot((held) => held.hash(password)),
    verify: (phc, password) => inSlot((held) => held.verify(phc, password)),
    queued: () => turns.length,
  };
}

/** Writes down every call of a port: its name, and with what. */
export function recorded<T extends object>(port: T, calls: { readonly name: string; readonly args: readonly unknown[] }[]): T {
  return new Proxy(port, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        calls.push({ name: String(name), args });
        return method.apply(target, args);
      };
    },
  });
}

export const throttleOn = { enabled: true, key: () => new Uint8Array(32).fill(7), privateNetworks: true };

export interface Hotel extends Readonly<Omit<AccountParts, "hasher">> {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly hasher: ReturnType<typeof quickHasher>;
  readonly clock: ReturnType<typeof stoppedClock>;
}

/** Accounts on the memory store with a clock that stands still and hashes that cost nothing. */
export function open(parts: Partial<AccountParts> = {}): Hotel {
  const store = memory();
  void store.open();
  const clock = stoppedClock();
  const hasher = quickHasher();
  const all = {
    ...{ users: store.users, throttles: store.throttles, issuerHost: "auth.example.org", throttle: throttleOn, log: silent },
    ...{ clock, random, hasher },
    ...parts,
  };
  return { ...all, store, clock, hasher, accounts: createAccounts(all) };
}

export const PASSWORD = "plum veranda 42";
export const ALICE = { email: "alice@example.com", password: PASSWORD, name: "Alice" };
export const HOME: From = { ip: "203.0.113.5" };

/** Another address for each number. */
export const elsewhere = (n: number): From => ({ ip: `198.51.${100 + Math.floor(n / 200)}.${n % 200}` });

export interface Inhabited extends Hotel {
  readonly alice: UserProof;
  /** Tries to sign in, as Alice unless told otherwise. @returns `ok`, or the code of the refusal. */
  readonly attempt: (password: string, from: From, email?: string) => Promise<string>;
}

/** Alice has signed up at home. */
export async function withAlice(parts: Partial<AccountParts> = {}): Promise<Inhabited> {
  const hotel = open(parts);
  return {
    ...hotel,
    alice: await hotel.accounts.signUp(ALICE, HOME),
    attempt: (password, from, email = ALICE.email) => outcome(hotel.accounts.prove({ email, password }, from)),
  };
}

/** `ok`, or the code of the refusal. */
export function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "ok",
    (error: { readonly code: string }) => error.code,
  );
}

/** How often each answer came. */
export function tally(codes: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries([...new Set(codes)].map((code) => [code, codes.filter((it) => it === code).length]));
}

export async function oneByOne(count: number, attempt: (n: number) => Promise<string>): Promise<Readonly<Record<string, number>>> {
  const codes: string[] = [];
  for (let n = 0; n < count; n++) codes.push(await attempt(n));
  return tally(codes);
}

/** What a promise was refused with. Fails if it was not. */
export async function refusal(promise: Promise<unknown>): Promise<CoatcheckError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CoatcheckError) return error;
    throw error;
  }
  throw new Error("this should have been refused");
}

export async function refusedWith(promise: Promise<unknown>): Promise<string> {
  return (await refusal(promise)).code;
}
