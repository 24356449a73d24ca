import { StoreUnavailable } from "../core/errors.ts";
import type { Clock, Log } from "../core/ports.ts";
import { duration } from "../core/time.ts";
import { readJwkSet } from "../crypto/public-jwk.ts";
import type { ReadJwk } from "../crypto/public-jwk.ts";
import { importWebKey } from "../crypto/web.ts";
import type { WebKey } from "../crypto/web.ts";
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
  readonly #log: Log;
  #keys: ReadonlyMap<string, WebKey> = new Map();
  #reading: Promise<void> | null = null;
  /** When an unknown kid last made it read, and whether that went well. */
  #lookedAt = Number.NEGATIVE_INFINITY;
  #known = false;

  constructor(issuer: Issuer, clock: Clock, log: Log) {
    this.#issuer = issuer;
    this.#clock = clock;
    this.#log = log;
  }

  find(kid: string): WebKey | null {
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
    const read = told.json === null ? null : readJwkSet(told.json);
    if (read === null) throw new StoreUnavailable(new Error("the issuer's keys are no JWK Set that may be trusted"));
    const keys = await Promise.all(read.map((jwk) => this.#imported(jwk)));
    this.#keys = new Map(keys.filter((key) => key !== null).map((key) => [key.kid, key]));
    this.#known = true;
  }

  /** Each key once, however often it is read. */
  async #imported(read: ReadJwk): Promise<WebKey | null> {
    const known = this.#keys.get(read.kid);
    if (known !== undefined && known.alg === read.alg && JSON.stringify(known.members) === JSON.stringify(read.members)) return known;
    const key = await importWebKey(read);
    if (key?.key === null) {
      const mend = "let this service run where WebCrypto has the algorithm, or let the issuer sign with another (--alg)";
      this.#log.error("algorithm_missing", { kid: read.kid, alg: read.alg.name, mend });
    }
    return key;
  }
}
