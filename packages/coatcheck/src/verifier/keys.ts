import { StoreUnavailable } from "../core/errors.ts";
import type { Clock } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import { importJwkSet } from "../crypto/jwk.ts";
import type { PublicKey } from "../crypto/jwk.ts";
import { unexpected } from "./issuer.ts";
import type { Issuer } from "./issuer.ts";

const JWKS_AT_MOST = 256 * 1_024;

/** After a kid that nobody knows the keys are read again, and then not before this has passed: who makes kids up costs the issuer next to nothing. */
const COOLDOWN = duration("30s");

/**
 * The issuer's public keys. The log says when they have changed, and they are read before that entry counts as heard: so whoever has a lease knows every key that
 * was published before it was given.
 */
export class RemoteKeys {
  readonly #issuer: Issuer;
  readonly #clock: Clock;
  #keys: ReadonlyMap<string, PublicKey> = new Map();
  #reading: Promise<void> | null = null;
  /** When an unknown kid last made it read, and whether that went well. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #known = false;

  constructor(issuer: Issuer, clock: Clock) {
    this.#issuer = issuer;
    this.#clock = clock;
  }

  find(kid: string): PublicKey | null {
    return this.#keys.get(kid) ?? null;
  }

  /** The keys as they are now. @throws {store_unavailable} */
  async read(): Promise<void> {
    // What is on its way may have been written before the change that is asked about.
    await this.#reading?.catch(() => {});
    await (this.#reading ??= this.#readOnce().finally(() => (this.#reading = null)));
  }

  /** For a kid that is not known: reads the keys again, once in a while and once for all who ask. @throws {store_unavailable} when they could not be read. */
  async lookAgain(): Promise<void> {
    if (this.#reading !== null) return this.#reading;
    if (this.#clock.now() - this.#lookedAt < COOLDOWN) {
      if (!this.#known) throw new StoreUnavailable(new Error("the issuer's keys could not be read a moment ago"));
      return;
    }
    this.#lookedAt = this.#clock.now();
    this.#known = false;
    await (this.#reading = this.#readOnce().finally(() => (this.#reading = null)));
  }

  async #readOnce(): Promise<void> {
    // Caches on the way may hold what was true before: they are asked to look again.
    const headers = { accept: "application/jwk-set+json", "cache-control": "no-cache" };
    const told = await this.#issuer.remote.ask(await this.#issuer.endpoint("jwks"), { headers, atMost: JWKS_AT_MOST });
    if (told.status !== 200) throw unexpected("the issuer's keys", told);
    const keys = told.json === null ? null : importJwkSet(told.json);
    if (keys === null) throw new StoreUnavailable(new Error("the issuer's keys are no JWK Set that may be trusted"));
    this.#keys = keys;
    this.#known = true;
  }
}
