import { StoreUnavailable } from "../core/errors.ts";
import { refuse } from "../core/verdict.ts";
import type { Verdict } from "../core/verdict.ts";
import { duration } from "../core/time.ts";
import type { Milliseconds } from "../core/time.ts";
import type { Clock } from "../core/ports.ts";
import { Elapsed } from "../revocation/elapsed.ts";
import type { MachineClocks } from "../revocation/elapsed.ts";
import { Lease } from "../revocation/lease.ts";
import { judgeClaims, readClaims } from "../carriers/token/claims.ts";
import { principalOfClaims } from "../carriers/token/principal.ts";
import type { JsonObject } from "../crypto/json.ts";
import type { RemoteLog } from "./log.ts";
import { unexpected } from "./issuer.ts";
import type { Issuer } from "./issuer.ts";

const ANSWER_AT_MOST = 64 * 1_024;

/** No issuer of ours gives access tokens a longer life. */
export const LONGEST_TTL: Milliseconds = duration("1h");

export interface IntrospectionParts {
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly clocks: MachineClocks;
  readonly log: Pick<RemoteLog, "lease" | "isApart">;
}

export interface Introspected {
  readonly verdict: Verdict;
  /** Milliseconds since the question was sent. */
  readonly age: number;
}

/** Asks the issuer about one token (RFC 7662): where memory may not decide. Many who ask at once about one token are one question; nothing is kept. */
export class Introspection {
  readonly #parts: IntrospectionParts;
  readonly #elapsed: Elapsed;
  readonly #asking = new Map<string, Promise<Told>>();

  constructor(parts: IntrospectionParts) {
    this.#parts = parts;
    this.#elapsed = new Elapsed(parts.clocks);
  }

  /**
   * @param audience who it is that was shown this token.
   * @param anew asks a question of its own: one that is on its way already may have been answered before now.
   * @throws {store_unavailable} also when the answer took so long that it is older than memory may be.
   */
  async judge(token: string, audience: string, anew: boolean): Promise<Introspected> {
    const { said, fresh } = await (anew ? this.#ask(token) : this.#askOnce(token));
    const verdict = this.#judge(said, audience);
    const left = fresh.left();
    const { lease } = this.#parts.log;
    if (left <= 0) throw new StoreUnavailable(new Error("introspection was answered too late to be true now"));
    return { verdict, age: lease - left };
  }

  #askOnce(token: string): Promise<Told> {
    let asking = this.#asking.get(token);
    if (asking === undefined) {
      asking = this.#ask(token).finally(() => this.#asking.delete(token));
      this.#asking.set(token, asking);
    }
    return asking;
  }

  #judge({ active, token_type: type, ...said }: JsonObject, audience: string): Verdict {
    if (active !== true) return refuse("ended");
    // A refresh token that is active has no type: it is none that anybody may show here.
    return type === "Bearer" ? this.#read(said, audience) : refuse("malformed");
  }

  /** What the issuer says is read and judged as strictly as a token. The log's position it keeps to itself: the store has just been asked. */
  #read(said: JsonObject, audience: string): Verdict {
    const { issuer, clock, log } = this.#parts;
    const claims = readClaims(new TextEncoder().encode(JSON.stringify({ ...said, rsq: 0 })));
    if (claims === null) throw new StoreUnavailable(new Error("introspection answered what is nobody's token"));
    // Active means: by the issuer's clock it is in its time. Where ours is minutes off, that has to do.
    const now = log.isApart ? claims.iat : clock.now();
    const wrong = judgeClaims(claims, { issuer: issuer.url, audience, maxTtl: LONGEST_TTL }, now);
    return wrong === null ? { ok: true, principal: principalOfClaims(claims), until: claims.exp } : refuse(wrong);
  }

  async #ask(token: string): Promise<Told> {
    const { issuer, log } = this.#parts;
    const address = await issuer.endpoint("introspection");
    this.#elapsed.beat();
    const fresh = new Lease(this.#elapsed);
    const attempt = fresh.begin();
    const told = await issuer.remote.ask(address, {
      method: "POST",
      headers: { ...issuer.credentials, "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new URLSearchParams({ token }).toString(),
      atMost: ANSWER_AT_MOST,
    });
    if (told.status !== 200 || told.json === null || typeof told.json["active"] !== "boolean") throw unexpected("introspection", told);
    this.#elapsed.beat();
    fresh.renew(attempt, log.lease, 0);
    return { said: told.json, fresh };
  }
}

interface Told {
  readonly said: JsonObject;
  /** How long that may be believed: no longer than memory is, from when the question was sent. */
  readonly fresh: Lease;
}
